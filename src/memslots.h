/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM's memslots: where the VMM's memory is in the guest. Watched as KVM_SET_USER_MEMORY_REGION
 * passes; they tell RAM mapped at its guest-physical address from RAM that a vIOMMU translates. */
#ifndef IOVASHIM_MEMSLOTS_H
#define IOVASHIM_MEMSLOTS_H

#include "lock.h"
#include "range.h"

#include <stddef.h>

struct memslot {
	int vm; /* the VM's descriptor */
	uint32_t slot;
	uint64_t guest; /* physical address */
	struct range vaddr;
};

struct memslots {
	struct lock lock;
	size_t n, room;
	struct memslot *slots; /* in no order; KVM allows 32764 */
};

/* After a KVM_SET_USER_MEMORY_REGION or _REGION2 on @vm that succeeded; @size 0 deletes. */
void memslots_set(struct memslots *memslots, int vm, uint32_t slot, uint64_t guest, uint64_t size,
	uint64_t vaddr);

enum memslot_match {
	MEMSLOT_NONE,	   /* no guest has this memory (yet), or no KVM is in use */
	MEMSLOT_IDENTITY,  /* @iova is its guest-physical address */
	MEMSLOT_ELSEWHERE, /* the guest has it at another address: something translates */
};

/* How @iova, a mapping's first, lies to what guests see at @vaddr. */
enum memslot_match memslots_match(struct memslots *memslots, struct range vaddr, uint64_t iova);

/* True if any guest has memory: KVM is in use. */
bool memslots_any(const struct memslots *memslots);

#endif
