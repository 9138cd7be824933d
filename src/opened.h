/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VFIO devices that this process has opened: whose memory a mapping of one is. */
#ifndef IOVASHIM_OPENED_H
#define IOVASHIM_OPENED_H

#include "host_facts.h"
#include "lock.h"
#include "vma.h"

#include <sys/stat.h>

enum { OPENED_DEVICES = 64 };

struct opened_device {
	uint64_t device, inode; /* of its descriptor */
	char name[20];		/* 0000:00:05.0 */
};

struct opened {
	struct lock lock;
	size_t n; /* opened in all; the last OPENED_DEVICES of them are kept */
	struct opened_device devices[OPENED_DEVICES];
};

/* After VFIO_GROUP_GET_DEVICE_FD on @name ("0000:00:05.0", other words may follow) gave a
 * descriptor with @st; what cannot be kept is not. */
void opened_add(struct opened *opened, const struct stat *st, const char *name);

/* Which device's memory @vma is, and which region of it: @name of 20 bytes, "" if it cannot be
 * told; *@region -1 if it cannot. From Linux 6.10 on each device has an inode of its own and its
 * offsets are those of the descriptor; older kernels show the region's physical address, which the
 * device's `resource` in sysfs has (vfio_pci_core_mmap()). Opens files. */
void opened_find(struct opened *opened, const struct policy_host *kernel, const struct vma *vma,
	char *name, int *region);

#endif
