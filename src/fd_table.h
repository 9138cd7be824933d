/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor numbers to what they stand for. Reading takes no lock; what entries point to must not
 * be unmapped, since a reader may be at it. */
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

/* Makes @entry that of @fd; NULL: it has none. Returns 0, -EBADF for a number that no descriptor
 * can have, or -ENOMEM. */
int fd_table_set(struct fd_table *table, int fd, void *entry);

/* Not locked: entries that come or go meanwhile may be left out. */
void fd_table_each(
	struct fd_table *table, void (*each)(void *context, int fd, void *entry), void *context);

#endif
