/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This process's own memory. */
#include "address_space.h"
#include "fd_io.h"

#include <errno.h>
#include <sys/mman.h>

static int protect(void *context, struct range addresses, int prot)
{
	(void)context;
	return mprotect((void *)(uintptr_t)addresses.first, range_size(addresses), prot) ? -errno
											 : 0;
}

static int advise(void *context, struct range addresses, int advice)
{
	(void)context;
	return madvise((void *)(uintptr_t)addresses.first, range_size(addresses), advice) ? -errno
											  : 0;
}

static int stat_own(void *context, int fd, struct stat *st)
{
	(void)context;
	return fd_stat(fd, st);
}

const struct address_space address_space_self = {
	.proc = "/proc/self", .protect = protect, .advise = advise, .stat = stat_own};
