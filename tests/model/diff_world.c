/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two worlds that must not differ: the engine over a kernel with holes, and a kernel without. */
#include "diff_world.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VADDR 0x7f0000000000ULL

static bool differ(struct world *world, const char *what, long expected, long found)
{
	if (!world->why[0])
		snprintf(world->why, sizeof(world->why), "%s: expected %ld, found %ld", what,
			expected, found);
	return false;
}

static bool in_hole(const struct world *world, uint64_t page)
{
	for (size_t i = 0; i < world->n_holes; i++)
		if (world->holes[i].first <= page && page <= world->holes[i].last)
			return true;
	return false;
}

/* A hole that is no more may still be a gap of a mapping that was made over it. */
static bool was_hole(const struct world *world, uint64_t page)
{
	for (size_t i = 0; world->joined_once && i < world->plan.n_joined; i++)
		if (world->plan.joined[i].first <= page && page <= world->plan.joined[i].last)
			return true;
	return false;
}

/* What the kernel knows nothing of it may have taken: passed on, as the policy says. */
static bool may_be_mapped(const struct world *world, uint64_t page)
{
	for (size_t i = 0; world->plan.own && i < world->plan.n_holes; i++)
		if (world->plan.holes[i].first <= page && page <= world->plan.holes[i].last)
			return true;
	return false;
}

/* The VMM's memory: all RAM, and in use only where a step says so. */

static int classify(void *context, struct range vaddr, struct range iova, enum memory_kind *kind)
{
	(void)context;
	(void)vaddr;
	(void)iova;
	*kind = MEMORY_RAM;
	return 0;
}

static void count_guard(struct world *world, struct range vaddr, int by)
{
	for (uint64_t at = vaddr.first; at < vaddr.last; at += PAGE)
		world->guarded[(at - VADDR) / PAGE] += by;
}

static int guard(void *context, struct range vaddr, uint32_t flags, uint64_t *given_back)
{
	struct world *world = context;

	(void)flags;
	*given_back = 0;
	if (world->guards && !--world->guards) {
		world->guard_failed = true;
		return -world->guard_errno;
	}
	count_guard(world, vaddr, 1);
	return 0;
}

static void unguard(void *context, struct range vaddr)
{
	count_guard(context, vaddr, -1);
}

static void ignore(void *context, const struct event *event)
{
	(void)context;
	(void)event;
}

static struct range iova_of(struct range pages)
{
	uint64_t last = pages.last >= PAGES ? UINT64_MAX : BASE + pages.last * PAGE + PAGE - 1;

	return (struct range){BASE + pages.first * PAGE, last};
}

static void add_group(struct side *side, unsigned int number, const struct plan *plan,
	const struct range *holes, size_t n)
{
	struct model_group *group = model_host_add_group(&side->host, number);

	group->precise = plan->precise;
	if (holes && plan->aperture < PAGES)
		group->aperture.last = BASE + plan->aperture * PAGE - 1;
	for (size_t i = 0; i < n; i++) {
		struct range r = iova_of(holes[i]);

		model_group_add_region(
			group, (struct model_region){{r.first, r.last}, MODEL_RESERVED});
	}
}

static void side_open(struct side *side, const struct plan *plan)
{
	side->model = model_create(&side->host, NULL);
	side->container = model_open_container(side->model);
	side->group = model_attach(side->model, side->container, 1);
	model_set_iommu(side->model, side->container, plan->type);
}

static void tell_engine(struct world *world, int number, const struct range *holes, size_t n)
{
	struct host_group group = {.number = number, .n_regions = n};

	for (size_t i = 0; i < n; i++)
		group.regions[i] = (struct hole){.range = iova_of(holes[i]),
			.source = HOLE_SYSFS,
			.type = REGION_RESERVED,
			.group = number};
	engine_group_added(&world->engine, &world->shim, &group);
	engine_ask_info(&world->engine, &world->shim, world->holey.container);
}

