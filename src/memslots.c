/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM's memslots: where the VMM's memory is in the guest. */
#include "memslots.h"
#include "mem.h"

static size_t find(const struct memslots *memslots, int vm, uint32_t slot)
{
	size_t i = 0;

	while (i < memslots->n && (memslots->slots[i].vm != vm || memslots->slots[i].slot != slot))
		i++;
	return i;
}

static void set(struct memslots *memslots, const struct memslot *memslot)
{
	size_t i = find(memslots, memslot->vm, memslot->slot);

	if (i == memslots->n) {
		/* Without memory the slot stays unknown, which MEMSLOT_NONE allows for. */
		if (mem_reserve(&memslots->slots, &memslots->room, sizeof(*memslot), i + 1))
			return;
		memslots->n++;
	}
	memslots->slots[i] = *memslot;
}

void memslots_set(struct memslots *memslots, int vm, uint32_t slot, uint64_t guest, uint64_t size,
	uint64_t vaddr)
{
	struct lock_hold hold;
	size_t i;

	lock_take(&memslots->lock, &hold);
	i = find(memslots, vm, slot);
	if (size)
		set(memslots, &(struct memslot){.vm = vm,
				      .slot = slot,
				      .guest = guest,
				      .vaddr = {vaddr, vaddr + size - 1}});
	else if (i < memslots->n)
		memslots->slots[i] = memslots->slots[--memslots->n];
	lock_drop(&memslots->lock, &hold);
}

enum memslot_match memslots_match(struct memslots *memslots, struct range vaddr, uint64_t iova)
{
	enum memslot_match match = MEMSLOT_NONE;
	struct lock_hold hold;

	lock_take(&memslots->lock, &hold);
	for (size_t i = 0; i < memslots->n && match != MEMSLOT_IDENTITY; i++) {
		const struct memslot *slot = &memslots->slots[i];

		if (!range_overlaps(slot->vaddr, vaddr))
			continue;
		/* Modulo 2^64, so that it does not matter which of the two begins first. */
		match = slot->guest - slot->vaddr.first == iova - vaddr.first ? MEMSLOT_IDENTITY
									      : MEMSLOT_ELSEWHERE;
	}
	lock_drop(&memslots->lock, &hold);
	return match;
}

bool memslots_any(const struct memslots *memslots)
{
	return memslots->n > 0;
}
