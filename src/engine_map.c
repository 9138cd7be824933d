/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VFIO_IOMMU_MAP_DMA: decide, guard, make the pieces, or go back to where it began. */
#include "engine_internal.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

/* One request under way: a private copy of what the VMM asked, read once. */
struct map {
	struct engine *engine; /* this and the next two: engine_map(); then find_route() */
	struct container *container;
	int fd;
	struct vfio_iommu_type1_dma_map request;
	struct range iova;
	bool left; /* map_pieces(): a piece of what failed is still mapped */
	const struct hole_set *holes;
	struct event event; /* begin_event(): most requests have none */
};

static int pass(const struct map *map, void *argument)
{
	const struct kernel_ops *kernel = &map->engine->kernel;

	return kernel->ioctl(kernel->context, map->fd, VFIO_IOMMU_MAP_DMA, argument);
}

/* False for what vfio_dma_do_map() refuses before it looks at any mapping, and for FLAG_VADDR:
 * the kernel's own answer is the right one. */
static bool well_formed(const struct vfio_iommu_type1_dma_map *request, uint64_t page)
{
	const uint32_t protection = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;

	if (request->argsz < sizeof(*request) || !(request->flags & protection) ||
		(request->flags & ~protection))
		return false;
	if (!request->size || request->iova + request->size - 1 < request->iova ||
		request->vaddr + request->size - 1 < request->vaddr)
		return false;
	return !((request->iova | request->vaddr | request->size) & (page - 1));
}

static void unmap_pieces_below(struct map *map, const struct split *split, uint64_t end)
{
	if (end > split->iova.first)
		map->left = !engine_unmap_pieces(map->engine, map->container, map->fd, 0, split,
			(struct range){split->iova.first, end - 1});
}

/* Maps every piece of @split, ascending, or none. */
static int map_pieces(struct map *map, const struct split *split)
{
	struct dma_split walk = dma_split_start(split->holes, split->iova);
	struct dma_part piece;

	map->left = false;
	while (dma_split_next_piece(&walk, &piece)) {
		struct vfio_iommu_type1_dma_map request = {.argsz = sizeof(request),
			.flags = split->flags,
			.vaddr = split->vaddr + piece.offset,
			.iova = piece.iova.first,
			.size = range_size(piece.iova)};
		int err = pass(map, &request);

		if (err < 0) {
			map->event.failed = piece.iova;
			map->event.failed_errno = -err;
			unmap_pieces_below(map, split, piece.iova.first);
			return err;
		}
	}
	return 0;
}

static int tell(struct map *map, enum verdict verdict, enum refusal refusal, int result)
{
	map->event.verdict = verdict;
	map->event.refusal = refusal;
	map->event.result = result;
	engine_explain(map->engine, &map->event, &map->request);
	return result;
}

static int probe(const struct map *map)
{
	return engine_probe(map->engine, map->container, map->fd, map->iova);
}

/* What has failed for another reason may still have to be EEXIST. */
static bool in_the_way(const struct map *map)
{
	return probe(map) == -EEXIST;
}

static int refuse_for_guard(struct map *map, int err)
{
	map->event.failed_errno = -err;
	if (err == -EFAULT) /* the kernel could not pin it either: vaddr_get_pfns() */
		return tell(map, VERDICT_REFUSE, REFUSED_BY_KERNEL, -EFAULT);
	return tell(
		map, VERDICT_REFUSE, err == -EBUSY ? REFUSED_IN_USE : REFUSED_NO_GUARD, -EINVAL);
}

static int add_split(struct map *map, const struct split *split)
{
	struct lock_hold hold;
	int err;

	lock_take(&map->engine->lock, &hold);
	err = container_split_add(map->container, split);
	lock_drop(&map->engine->lock, &hold);
	if (err)
		engine_unmap_pieces(map->engine, map->container, map->fd, 0, split, split->iova);
	return err;
}

/* With the range claimed: maps it in pieces or, skipped, not at all; guarded where it is RAM. */
static int map_split(struct map *map, bool skipped)
{
	bool guarded = map->engine->policy.guard && map->event.memory == MEMORY_RAM;
	struct split split = {.iova = map->iova,
		.vaddr = map->request.vaddr,
		.holes = map->holes,
		.flags = map->request.flags,
		.guarded = guarded,
		.skipped = skipped};
	int err = 0;

	if (guarded)
		err = engine_guard(map->engine, map->container, &split, &map->event.failed);
	if (err)
		return in_the_way(map) ? -EEXIST : refuse_for_guard(map, err);
	if (!skipped)
		err = map_pieces(map, &split);
	/* A piece that could not be undone would be in its own way. */
	if (err && err != -EEXIST && !map->left && in_the_way(map))
		err = -EEXIST;
	if (!err)
		err = add_split(map, &split);
	if (err)
		engine_unguard(map->engine, map->container, &split);
	map->event.guarded = guarded && !err;
	return tell(map, skipped ? VERDICT_SKIP : VERDICT_SPLIT,
		err ? REFUSED_BY_KERNEL : REFUSED_NOT, err);
}

/* With the range claimed: is something in the way that no piece would meet? A mapping that the
 * kernel holds only in part, or one that it took in a gap. */
static int claimed(struct map *map, bool split, bool skipped)
{
	int err = split ? -EEXIST : map->container->observed ? probe(map) : 0;

	if (!err)
		return map_split(map, skipped);
	if (err == -EEXIST)
		return tell(map, VERDICT_REFUSE, REFUSED_OVERLAP, err);
	map->event.failed = map->iova;
	map->event.failed_errno = -err;
	return tell(map, skipped ? VERDICT_SKIP : VERDICT_SPLIT, REFUSED_BY_KERNEL, err);
}

