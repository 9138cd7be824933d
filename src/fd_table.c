/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor numbers to what is known of them. */
#include "fd_table.h"
#include "mem.h"

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

void *fd_table_new(struct fd_table *table, int fd, size_t bytes)
{
	struct lock_hold hold;
	void *_Atomic *slot;
	void *entry = NULL;

	if (fd < 0 || fd >> (2 * FD_TABLE_BITS))
		return NULL;
	lock_take(&table->lock, &hold);
	if (!table->pages[fd >> FD_TABLE_BITS])
		table->pages[fd >> FD_TABLE_BITS] = mem_alloc(FD_TABLE_PAGE * sizeof(*slot));
	slot = slot_of(table, fd);
	if (slot && !*slot)
		*slot = mem_alloc(bytes);
	if (slot)
		entry = *slot;
	lock_drop(&table->lock, &hold);
	return entry;
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
