/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a memory map says of a range: freestanding C for 16-bit, UEFI and the host. */
#include "cut.h"

bool map_covers(const struct memory *map, unsigned int count, enum memory_kind kind,
	struct range part, uint64_t *missing)
{
	unsigned int i = 0;

	*missing = part.first;
	while (i < count) {
		if (map[i].kind != kind || *missing < map[i].range.first ||
			*missing > map[i].range.last) {
			i++;
			continue;
		}
		if (map[i].range.last >= part.last)
			return true;
		*missing = map[i].range.last + 1;
		i = 0;
	}
	return false;
}
