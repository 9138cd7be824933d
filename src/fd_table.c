/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor numbers to what is known of them. */
#include "fd_table.h"
#include "mem.h"

#include <errno.h>

static void *_Atomic *slot_of(struct fd_table *table, int fd)
{
	void *_Atomic *page;

	if (fd < 0 || fd >> (2 * FD_TABLE_BITS))
		return NULL;
	page = table->pages[fd >> FD_TABLE_BITS];
	return page ? &page[fd & (FD_TABLE_PAGE - 1)] : NULL;
}

void *fd_table_get(struct fd_table *table, int fd)
{
	void *_Atomic *slot = slot_of(table, fd);

	return slot ? *slot : NULL;
}

int fd_table_set(struct fd_table *table, int fd, void *entry)
{
	struct lock_hold hold;
	void *_Atomic *slot;

	if (fd < 0 || fd >> (2 * FD_TABLE_BITS))
		return -EBADF;
	lock_take(&table->lock, &hold);
	if (entry && !table->pages[fd >> FD_TABLE_BITS])
		table->pages[fd >> FD_TABLE_BITS] = mem_alloc(FD_TABLE_PAGE * sizeof(*slot));
	slot = slot_of(table, fd);
	if (slot)
		*slot = entry;
	lock_drop(&table->lock, &hold);
	return slot || !entry ? 0 : -ENOMEM;
}

void fd_table_each(
	struct fd_table *table, void (*each)(void *context, int fd, void *entry), void *context)
{
	for (int page = 0; page < FD_TABLE_PAGE; page++) {
		void *_Atomic *slots = table->pages[page];

		for (int i = 0; slots && i < FD_TABLE_PAGE; i++)
			if (slots[i])
				each(context, page << FD_TABLE_BITS | i, slots[i]);
	}
}
