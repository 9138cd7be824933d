/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A memory map and holes: what is left of an entry, and what a map says of a range. Pure. */
#ifndef IOVASHIM_ROM_CUT_H
#define IOVASHIM_ROM_CUT_H

#include "range.h"

/* Where the holes lie for the code that cuts. The BIOS half runs on its caller's stack, so that DS
 * is the stack's segment and the ROM's own data are reached through FS. */
#ifdef ROM_BIOS
#define ROM_DATA __seg_fs
#else
#define ROM_DATA
#endif

/* A part of an entry that was cut at holes. */
struct piece {
	struct range range;
	bool reserved; /* a hole's part; else as the entry was */
	bool last;     /* nothing of the entry comes after it */
};

/* The @n-th part, from 0, of @entry cut at @holes, which are ascending and disjoint. False if there
 * are not that many. */
bool cut_piece(struct range entry, const struct range ROM_DATA *holes, unsigned int count,
	unsigned int n, struct piece *piece);

/* What a memory map calls a range. */
enum memory_kind {
	MEMORY_FREE,	 /* the operating system's to use */
	MEMORY_RESERVED, /* kept from it for ever */
	MEMORY_OTHER,	 /* the firmware's own, ACPI tables, … */
};

struct memory {
	struct range range;
	enum memory_kind kind;
};

/* True if entries of @kind hold all of @part, in whatever order they come. If not, *@missing is the
 * lowest address that they do not hold. */
bool map_covers(const struct memory *map, unsigned int count, enum memory_kind kind,
	struct range part, uint64_t *missing);

#endif
