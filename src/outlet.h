/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A descriptor that the shim writes to, and knows again: a VMM may close it and open another file
 * under its number, where no text of ours may land. */
#ifndef IOVASHIM_OUTLET_H
#define IOVASHIM_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outlet {
	int fd; /* -1: closed */
	uint64_t device, inode;
};

/* Nothing is written to it. */
static inline struct outlet outlet_closed(void)
{
	return (struct outlet){.fd = -1};
}

/* Takes note of what @fd is now; it stays the VMM's. Closed if @fd is. */
struct outlet outlet_borrow(int fd);

/* Opens @path for appending, created if missing, close-on-exec, at a number that is out of the
 * VMM's way. Never waits: -ENXIO for a FIFO without a reader. Returns 0 or -errno. */
int outlet_open(struct outlet *outlet, const char *path);

/* Writes all @length bytes in one write(2), so that lines of several processes stay whole. False if
 * not all of it was written; nothing was if the descriptor is closed or no longer the one that it
 * was. errno is left alone, and no SIGPIPE or SIGXFSZ is raised. */
bool outlet_write(const struct outlet *outlet, const char *bytes, size_t length);

#endif
