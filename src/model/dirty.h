/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dirty bitmaps, word by word as the kernel keeps them: its stray bits included. */
#ifndef IOVAMODEL_DIRTY_H
#define IOVAMODEL_DIRTY_H

#include <stddef.h>
#include <stdint.h>

/* DIRTY_BITMAP_PAGES_MAX and DIRTY_BITMAP_SIZE_MAX: 2^31 - 1 pages, 256 MiB. */
#define DIRTY_PAGES_MAX ((uint64_t)INT32_MAX)
#define DIRTY_BYTES_MAX dirty_bytes(DIRTY_PAGES_MAX)

/* DIRTY_BITMAP_BYTES(): whole 64-bit words. Wraps as the kernel's ALIGN() does. */
static inline uint64_t dirty_bytes(uint64_t bits)
{
	return ((bits + 63) & ~(uint64_t)63) / 8;
}

/* Sets or clears @count bits from @first; never reads past the last word they are in. */
void dirty_set(uint64_t *map, uint64_t first, uint64_t count);
void dirty_clear(uint64_t *map, uint64_t count);

/*
 * Shifts the words that hold @bits bits up by @shift (below 64). Bits above @bits in the last
 * word are shifted along, not masked off: bitmap_shift_left() does not either.
 */
void dirty_shift(uint64_t *map, unsigned int shift, uint64_t bits);

/* Clears what a shift left above the first @bits, in a map with a spare word at its end. */
void dirty_cut(uint64_t *map, uint64_t bits);

#endif
