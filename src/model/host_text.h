/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a host's description: a text in the spirit of sysfs, or a sysfs tree. */
/*
 * One statement a line; "#" starts a comment; indentation is for the eye. Addresses are first
 * and last, inclusive. Sizes take K, M, G, T.
 *
 *   kernel 6.12                  whose behaviour is modelled, and what uname() says
 *   cpu AuthenticAMD
 *   physbits 48                  of the CPUs' physical addresses; nothing here depends on it
 *   entries 65535                type1's dma_entry_limit
 *   memlock unlimited | SIZE     RLIMIT_MEMLOCK of a process without CAP_IPC_LOCK
 *   aperture 0x0-0x7fffffffff    IOVAs the IOMMU can translate
 *   pagesizes 4K,2M,1G           or the kernel's bitmap, 0x...
 *   coherent yes | no            VFIO_DMA_CC_IOMMU
 *   intremap yes | no            without, attaching is EPERM
 *   group N [emulated] [noiommu] [precise]
 *     reserved FIRST-LAST direct | direct-relaxable | reserved | msi
 *     device 0000:00:05.0 VVVV:DDDD [class=CCCCCC] [rev=RR] [subsys=VVVV:DDDD] [pin=none|A..D]
 *            [msi=N] [msix=N[@BAR]] [express=yes|no] [barN=SIZE[:64][:prefetch] | barN=SIZE:io]
 *   fail CALL N|all ERRNO        the Nth call fails; CALL is one of model_call_names
 *
 * aperture, pagesizes, coherent and intremap hold for all groups after them if they stand
 * before the first group, else for the last group alone.
 */
#ifndef IOVAMODEL_HOST_TEXT_H
#define IOVAMODEL_HOST_TEXT_H

#include <stddef.h>

#include "host.h"

struct model_error {
	char text[256]; /* "FILE:LINE:COLUMN: what is wrong and what would be right", no newline */
};

/*
 * Each reader fills @host, which the caller releases, and returns 0; or -EINVAL, -ENOMEM or
 * the -errno of reading, with @error set and nothing for the caller to release.
 */
int model_host_parse(struct model_host *host, const char *file, const char *text, size_t size,
	struct model_error *error);
int model_host_load(struct model_host *host, const char *path, struct model_error *error);

/*
 * @root holds what /sys holds: kernel/iommu_groups/, class/iommu/. The running kernel's version
 * is assumed unless @root has the file osrelease (a copy of /proc/sys/kernel/osrelease).
 */
int model_host_from_sysfs(struct model_host *host, const char *root, struct model_error *error);

#endif
