/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of a mapping: what became of it, and why. */
#include "engine_internal.h"

#include <errno.h>
#include <linux/vfio.h>

/* From @first on, @size bytes, as far as there are addresses; of size 0, the address itself. */
static struct range clipped(uint64_t first, uint64_t size)
{
	uint64_t last = first + (size ? size - 1 : 0);

	return (struct range){first, last < first ? UINT64_MAX : last};
}

/* What failed: the request, or the piece of it that did. */
static struct attempt attempt_of(
	const struct event *event, const struct vfio_iommu_type1_dma_map *request)
{
	struct attempt attempt = {.container = event->container,
		.holes = event->holes,
		.iova = event->iova,
		.vaddr = request->vaddr,
		.size = request->size,
		.asked = request->size,
		.argsz = request->argsz,
		.flags = request->flags,
		.by_kernel = event->verdict == VERDICT_PASS || event->verdict == VERDICT_OBSERVE ||
			     event->refusal == REFUSED_BY_KERNEL ||
			     event->refusal == REFUSED_OVERLAP || event->result == -EEXIST,
		.result = event->result};

	if (event->refusal != REFUSED_BY_KERNEL || !event->failed_errno ||
		event->verdict != VERDICT_SPLIT)
		return attempt;
	attempt.iova = event->failed;
	attempt.vaddr += event->failed.first - event->iova.first;
	attempt.size = range_size(event->failed);
	return attempt;
}

static void survey(struct engine *engine, struct event *event, const struct attempt *attempt,
	struct circumstances *facts)
{
	const struct memory_ops *memory = &engine->memory;

	*facts = (struct circumstances){.memory = event->memory, .region = -1};
	if (event->result < 0 && memory->survey)
		memory->survey(memory->context, clipped(attempt->vaddr, attempt->size),
			attempt->iova, attempt->flags, -event->result, facts);
	if (event->memory == MEMORY_UNKNOWN)
		event->memory = facts->memory;
}

static bool find_split(struct engine *engine, const struct attempt *attempt, struct range *found)
{
	struct lock_hold hold;
	const struct split *split;

	lock_take(&engine->lock, &hold);
	split = container_split_at(attempt->container, attempt->iova);
	if (split)
		*found = split->iova;
	lock_drop(&engine->lock, &hold);
	return split != NULL;
}

void engine_explain(
	struct engine *engine, struct event *event, const struct vfio_iommu_type1_dma_map *request)
{
	struct attempt attempt = attempt_of(event, request);
	struct diagnosis diagnosis;
	struct range other;

	survey(engine, event, &attempt, &diagnosis.facts);
	if (event->result == -EEXIST && find_split(engine, &attempt, &other))
		attempt.other = &other;
	diagnose(&diagnosis, &attempt);
	event->why = &diagnosis;
	engine_tell(engine, event);
	event->why = NULL;
}

void engine_explain_pass(struct engine *engine, const struct container *container,
	const struct hole_set *holes, const struct vfio_iommu_type1_dma_map *request, int result)
{
	struct event event = {.kind = EVENT_MAP,
		.container = container,
		.iova = clipped(request->iova, request->size),
		.holes = holes,
		.vaddr = request->vaddr,
		.flags = request->flags,
		.memory = MEMORY_UNKNOWN,
		.verdict = VERDICT_PASS,
		.result = result};

	engine_explain(engine, &event, request);
}