static void open_own(struct world *world)
{
	if (!world->plan.own)
		return;
	for (size_t i = 0; i < world->plan.n_holes; i++)
		world->own[i] = (struct hole){.range = iova_of(world->plan.holes[i]),
			.source = HOLE_POLICY,
			.name = "",
			.file = ""};
	world->engine.policy.holes = world->own;
	world->engine.policy.n_holes = world->plan.n_holes;
	world->engine.policy.inside = INSIDE_OBSERVE;
}

static void engine_open(struct world *world)
{
	const struct plan *plan = &world->plan;

	world->engine = (struct engine){.kernel = {model_ioctl, world->holey.model},
		.memory = {classify, guard, unguard, world},
		.audience = {ignore, NULL},
		.policy = {.source_sysfs = true,
			.source_kernel = true,
			.guard = true,
			.crossing = CROSSING_SPLIT,
			.inside = plan->skip ? INSIDE_SKIP : INSIDE_REFUSE},
		.lock = LOCK_INITIALIZER,
		.page = PAGE};
	open_own(world);
	engine_container_init(&world->engine, &world->shim);
	engine_iommu_set(&world->engine, &world->shim, plan->type);
	tell_engine(world, 1, plan->holes, plan->own ? 0 : plan->n_holes);
}

static void know_holes(struct world *world)
{
	const struct plan *plan = &world->plan;

	world->n_holes = 0;
	for (size_t i = 0; i < plan->n_holes; i++)
		world->holes[world->n_holes++] = plan->holes[i];
	for (size_t i = 0; world->holey.second && i < plan->n_joined; i++)
		world->holes[world->n_holes++] = plan->joined[i];
	/* Where a reserved region that reached over the aperture's end has gone with its group, the
	 * end stays lower: vfio_iommu_resv_refresh() takes it from what was left. */
	if (world->shim.n_valid && world->shim.valid[world->shim.n_valid - 1].last != UINT64_MAX)
		world->holes[world->n_holes++] = (struct range){
			(world->shim.valid[world->shim.n_valid - 1].last + 1 - BASE) / PAGE,
			UINT64_MAX};
}

void world_open(struct world *world, const struct plan *plan)
{
	memset(world, 0, sizeof(*world));
	world->plan = *plan;
	model_host_init(&world->holey.host);
	model_host_init(&world->plain.host);
	if (plan->old)
		world->holey.host.kernel = world->plain.host.kernel = MODEL_KERNEL(5, 10);
	world->holey.host.tidy_dirty = world->plain.host.tidy_dirty = true;
	add_group(&world->holey, 1, plan, plan->holes, plan->own ? 0 : plan->n_holes);
	add_group(&world->holey, 2, plan, plan->joined, plan->n_joined);
	add_group(&world->plain, 1, plan, NULL, 0);
	add_group(&world->plain, 2, plan, NULL, 0);
	side_open(&world->holey, plan);
	side_open(&world->plain, plan);
	engine_open(world);
	know_holes(world);
}

static void side_close(struct side *side)
{
	model_destroy(side->model);
	model_host_release(&side->host);
}

void world_close(struct world *world)
{
	engine_iommu_set(&world->engine, &world->shim, 0);
	container_free(&world->shim);
	engine_free(&world->engine);
	side_close(&world->holey);
	side_close(&world->plain);
}

/* Where a device's write to each page goes: 0 if nowhere. */
struct translation {
	uint64_t vaddr[PAGES];
};

static void translate(const struct side *side, struct translation *translation)
{
	struct model_mapping all[PAGES * 2];
	size_t n = model_mappings(side->model, side->container, all, PAGES * 2);

	memset(translation, 0, sizeof(*translation));
	for (size_t i = 0; i < n; i++)
		for (uint64_t at = 0; at < all[i].size && all[i].iova + at < BASE + PAGES * PAGE;
			at += PAGE)
			translation->vaddr[(all[i].iova + at - BASE) / PAGE] = all[i].vaddr + at;
}

