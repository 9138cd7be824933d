/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cuts an entry of a memory map at holes: freestanding C for 16-bit, UEFI and the host. */
#include "cut.h"

static bool give(struct piece *piece, uint64_t first, uint64_t last, bool reserved, bool is_last)
{
	piece->range.first = first;
	piece->range.last = last;
	piece->reserved = reserved;
	piece->last = is_last;
	return true;
}

bool cut_piece(struct range entry, const struct range ROM_DATA *holes, unsigned int count,
	unsigned int n, struct piece *piece)
{
	uint64_t at = entry.first;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t first = holes[i].first, last = holes[i].last;

		if (last < entry.first || first > entry.last)
			continue;
		if (at < first && n-- == 0)
			return give(piece, at, first - 1, false, false);
		if (last >= entry.last)
			return n == 0 &&
			       give(piece, first > at ? first : at, entry.last, true, true);
		if (n-- == 0)
			return give(piece, first > at ? first : at, last, true, false);
		at = last + 1;
	}
	return n == 0 && give(piece, at, entry.last, false, true);
}
