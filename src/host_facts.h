/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host says of itself: IOMMU groups, their reserved regions, CPU vendor, kernel. */
#ifndef IOVASHIM_HOST_FACTS_H
#define IOVASHIM_HOST_FACTS_H

#include "policy.h"

enum { HOST_GROUP_REGIONS = 64, HOST_GROUP_DEVICES = 128 };

/* One IOMMU group, as sysfs describes it. */
struct host_group {
	int number;
	char devices[HOST_GROUP_DEVICES]; /* PCI addresses, separated by spaces; "" if not known */
	size_t n_regions;
	struct hole regions[HOST_GROUP_REGIONS]; /* direct-relaxable left out */
	bool truncated;				 /* more regions than there is room for */
};

struct host_kernel {
	char release[65];
	char vendor[13];
	struct policy_host policy; /* points to vendor */
};

void host_kernel_read(struct host_kernel *host);

/* Parses one line of reserved_regions, "0x%016llx 0x%016llx %s" (end inclusive, Linux 4.11 on).
 * True if it is a region that mappings have to avoid. Pure. */
bool host_region_parse(const char *line, size_t length, struct hole *region);

/* The number of the IOMMU group that the open /dev/vfio/N @fd is, or -1. Calls fstat and readlink
 * only. */
int host_group_number(int fd);

/* Reads group->number's regions and, if @list_devices, its devices. Without that only open, read
 * and close are called, which any VMM that just opened the group may do. Returns 0 or -errno. */
int host_group_read(struct host_group *group, bool list_devices);

/* True if a seccomp filter watches this thread, or if that cannot be told: then nothing may be
 * called that the VMM itself would not. */
bool host_sandboxed(void);

/* The device number of @fd (st_rdev) if it is a character device, else 0. errno is fstat()'s: every
 * VFIO request of a VMM comes by here, and what serves it gives errno back. */
uint64_t host_device_number(int fd);

#endif