bool world_agrees(struct world *world)
{
	struct translation plain, holey;

	translate(&world->plain, &plain);
	translate(&world->holey, &holey);
	for (uint64_t page = 0; page < PAGES; page++) {
		uint64_t wanted = in_hole(world, page) ? 0 : plain.vaddr[page];
		uint64_t found = holey.vaddr[page];
		size_t used;

		if (wanted == found || (!found && was_hole(world, page)))
			continue;
		if (found == plain.vaddr[page] && may_be_mapped(world, page))
			continue;
		if (wanted && found && world->moved)
			continue;
		differ(world, "translation", (long)wanted, (long)found);
		used = strlen(world->why);
		snprintf(world->why + used, sizeof(world->why) - used, " (page %" PRIu64 ")", page);
		return false;
	}
	return true;
}

bool world_empties(struct world *world)
{
	struct vfio_iommu_type1_dma_unmap all = {
		.argsz = sizeof(all), .flags = VFIO_DMA_UNMAP_FLAG_ALL};
	struct model_mapping mapping;

	if (world->plan.old)
		all = (struct vfio_iommu_type1_dma_unmap){
			.argsz = sizeof(all), .iova = BASE, .size = PAGES * PAGE};
	engine_unmap(&world->engine, &world->shim, world->holey.container, &all);
	if (model_mappings(world->holey.model, world->holey.container, &mapping, 1))
		return differ(world, "left mapped", 0, (long)mapping.iova);
	if (world->shim.n_splits)
		return differ(world, "left recorded", 0, (long)world->shim.n_splits);
	for (size_t i = 0; i < PAGES * 4; i++)
		if (world->guarded[i])
			return differ(world, "left guarded", 0, world->guarded[i]);
	return true;
}

/* One call's memory, the same on both sides. */
struct call {
	unsigned long request;
	uint64_t bitmap[WORDS];
	struct range pages;
	bool has_bitmap;
	union {
		unsigned char bytes[ARGUMENT];
		struct vfio_iommu_type1_dma_map map;
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_iommu_type1_dirty_bitmap dirty;
	} argument;
};

static uint64_t iova_of_op(const struct op *op)
{
	return BASE + op->first * PAGE + op->skew;
}

static uint64_t size_of_op(const struct op *op)
{
	return op->pages == UINT64_MAX ? UINT64_MAX : op->pages * PAGE;
}

static void build_map(struct call *call, const struct op *op)
{
	call->request = VFIO_IOMMU_MAP_DMA;
	call->argument.map = (struct vfio_iommu_type1_dma_map){.argsz = op->argsz,
		.flags = op->flags,
		.vaddr = VADDR + op->vaddr * PAGE,
		.iova = iova_of_op(op),
		.size = size_of_op(op)};
}

static struct vfio_bitmap build_bitmap(struct call *call, const struct op *op)
{
	call->has_bitmap = true;
	memset(call->bitmap, (int)op->fill, sizeof(call->bitmap));
	return (struct vfio_bitmap){.pgsize = op->bitmap_page,
		.size = sizeof(call->bitmap),
		.data = (void *)call->bitmap};
}

static void build_unmap(struct call *call, const struct op *op)
{
	bool all = op->flags & VFIO_DMA_UNMAP_FLAG_ALL;

	call->request = VFIO_IOMMU_UNMAP_DMA;
	call->argument.unmap.argsz = op->argsz;
	call->argument.unmap.flags = op->flags;
	call->argument.unmap.iova = all ? op->skew : iova_of_op(op);
	call->argument.unmap.size = all ? 0 : size_of_op(op);
	if (op->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP) {
		struct vfio_bitmap bitmap = build_bitmap(call, op);

		memcpy(call->argument.unmap.data, &bitmap, sizeof(bitmap));
	}
}

static void build_dirty(struct call *call, const struct op *op)
{
	struct vfio_iommu_type1_dirty_bitmap_get get = {
		.iova = iova_of_op(op), .size = size_of_op(op)};

	call->request = VFIO_IOMMU_DIRTY_PAGES;
	call->argument.dirty.argsz = op->argsz;
	call->argument.dirty.flags = op->flags;
	get.bitmap = build_bitmap(call, op);
	memcpy(call->argument.dirty.data, &get, sizeof(get));
}

