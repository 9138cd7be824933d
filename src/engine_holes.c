/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the holes of a container come from: its groups, the kernel's own word, the policy. */
#include "engine.h"
#include "engine_internal.h"
#include "mem.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

static const char no_memory[] =
	"no memory for the list of a container's holes; some of them may be missed";

/* A list of holes that grows while it is put together. */
struct draft {
	struct hole *holes;
	size_t n, room;
	bool failed;
};

static void draft_add(struct draft *draft, const struct hole *hole)
{
	if (mem_reserve(&draft->holes, &draft->room, sizeof(*hole), draft->n + 1)) {
		draft->failed = true;
		return;
	}
	draft->holes[draft->n++] = *hole;
}

static void add_group_regions(struct draft *draft, const struct container *container)
{
	for (size_t i = 0; i < container->n_groups; i++)
		for (size_t j = 0; j < container->groups[i].n_regions; j++)
			draft_add(draft, &container->groups[i].regions[j]);
}

/* What lies outside every valid range. The kernel keeps them ascending and disjoint
 * (vfio_iommu_iova_insert); an empty list is no limit (vfio_iommu_iova_dma_valid). */
static void add_kernel_gaps(struct draft *draft, const struct container *container)
{
	struct hole hole = {.source = HOLE_KERNEL};
	uint64_t next = 0;

	if (!container->kernel_known || !container->n_valid)
		return;
	for (size_t i = 0; i < container->n_valid; i++) {
		const struct range *valid = &container->valid[i];

		if (valid->first > next) {
			hole.range = (struct range){next, valid->first - 1};
			draft_add(draft, &hole);
		}
		if (valid->last >= next)
			next = valid->last + 1;
		if (!next)
			return; /* the last range reaches 2^64-1 */
	}
	hole.range = (struct range){next, UINT64_MAX};
	draft_add(draft, &hole);
}

static const struct hole_set *intern(
	struct engine *engine, const struct draft *draft, uint64_t page)
{
	size_t bytes = hole_set_bytes(draft->n);
	void *memory = mem_alloc(bytes);
	const struct hole_set *known;
	struct hole_set *set;

	if (!memory)
		return NULL;
	set = hole_set_build(memory, draft->holes, draft->n, page);
	for (known = engine->sets; known; known = known->next) {
		if (!hole_set_equal(known, set))
			continue;
		mem_free(memory, bytes);
		return known;
	}
	set->next = engine->sets;
	engine->sets = set;
	return set;
}

/* With the lock held. Returns whether the container's holes have changed, or -ENOMEM: they stay. */
static int rebuild(struct engine *engine, struct container *container)
{
	const struct policy *policy = &engine->policy;
	const struct hole_set *set = NULL;
	struct draft draft = {0};

	if (policy->source_sysfs)
		add_group_regions(&draft, container);
	if (policy->source_kernel)
		add_kernel_gaps(&draft, container);
	for (size_t i = 0; i < policy->n_holes; i++)
		draft_add(&draft, &policy->holes[i]);
	if (!draft.failed)
		set = intern(engine, &draft, container->page);
	mem_release(&draft.holes, &draft.room, sizeof(*draft.holes));
	if (!set)
		return -ENOMEM;
	if (set == container->holes)
		return 0;
	container->holes = set;
	return 1;
}

/* @news: the container's groups have changed. @err: something of them, or of what the kernel said,
 * could not be kept. */
static void finish(struct engine *engine, struct container *container, struct lock_hold *hold,
	bool news, int err)
{
	int changed = rebuild(engine, container);

	lock_drop(&engine->lock, hold);
	if (err || changed < 0)
		engine_fault(engine, container, no_memory, -ENOMEM);
	if (changed > 0 || news)
		engine_tell(engine, &(struct event){.kind = EVENT_CONTAINER,
					    .container = container,
					    .holes = container->holes});
}

int engine_container_init(struct engine *engine, struct container *container)
{
	struct lock_hold hold;

	lock_take(&engine->lock, &hold);
	container_free(container);
	container->id = ++engine->last_id;
	container->page = engine->page;
	rebuild(engine, container);
	lock_drop(&engine->lock, &hold);
	return container->holes ? 0 : -ENOMEM;
}

void engine_container_gone(struct engine *engine, struct container *container)
{
	struct lock_hold hold;

	engine_forget_splits(engine, container);
	lock_take(&engine->lock, &hold);
	container_free(container);
	lock_drop(&engine->lock, &hold);
}

void engine_free(struct engine *engine)
{
	while (engine->sets) {
		size_t bytes = engine->sets->bytes;
		void *memory;

		memcpy(&memory, &engine->sets, sizeof(memory)); /* const to readers alone */
		engine->sets = engine->sets->next;
		mem_free(memory, bytes);
	}
}

void engine_group_added(
	struct engine *engine, struct container *container, const struct host_group *group)
{
	struct lock_hold hold;
	int err;

	lock_take(&engine->lock, &hold);
	err = container_add_group(container, group);
	finish(engine, container, &hold, true, err);
}

