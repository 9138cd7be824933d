/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor numbers to what is known of them. Reading takes no lock; entries are never freed,
 * since a reader may be at one. */
#ifndef IOVASHIM_FD_TABLE_H
#define IOVASHIM_FD_TABLE_H

#include "lock.h"

#include <stdatomic.h>
#include <stddef.h>

/* Two levels: 2^20 descriptors, the kernel's fs.nr_open. */
enum { FD_TABLE_BITS = 10, FD_TABLE_PAGE = 1 << FD_TABLE_BITS };

struct fd_table {
	struct lock lock; /* of those who add */
	void *_Atomic *_Atomic pages[FD_TABLE_PAGE];
};

/* The entry of @fd, or NULL. */
void *fd_table_get(struct fd_table *table, int fd);

/* The entry of @fd, made of @bytes zeroes if there was none; NULL without memory. */
void *fd_table_new(struct fd_table *table, int fd, size_t bytes);

void fd_table_each(
	struct fd_table *table, void (*each)(void *context, int fd, void *entry), void *context);

#endif