static void build(struct call *call, const struct op *op)
{
	memset(call, 0, sizeof(*call));
	call->pages = (struct range){op->first, op->first + op->pages - 1};
	switch (op->kind) {
	case OP_UNMAP:
		build_unmap(call, op);
		break;
	case OP_DIRTY:
		build_dirty(call, op);
		break;
	default:
		build_map(call, op);
		break;
	}
}

static int shim_call(struct world *world, struct call *call)
{
	int fd = world->holey.container;

	switch (call->request) {
	case VFIO_IOMMU_MAP_DMA:
		return engine_map(&world->engine, &world->shim, fd, &call->argument);
	case VFIO_IOMMU_UNMAP_DMA:
		return engine_unmap(&world->engine, &world->shim, fd, &call->argument);
	default:
		return engine_dirty_pages(&world->engine, &world->shim, fd, &call->argument);
	}
}

/* What no device can write is never dirty: the one difference that is wanted. */
static void clear_hole_bits(struct call *plain, const bool *gap)
{
	for (uint64_t bit = 0; bit < PAGES && plain->pages.first + bit < PAGES; bit++) {
		uint64_t page = plain->pages.first + bit;

		if (page <= plain->pages.last && gap[page])
			plain->bitmap[bit / 64] &= ~(1ULL << bit % 64);
	}
}

/* Past these bytes the two arguments hold pointers to bitmaps of their own. */
enum { COMPARED = 24 };

static bool same_memory(struct world *world, const struct call *shim, const struct call *plain)
{
	if (memcmp(shim->bitmap, plain->bitmap, sizeof(shim->bitmap)))
		return differ(world, "bitmap", (long)plain->bitmap[0], (long)shim->bitmap[0]);
	if (memcmp(&shim->argument, &plain->argument, COMPARED))
		return differ(world, "struct", (long)plain->argument.unmap.size,
			(long)shim->argument.unmap.size);
	return true;
}

static void fix_pointer(struct call *call, const struct op *op)
{
	struct vfio_bitmap bitmap = {.pgsize = op->bitmap_page,
		.size = sizeof(call->bitmap),
		.data = (void *)call->bitmap};

	if (!call->has_bitmap)
		return;
	if (op->kind == OP_UNMAP)
		memcpy(call->argument.unmap.data, &bitmap, sizeof(bitmap));
	else
		memcpy(call->argument.dirty.data +
				offsetof(struct vfio_iommu_type1_dirty_bitmap_get, bitmap),
			&bitmap, sizeof(bitmap));
}

/* With `inside refuse`, the one mapping that may fail where the plain kernel's does not. */
static bool refused_inside(const struct world *world, const struct op *op, int result)
{
	bool inside =
		op->kind == OP_MAP && (world->plan.own || !world->plan.skip) && result == -EINVAL;

	for (uint64_t i = 0; inside && i < op->pages; i++)
		inside = in_hole(world, op->first + i);
	return inside;
}

static void undo_map(struct world *world, const struct op *op)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = iova_of_op(op), .size = size_of_op(op)};

	model_ioctl(world->plain.model, world->plain.container, VFIO_IOMMU_UNMAP_DMA, &unmap);
}

/* A guard that fails is a mapping that fails, unless another was in the way. */
static bool refused_unguarded(const struct world *world, int result)
{
	return world->guard_failed && result == (world->guard_errno == EFAULT ? -EFAULT : -EINVAL);
}

static bool compare(
	struct world *world, const struct op *op, struct call *shim, int result, const bool *gap)
{
	struct call plain;
	int wanted;

	build(&plain, op);
	fix_pointer(&plain, op);
	wanted = model_ioctl(
		world->plain.model, world->plain.container, plain.request, &plain.argument);
	if (!wanted && (refused_inside(world, op, result) || refused_unguarded(world, result))) {
		undo_map(world, op);
		return true;
	}
	if (wanted != result)
		return differ(world, "result", wanted, result);
	if (plain.has_bitmap && !wanted && (op->kind == OP_UNMAP || op->flags & 4))
		clear_hole_bits(&plain, gap);
	return same_memory(world, shim, &plain);
}

