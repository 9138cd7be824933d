/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VFIO_IOMMU_MAP_DMA with FLAG_VADDR (live update): a mapping that is split takes its new address
 * in the same pieces, and its guard moves along. */
#include "engine_internal.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

struct remap {
	struct engine *engine;
	struct container *container;
	int fd;
	struct vfio_iommu_type1_dma_map request;
	struct range iova;
};

static int remap_ioctl(const struct remap *remap, void *argument)
{
	const struct kernel_ops *kernel = &remap->engine->kernel;

	return kernel->ioctl(kernel->context, remap->fd, VFIO_IOMMU_MAP_DMA, argument);
}

/* Takes the address away again from the pieces below @end. */
static void invalidate_below(const struct remap *remap, const struct split *split, uint64_t end)
{
	if (end > split->iova.first)
		engine_unmap_pieces(remap->engine, remap->container, remap->fd,
			VFIO_DMA_UNMAP_FLAG_VADDR, split,
			(struct range){split->iova.first, end - 1});
}

static int remap_pieces(const struct remap *remap, const struct split *split)
{
	struct dma_split walk = dma_split_start(split->holes, split->iova);
	struct dma_part piece;

	while (!split->skipped && dma_split_next_piece(&walk, &piece)) {
		struct vfio_iommu_type1_dma_map request = {.argsz = sizeof(request),
			.flags = VFIO_DMA_MAP_FLAG_VADDR,
			.vaddr = remap->request.vaddr + piece.offset,
			.iova = piece.iova.first,
			.size = range_size(piece.iova)};
		int err = remap_ioctl(remap, &request);

		if (err < 0) {
			invalidate_below(remap, split, piece.iova.first);
			return err;
		}
	}
	return 0;
}

/* The guard goes up at the new address before it comes down at the old one, which a process that
 * took the container over does not have. */
static int remap_split(const struct remap *remap, struct split *split, bool adopted)
{
	struct split moved = *split;
	struct range failed;
	int err = 0;

	moved.vaddr = remap->request.vaddr;
	moved.vaddr_invalid = false;
	if (moved.guarded)
		err = engine_guard(remap->engine, remap->container, &moved, &failed);
	if (err)
		return err == -EFAULT ? -EFAULT : -EINVAL;
	err = remap_pieces(remap, &moved);
	if (err || !adopted)
		engine_unguard(remap->engine, remap->container, err ? &moved : split);
	if (!err)
		*split = moved;
	return err;
}

/* With the range claimed: vfio_dma_do_map() wants the very mapping, without its address. */
static int remap_found(const struct remap *remap, const struct split *found)
{
	struct split split = *found, *at;
	struct lock_hold hold;
	int err;

	if (!split.vaddr_invalid || split.iova.first != remap->iova.first ||
		split.iova.last != remap->iova.last)
		return -EINVAL;
	err = remap_split(remap, &split, false);
	if (err)
		return err;
	lock_take(&remap->engine->lock, &hold);
	at = container_split_at(remap->container, remap->iova);
	if (at)
		*at = split;
	lock_drop(&remap->engine->lock, &hold);
	return 0;
}

static bool well_formed(struct remap *remap)
{
	const struct vfio_iommu_type1_dma_map *request = &remap->request;

	remap->iova = (struct range){request->iova, request->iova + request->size - 1};
	return request->argsz >= sizeof(*request) && request->size &&
	       remap->iova.first <= remap->iova.last &&
	       request->vaddr + request->size - 1 >= request->vaddr &&
	       !((request->iova | request->vaddr | request->size) & (remap->container->page - 1));
}

/* A mapping that a former self of this process made: over these holes it is in these pieces. */
static int adopt(struct remap *remap)
{
	const struct memory_ops *memory = &remap->engine->memory;
	struct range vaddr = {remap->request.vaddr, remap->request.vaddr + remap->request.size - 1};
	struct split split = {.iova = remap->iova,
		.vaddr = remap->request.vaddr,
		.holes = remap->container->holes,
		.vaddr_invalid = true};
	enum memory_kind kind;
	struct lock_hold hold;
	int err = memory->classify(memory->context, vaddr, remap->iova, &kind);

	split.guarded = !err && kind == MEMORY_RAM && remap->engine->policy.guard;
	err = remap_split(remap, &split, true);
	if (err)
		return err;
	lock_take(&remap->engine->lock, &hold);
	err = container_split_add(remap->container, &split);
	lock_drop(&remap->engine->lock, &hold);
	return err;
}

static int map_claimed(struct remap *remap, void *argument, struct lock_hold *hold)
{
	const struct split *found = container_split_at(remap->container, remap->iova);
	struct split split;

	if (found)
		split = *found;
	lock_drop(&remap->engine->lock, hold);
	if (found)
		return remap_found(remap, &split);
	if (remap->container->inherited &&
		dma_split_fit(remap->container->holes, remap->iova) == DMA_CROSSES)
		return adopt(remap);
	return remap_ioctl(remap, argument);
}

int engine_map_vaddr(struct engine *engine, struct container *container, int fd, void *argument)
{
	struct remap remap = {.engine = engine, .container = container, .fd = fd};
	struct lock_hold hold;
	struct claim claim;
	int result;

	memcpy(&remap.request, argument, sizeof(remap.request));
	if (!well_formed(&remap))
		return remap_ioctl(&remap, argument);
	engine_claim(engine, container, &claim, remap.iova, &hold);
	result = map_claimed(&remap, argument, &hold);
	engine_release(engine, container, &claim);
	return result;
}