void engine_group_removed(struct engine *engine, struct container *container, int number)
{
	struct lock_hold hold;
	size_t before;

	lock_take(&engine->lock, &hold);
	before = container->n_groups;
	container_remove_group(container, number);
	finish(engine, container, &hold, container->n_groups != before, 0);
}

void engine_forget_info(struct engine *engine, struct container *container)
{
	struct lock_hold hold;

	lock_take(&engine->lock, &hold);
	container->kernel_known = false;
	finish(engine, container, &hold, false, 0);
}

/* Where the list of ranges is in a reply of @room bytes; 0 if there is none. Bounds-checked: the
 * reply is the kernel's, but the memory is the VMM's. Capabilities follow each other without
 * padding on older kernels (6.1): nothing here is aligned. */
static uint32_t find_ranges(const char *info, size_t room, uint32_t offset, uint32_t *n)
{
	const size_t head = sizeof(struct vfio_iommu_type1_info_cap_iova_range);
	struct vfio_iommu_type1_info_cap_iova_range cap;

	/* Each step goes forward, so that a chain in a loop ends. */
	for (uint32_t previous = 0; offset > previous && room >= sizeof(cap.header) &&
				    offset <= room - sizeof(cap.header);
		offset = cap.header.next) {
		memcpy(&cap, info + offset, sizeof(cap.header));
		previous = offset;
		if (cap.header.id != VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE)
			continue;
		if (room - offset < head)
			return 0;
		memcpy(&cap, info + offset, head);
		*n = cap.nr_iovas;
		return *n <= (room - offset - head) / sizeof(struct vfio_iova_range) ? offset : 0;
	}
	return 0;
}

static int learn_ranges(struct container *container, const char *at, uint32_t n)
{
	struct vfio_iova_range range;
	int err = container_set_valid(container, NULL, 0);

	if (!err)
		err = mem_reserve(
			&container->valid, &container->valid_room, sizeof(*container->valid), n);
	if (err) {
		container->kernel_known = false;
		return err;
	}
	for (; n > 0; n--, at += sizeof(range)) {
		memcpy(&range, at, sizeof(range));
		if (range.start <= range.end)
			container->valid[container->n_valid++] =
				(struct range){range.start, range.end};
	}
	return 0;
}

void engine_learn_info(
	struct engine *engine, struct container *container, const void *info, size_t room)
{
	const size_t cap_head = sizeof(struct vfio_iommu_type1_info_cap_iova_range);
	struct vfio_iommu_type1_info head = {0};
	struct lock_hold hold;
	uint32_t at = 0, n = 0;
	int err = 0;

	if (room < offsetof(struct vfio_iommu_type1_info, cap_offset))
		return;
	memcpy(&head, info, room < sizeof(head) ? room : sizeof(head));
	if (room >= sizeof(head) && head.flags & VFIO_IOMMU_INFO_CAPS)
		at = find_ranges(info, room, head.cap_offset, &n);

	lock_take(&engine->lock, &hold);
	if ((head.flags & VFIO_IOMMU_INFO_PGSIZES) && head.iova_pgsizes)
		container->page = head.iova_pgsizes & -head.iova_pgsizes;
	if (at)
		err = learn_ranges(container, (const char *)info + at + cap_head, n);
	finish(engine, container, &hold, false, err);
}

void engine_ask_info(struct engine *engine, struct container *container, int fd)
{
	struct vfio_iommu_type1_info head = {.argsz = sizeof(head)};
	const struct kernel_ops *kernel = &engine->kernel;
	struct vfio_iommu_type1_info *info;
	size_t room;
	int err = kernel->ioctl(kernel->context, fd, VFIO_IOMMU_GET_INFO, &head);

	container->no_iommu = err == -EINVAL;
	if (err < 0)
		return;
	/* Attached groups can have changed what fits in between: that costs the capabilities,
	 * no more. Lists of more than a million ranges are nobody's. */
	room = head.argsz < (1u << 24) ? head.argsz : sizeof(head);
	info = mem_alloc(room);
	if (!info) {
		engine_fault(engine, container, no_memory, -ENOMEM);
		return;
	}
	info->argsz = (uint32_t)room;
	if (kernel->ioctl(kernel->context, fd, VFIO_IOMMU_GET_INFO, info) >= 0)
		engine_learn_info(engine, container, info, room);
	mem_free(info, room);
}

void engine_iommu_set(struct engine *engine, struct container *container, unsigned long type)
{
	struct lock_hold hold;

	engine_forget_splits(engine, container);
	lock_take(&engine->lock, &hold);
	container_reset(container);
	container->type = type;
	container->page = engine->page;
	finish(engine, container, &hold, false, 0);
}

void engine_tell(struct engine *engine, const struct event *event)
{
	engine->audience.event(engine->audience.context, event);
}

void engine_fault(struct engine *engine, struct container *container, const char *what, int err)
{
	engine_tell(engine, &(struct event){.kind = EVENT_FAULT,
				    .container = container,
				    .iova = {0, UINT64_MAX},
				    .result = err,
				    .what = what});
}
