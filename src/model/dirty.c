// SPDX-License-Identifier: GPL-2.0-or-later
/* Bit operations on dirty bitmaps of up to 256 MiB. */
#include "dirty.h"

static uint64_t low_bits(uint64_t count)
{
	return count >= 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1;
}

void dirty_set(uint64_t *map, uint64_t first, uint64_t count)
{
	while (count) {
		unsigned int offset = first % 64;
		uint64_t here = count < 64 - offset ? count : 64 - offset;

		map[first / 64] |= low_bits(here) << offset;
		first += here;
		count -= here;
	}
}

void dirty_clear(uint64_t *map, uint64_t count)
{
	for (; count >= 64; count -= 64)
		*map++ = 0;
	if (count)
		*map &= ~low_bits(count);
}

void dirty_shift(uint64_t *map, unsigned int shift, uint64_t bits)
{
	for (uint64_t k = (bits + 63) / 64; k-- > 0;) {
		uint64_t carry = shift && k ? map[k - 1] >> (64 - shift) : 0;

		map[k] = map[k] << shift | carry;
	}
}

void dirty_cut(uint64_t *map, uint64_t bits)
{
	uint64_t last = bits / 64;

	map[last] &= low_bits(bits % 64);
	if (bits % 64)
		map[last + 1] = 0;
}
