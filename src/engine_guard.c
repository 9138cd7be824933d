/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guards of one split mapping: all of its gaps, or none. */
#include "engine_internal.h"

/* The part of the VMM's memory that is behind a part of a split. */
static struct range vaddr_of(const struct split *split, const struct dma_part *part)
{
	uint64_t first = split->vaddr + part->offset;

	return (struct range){first, first + range_size(part->iova) - 1};
}

static void tell(struct engine *engine, const struct container *container,
	const struct split *split, const struct dma_part *gap, struct event *event)
{
	event->kind = EVENT_GUARD;
	event->container = container;
	event->iova = gap->iova;
	event->vaddr = vaddr_of(split, gap).first;
	event->holes = split->holes;
	engine_tell(engine, event);
}

/* Lifts the guards of the first @n gaps. */
static void unguard_gaps(struct engine *engine, const struct container *container,
	const struct split *split, size_t n)
{
	struct dma_split walk = dma_split_start(split->holes, split->iova);
	struct dma_part gap;

	for (; n > 0 && dma_split_next_gap(&walk, &gap); n--) {
		engine->memory.unguard(engine->memory.context, vaddr_of(split, &gap));
		tell(engine, container, split, &gap, &(struct event){.set = false});
	}
}

void engine_unguard(
	struct engine *engine, const struct container *container, const struct split *split)
{
	if (split->guarded)
		unguard_gaps(engine, container, split, SIZE_MAX);
}

int engine_guard(struct engine *engine, const struct container *container,
	const struct split *split, struct range *failed)
{
	const struct memory_ops *memory = &engine->memory;
	struct dma_split walk = dma_split_start(split->holes, split->iova);
	struct dma_part gap;

	for (size_t done = 0; dma_split_next_gap(&walk, &gap); done++) {
		struct event event = {.set = true};
		int err = memory->guard(
			memory->context, vaddr_of(split, &gap), split->flags, &event.given_back);

		if (err) {
			*failed = gap.iova;
			unguard_gaps(engine, container, split, done);
			return err;
		}
		tell(engine, container, split, &gap, &event);
	}
	return 0;
}
