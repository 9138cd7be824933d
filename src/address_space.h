/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory that a guard stands in: this process's own, or that of a process under supervision. */
#ifndef IOVASHIM_ADDRESS_SPACE_H
#define IOVASHIM_ADDRESS_SPACE_H

#include "range.h"

#include <stdbool.h>
#include <sys/stat.h>

struct address_space {
	const char *proc; /* "/proc/self" or "/proc/PID" */
	/* Its maps may be asked by ioctl. Not by the VMM itself, whose own seccomp filter can take
	 * such a request for its death; to find out whether it has one takes as long as to read. */
	bool asks;
	/* mprotect() and madvise() over @addresses, whole pages; 0 or -errno. */
	int (*protect)(void *context, struct range addresses, int prot);
	int (*advise)(void *context, struct range addresses, int advice);
	/* fstat() of the process's descriptor @fd; 0 or -1. */
	int (*stat)(void *context, int fd, struct stat *st);
	void *context;
};

extern const struct address_space address_space_self;

#endif
