/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One VMM's memory as the engine asks of it: guest RAM or a BAR, where the guest has it, the guard.
 */
#ifndef IOVASHIM_GUEST_MEMORY_H
#define IOVASHIM_GUEST_MEMORY_H

#include "event.h"
#include "guard.h"
#include "memslots.h"

struct guest_memory {
	struct guard guard;
	struct memslots memslots;
	const char *vmm; /* path of its executable */
};

/* As memory_ops.classify() of engine.h. */
int guest_memory_classify(
	struct guest_memory *memory, struct range vaddr, struct range iova, enum memory_kind *kind);

/* Which kind of RAM @vaddr is, mapped at @iova: it is no BAR. */
enum memory_kind guest_memory_kind(
	struct guest_memory *memory, struct range vaddr, struct range iova);

/* As memory_ops.guard() of engine.h; @give_back: no other container can have pinned it. */
int guest_memory_guard(struct guest_memory *memory, struct range vaddr, uint32_t flags,
	bool give_back, uint64_t *given_back);

#endif