static bool unchanged(struct world *world, const struct op *op, const struct call *call)
{
	struct call asked;

	build(&asked, op);
	if (memcmp(asked.bitmap, call->bitmap, sizeof(asked.bitmap)))
		return differ(world, "bitmap changed by a failure", 0, 1);
	if (memcmp(&asked.argument, &call->argument, COMPARED))
		return differ(world, "struct changed by a failure", 0, 1);
	return world_agrees(world);
}

static void find_gaps(const struct world *world, bool *gap)
{
	struct translation plain, holey;

	translate(&world->plain, &plain);
	translate(&world->holey, &holey);
	for (uint64_t page = 0; page < PAGES; page++)
		gap[page] = plain.vaddr[page] && !holey.vaddr[page];
}

static bool step_call(struct world *world, const struct op *op)
{
	struct model *model = world->holey.model;
	unsigned int before = 0;
	bool fired = false, gap[PAGES];
	struct call shim;
	int result;

	build(&shim, op);
	fix_pointer(&shim, op);
	if (shim.has_bitmap)
		find_gaps(world, gap);
	if (op->fault != MODEL_CALLS) {
		before = model_calls(model, op->fault);
		model_fail(model, op->fault, op->fault_nth, op->fault_errno);
	}
	world->guards = op->guard_nth;
	world->guard_errno = op->guard_errno;
	world->guard_failed = false;
	result = shim_call(world, &shim);
	world->guards = 0;
	if (op->fault != MODEL_CALLS) {
		fired = model_calls(model, op->fault) - before >= op->fault_nth;
		model_clear_faults(model);
	}
	if (fired && op->kind <= OP_REMAP && op->flags & VFIO_DMA_MAP_FLAG_VADDR)
		world->moved = true;
	if (fired && result == -op->fault_errno)
		return unchanged(world, op, &shim);
	if (op->kind <= OP_REMAP && op->flags & VFIO_DMA_MAP_FLAG_VADDR &&
		refused_unguarded(world, result))
		return unchanged(world, op, &shim);
	return compare(world, op, &shim, result, gap);
}

static bool step_write(struct world *world, const struct op *op)
{
	uint64_t iova = BASE + op->first * PAGE;
	uint64_t plain_at = 0, shim_at = 0;
	int plain, shim;

	shim = model_device_write(world->holey.model, world->holey.container, iova, 1, &shim_at);
	if (shim < 0 && may_be_mapped(world, op->first))
		return true;
	if (in_hole(world, op->first) && !may_be_mapped(world, op->first))
		return shim < 0 || differ(world, "a write into a hole arrives", -EFAULT, shim);
	if (shim < 0 && was_hole(world, op->first))
		return true;
	plain = model_device_write(world->plain.model, world->plain.container, iova, 1, &plain_at);
	if (plain != shim)
		return differ(world, "a device's write", plain, shim);
	return plain || plain_at == shim_at || world->moved ||
	       differ(world, "a device's write goes to", (long)plain_at, (long)shim_at);
}

/* Where the kernel refuses the group for what is mapped, it stays out on both sides. */
static bool step_join(struct world *world)
{
	int second;

	if (world->holey.second)
		return true;
	second = model_attach(world->holey.model, world->holey.container, 2);
	if (second < 0)
		return true;
	world->holey.second = second;
	world->joined_once = true;
	world->plain.second = model_attach(world->plain.model, world->plain.container, 2);
	tell_engine(world, 2, world->plan.joined, world->plan.n_joined);
	know_holes(world);
	return true;
}

static bool step_leave(struct world *world)
{
	if (!world->holey.second)
		return true;
	model_detach(world->holey.model, world->holey.second);
	model_detach(world->plain.model, world->plain.second);
	world->holey.second = world->plain.second = 0;
	engine_group_removed(&world->engine, &world->shim, 2);
	engine_ask_info(&world->engine, &world->shim, world->holey.container);
	know_holes(world);
	return true;
}

bool world_step(struct world *world, const struct op *op)
{
	switch (op->kind) {
	case OP_WRITE:
		return step_write(world, op);
	case OP_JOIN:
		return step_join(world);
	case OP_LEAVE:
		return step_leave(world);
	default:
		return step_call(world, op);
	}
}