static int claim_and_map(struct map *map, bool skipped)
{
	struct lock_hold hold;
	struct claim claim;
	bool split;
	int result;

	engine_claim(map->engine, map->container, &claim, map->iova, &hold);
	split = container_split_at(map->container, map->iova) != NULL;
	lock_drop(&map->engine->lock, &hold);
	result = claimed(map, split, skipped);
	engine_release(map->engine, map->container, &claim);
	return result;
}

static int observe(struct map *map, void *argument)
{
	int result = pass(map, argument);

	if (result >= 0)
		map->container->observed = true;
	return tell(map, VERDICT_OBSERVE, REFUSED_NOT, result);
}

/* What is not made in pieces, or not at all: passed on or refused. */
static int act(struct map *map, void *argument, enum verdict verdict)
{
	if (verdict == VERDICT_PASS)
		return pass(map, argument);
	if (verdict == VERDICT_OBSERVE)
		return observe(map, argument);
	return tell(map, VERDICT_REFUSE,
		map->event.memory == MEMORY_TRANSLATED ? REFUSED_TRANSLATED : REFUSED_BY_POLICY,
		-EINVAL);
}

static void begin_event(struct map *map)
{
	map->event = (struct event){.kind = EVENT_MAP,
		.container = map->container,
		.iova = map->iova,
		.holes = map->holes,
		.vaddr = map->request.vaddr,
		.flags = map->request.flags};
}

/* With signals kept out: a claim does that anyway, so that it is one change of the mask for all. */
static int split_or_skip(struct map *map, int err, enum verdict verdict)
{
	/* What cannot be told from a BAR cannot be guarded either; passed on, a kernel that does
	 * not enforce the hole would take it. */
	if (!err)
		return claim_and_map(map, verdict == VERDICT_SKIP);
	map->event.failed = map->iova;
	return refuse_for_guard(map, err == -EFAULT ? -EIO : err);
}

/* The request crosses or lies in holes. */
static int intervene(struct map *map, void *argument)
{
	const struct memory_ops *memory = &map->engine->memory;
	struct range vaddr = {map->request.vaddr, map->request.vaddr + map->request.size - 1};
	struct lock_hold hold;
	enum verdict verdict;
	int err, result = 0;
	bool ours;

	begin_event(map);
	signals_hold(&hold);
	err = memory->classify(memory->context, vaddr, map->iova, &map->event.memory);
	verdict = policy_decide(&map->engine->policy, map->holes, map->iova, map->event.memory);
	ours = verdict == VERDICT_SPLIT || verdict == VERDICT_SKIP;
	if (ours)
		result = split_or_skip(map, err, verdict);
	signals_release(&hold);
	return ours ? result : act(map, argument, verdict);
}

/* Not a part of what every mapping comes by, which needs no room for a signal mask. */
static __attribute__((noinline)) bool search_splits(struct map *map)
{
	struct lock_hold hold;
	bool found;

	lock_take(&map->engine->lock, &hold);
	found = container_split_at(map->container, map->iova) != NULL;
	lock_drop(&map->engine->lock, &hold);
	return found;
}

/* True if the request overlaps a mapping of which the kernel holds only pieces. */
static bool exists(struct map *map)
{
	return container_splits_near(map->container, map->iova) && search_splits(map);
}

enum route { ROUTE_PASS, ROUTE_VADDR, ROUTE_EXISTS, ROUTE_INTERVENE };

/* Reads the request, once, and finds what becomes of it. */
static enum route find_route(struct map *map, const void *argument)
{
	const struct container *container = map->container;

	map->holes = container->holes;
	memcpy(&map->request, argument, sizeof(map->request));
	if (map->request.flags == VFIO_DMA_MAP_FLAG_VADDR &&
		(container_has_splits(container) || container->inherited))
		return ROUTE_VADDR;
	if (!well_formed(&map->request, map->holes->page))
		return ROUTE_PASS;
	map->iova = (struct range){map->request.iova, map->request.iova + map->request.size - 1};
	if (exists(map))
		return ROUTE_EXISTS;
	return hole_set_touches(map->holes, map->iova) ? ROUTE_INTERVENE : ROUTE_PASS;
}

bool engine_map_is_well_formed(const struct container *container, const void *argument)
{
	struct vfio_iommu_type1_dma_map request;

	memcpy(&request, argument, sizeof(request));
	return well_formed(&request, container->holes->page);
}

bool engine_map_passes(struct engine *engine, struct container *container, const void *argument)
{
	struct map map;

	map.engine = engine;
	map.container = container;
	return find_route(&map, argument) == ROUTE_PASS;
}

int engine_map(struct engine *engine, struct container *container, int fd, void *argument)
{
	struct map map;
	int result = 0;

	map.engine = engine;
	map.container = container;
	map.fd = fd;
	switch (find_route(&map, argument)) {
	case ROUTE_VADDR:
		result = engine_map_vaddr(engine, container, fd, argument);
		break;
	case ROUTE_EXISTS:
		begin_event(&map);
		map.event.memory = MEMORY_UNKNOWN;
		return tell(&map, VERDICT_REFUSE, REFUSED_OVERLAP, -EEXIST);
	case ROUTE_INTERVENE:
		return intervene(&map, argument);
	case ROUTE_PASS:
		result = pass(&map, argument);
		break;
	}
	if (__builtin_expect(result < 0, 0))
		engine_explain_pass(engine, container, map.holes, &map.request, result);
	return result;
}
