/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VFIO_IOMMU_UNMAP_DMA over mappings of which the kernel holds only pieces. The rules are those of
 * vfio_dma_do_unmap() (Linux 6.12), applied to what the VMM believes mapped. */
#include "engine_internal.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <string.h>

static const uint32_t known_flags =
	VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP | VFIO_DMA_UNMAP_FLAG_ALL | VFIO_DMA_UNMAP_FLAG_VADDR;

struct unmap {
	struct engine *engine;
	struct container *container;
	int fd;
	void *argument; /* the VMM's */
	struct range iova;
	bool v1, all, vaddr, dirty;
	struct vfio_bitmap bitmap; /* with dirty */
	uint64_t gaps;		   /* bytes that the VMM takes for mapped and the kernel does not */
	bool pieces;		   /* the kernel has mappings that begin in the request */
	struct vfio_iommu_type1_dma_unmap request; /* a private copy, read once */
};

static int unmap_ioctl(const struct unmap *unmap, void *argument)
{
	const struct kernel_ops *kernel = &unmap->engine->kernel;

	return kernel->ioctl(kernel->context, unmap->fd, VFIO_IOMMU_UNMAP_DMA, argument);
}

static void write_size(const struct unmap *unmap, uint64_t size)
{
	memcpy((char *)unmap->argument + offsetof(struct vfio_iommu_type1_dma_unmap, size), &size,
		sizeof(size));
}

static uint64_t read_size(const struct unmap *unmap)
{
	struct vfio_iommu_type1_dma_unmap reply;

	memcpy(&reply, unmap->argument, sizeof(reply));
	return reply.size;
}

/* vfio_iommu_type1_unmap_dma()'s checks; v1 never has dirty tracking on. */
static bool read_flags(struct unmap *unmap)
{
	const struct vfio_iommu_type1_dma_unmap *request = &unmap->request;

	unmap->all = request->flags & VFIO_DMA_UNMAP_FLAG_ALL;
	unmap->vaddr = request->flags & VFIO_DMA_UNMAP_FLAG_VADDR;
	unmap->dirty = request->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	if (!unmap->dirty)
		return true;
	if (unmap->all || unmap->vaddr || unmap->v1 ||
		request->argsz < sizeof(*request) + sizeof(unmap->bitmap))
		return false;
	memcpy(&unmap->bitmap, (const char *)unmap->argument + sizeof(*request),
		sizeof(unmap->bitmap));
	return unmap->bitmap.pgsize == unmap->container->page && bitmap_given(&unmap->bitmap);
}

/* verify_bitmap_size(): a bit for each page, in whole words. */
static bool bitmap_fits(const struct unmap *unmap)
{
	uint64_t pages = unmap->request.size / unmap->container->page;

	return !unmap->dirty || unmap->bitmap.size >= (pages + 63) / 64 * sizeof(uint64_t);
}

/* False for what the kernel refuses before it looks at any mapping. */
static bool well_formed(struct unmap *unmap)
{
	const struct vfio_iommu_type1_dma_unmap *request = &unmap->request;

	if (request->argsz < sizeof(*request) || request->flags & ~known_flags ||
		!read_flags(unmap))
		return false;
	if (unmap->all) {
		unmap->iova = (struct range){0, UINT64_MAX};
		return !request->iova && !request->size;
	}
	unmap->iova = (struct range){request->iova, request->iova + request->size - 1};
	return request->size && unmap->iova.first <= unmap->iova.last &&
	       !((request->iova | request->size) & (unmap->container->page - 1)) &&
	       bitmap_fits(unmap);
}

bool engine_bisects(const struct container *container, struct range iova)
{
	const struct split *first, *last;

	first = container_split_at(container, (struct range){iova.first, iova.first});
	last = container_split_at(container, (struct range){iova.last, iova.last});
	return (first && first->iova.first < iova.first) || (last && last->iova.last > iova.last);
}

/* True if the kernel has a piece of @split that begins in @iova. */
static bool has_piece_from(const struct split *split, struct range iova)
{
	struct dma_split walk = dma_split_start(split->holes, split->iova);
	struct dma_part piece;

	while (!split->skipped && dma_split_next_piece(&walk, &piece))
		if (piece.iova.first >= iova.first)
			return piece.iova.first <= iova.last;
	return false;
}

/* With the lock held: sums up the splits of the request. False if it must fail: one of them is
 * without its vaddr already. (Under v1, where a mapping reaches in from below, that would have come
 * first, with success and nothing done; it cannot be told from here.) */
static bool survey(struct unmap *unmap)
{
	const struct container *container = unmap->container;
	size_t i = container_split_from(container, unmap->iova.first);

	for (; i < container->n_splits && container->splits[i].iova.first <= unmap->iova.last;
		i++) {
		const struct split *split = &container->splits[i];

		if (unmap->vaddr && split->vaddr_invalid)
			return false;
		if (split->skipped)
			unmap->gaps += range_size(split->iova);
		else
			unmap->gaps += dma_split_gap_bytes(split->holes, split->iova);
		unmap->pieces |= has_piece_from(split, unmap->iova);
	}
	return true;
}

/* A copy of the first split of the request at or above @from. False if there is none. */
static bool copy_split(const struct unmap *unmap, uint64_t from, struct split *split)
{
	struct lock_hold hold;
	struct split *found;

	lock_take(&unmap->engine->lock, &hold);
	found = container_split_at(unmap->container, (struct range){from, unmap->iova.last});
	if (found)
		*split = *found;
	lock_drop(&unmap->engine->lock, &hold);
	return found != NULL;
}

/* Taken out all at once: of many, one by one would move the others each time. */
static void forget_splits(const struct unmap *unmap)
{
	uint64_t from = unmap->iova.first;
	struct lock_hold hold;
	struct split split;

	while (copy_split(unmap, from, &split)) {
		engine_unguard(unmap->engine, unmap->container, &split);
		if (split.iova.last >= unmap->iova.last)
			break;
		from = split.iova.last + 1;
	}
	lock_take(&unmap->engine->lock, &hold);
	container_splits_remove(unmap->container, unmap->iova);
	lock_drop(&unmap->engine->lock, &hold);
}

void engine_forget_splits(struct engine *engine, struct container *container)
{
	forget_splits(
		&(struct unmap){.engine = engine, .container = container, .iova = {0, UINT64_MAX}});
}

static void invalidate_splits(const struct unmap *unmap)
{
	struct container *container = unmap->container;
	struct lock_hold hold;
	size_t i;

	lock_take(&unmap->engine->lock, &hold);
	i = container_split_from(container, unmap->iova.first);
	for (; i < container->n_splits && container->splits[i].iova.first <= unmap->iova.last; i++)
		container->splits[i].vaddr_invalid = true;
	lock_drop(&unmap->engine->lock, &hold);
}

/* v1 takes a mapping whole if its start is in the request: the last split's other pieces too. */
static uint64_t unmap_tail(const struct unmap *unmap)
{
	const struct split *last;
	struct split split = {0};
	struct dma_split walk;
	struct dma_part piece;
	struct lock_hold hold;
	uint64_t bytes = 0;

	lock_take(&unmap->engine->lock, &hold);
	last = container_split_at(
		unmap->container, (struct range){unmap->iova.last, unmap->iova.last});
	if (last)
		split = *last;
	lock_drop(&unmap->engine->lock, &hold);
	if (!last || split.skipped)
		return 0;
	walk = dma_split_start(split.holes, split.iova);
	while (dma_split_next_piece(&walk, &piece))
		if (piece.iova.first > unmap->iova.last)
			bytes += engine_unmap_piece(unmap->engine, unmap->container, unmap->fd,
				unmap->request.flags, piece.iova);
	return bytes;
}

/* v1 does nothing at all if a mapping reaches into the request from below: then, after a call that
 * removed nothing, one still holds the first page. */
static bool straddled(const struct unmap *unmap)
{
	const struct range page = {
		unmap->iova.first, unmap->iova.first + unmap->container->page - 1};

	return unmap->pieces ||
	       engine_probe(unmap->engine, unmap->container, unmap->fd, page) == -EEXIST;
}

/* The kernel is done: does the rest of it, and says what a kernel without holes would say. */
static void complete(struct unmap *unmap)
{
	uint64_t kernel_bytes = read_size(unmap);

	if (unmap->v1 && !unmap->all && !kernel_bytes && straddled(unmap))
		return;
	if (unmap->v1 && !unmap->all)
		kernel_bytes += unmap_tail(unmap);
	/* Another process that shares the container has unmapped them already. */
	if (!kernel_bytes && unmap->pieces)
		unmap->gaps = 0;
	write_size(unmap, kernel_bytes + unmap->gaps);
	if (unmap->vaddr)
		invalidate_splits(unmap);
	else
		forget_splits(unmap);
	engine_tell(unmap->engine, &(struct event){.kind = EVENT_UNMAP,
					   .container = unmap->container,
					   .iova = unmap->iova,
					   .holes = unmap->container->holes,
					   .flags = unmap->request.flags,
					   .reported = kernel_bytes + unmap->gaps,
					   .kernel_bytes = kernel_bytes});
}

static int unmap_splits(struct unmap *unmap)
{
	struct dirty_gaps gaps = {0};
	int result;

	if (unmap->dirty) {
		result = dirty_gaps_prepare(
			&gaps, unmap->engine, unmap->container, unmap->iova, &unmap->bitmap);
		if (result)
			return result;
	}
	result = unmap_ioctl(unmap, unmap->argument);
	if (unmap->dirty)
		dirty_gaps_finish(&gaps, result >= 0);
	if (result >= 0)
		complete(unmap);
	return result;
}

/* A container that came from a former self of this process, or from another: what it holds is not
 * known. But a range that is mapped whole around its holes was mapped as one. */
static int unmap_inherited(struct unmap *unmap)
{
	const struct hole_set *holes = unmap->container->holes;
	int result = unmap_ioctl(unmap, unmap->argument);
	uint64_t gaps;

	if (result < 0 || unmap->all || !hole_set_touches(holes, unmap->iova))
		return result;
	gaps = dma_split_gap_bytes(holes, unmap->iova);
	if (gaps != unmap->request.size && read_size(unmap) == unmap->request.size - gaps)
		write_size(unmap, unmap->request.size);
	return result;
}

/* With the range claimed and the lock held, which is dropped. */
static int unmap_claimed(struct unmap *unmap, struct lock_hold *hold)
{
	const struct container *container = unmap->container;
	bool touches = container_split_at(container, unmap->iova) != NULL;
	bool cut = touches && !unmap->all && engine_bisects(container, unmap->iova);
	const struct split *first = touches ? container_split_at(container, unmap->iova) : NULL;
	bool below = first && first->iova.first < unmap->iova.first;
	bool possible = !touches || survey(unmap);

	lock_drop(&unmap->engine->lock, hold);
	if (!touches)
		return container->inherited ? unmap_inherited(unmap)
					    : unmap_ioctl(unmap, unmap->argument);
	if (unmap->v1 && below) {
		write_size(unmap, 0);
		return 0;
	}
	if ((!unmap->v1 && cut) || !possible)
		return -EINVAL;
	return unmap_splits(unmap);
}

static int unmap_locked(struct unmap *unmap)
{
	/* v1 reaches past the request's end. */
	struct range reach = unmap->v1 ? (struct range){0, UINT64_MAX} : unmap->iova;
	struct lock_hold hold;
	struct claim claim;
	int result;

	engine_claim(unmap->engine, unmap->container, &claim, reach, &hold);
	result = unmap_claimed(unmap, &hold);
	engine_release(unmap->engine, unmap->container, &claim);
	return result;
}

/* Nothing is known here that the kernel does not know. */
static bool is_simple(const struct container *container)
{
	return !container_has_splits(container) && !container->inherited;
}

/* True if the kernel's own answer is the right one. Reads the request, once. Under v1, what lies in
 * the request can reach out of it. */
static bool passes(struct unmap *unmap)
{
	const struct container *container = unmap->container;

	unmap->v1 = container->type == VFIO_TYPE1_IOMMU;
	memcpy(&unmap->request, unmap->argument, sizeof(unmap->request));
	if (!well_formed(unmap))
		return true;
	return !unmap->v1 && !container->inherited && !container->claims &&
	       !container_splits_near(container, unmap->iova);
}

/* What touches a hole can meet a split that another thread makes before the kernel has the call. */
bool engine_unmap_passes(struct container *container, void *argument)
{
	struct unmap unmap = {.container = container, .argument = argument};

	if (is_simple(container))
		unmap.v1 = container->type == VFIO_TYPE1_IOMMU;
	else if (!passes(&unmap))
		return false;
	memcpy(&unmap.request, argument, sizeof(unmap.request));
	return !well_formed(&unmap) || !hole_set_touches(container->holes, unmap.iova);
}

int engine_unmap(struct engine *engine, struct container *container, int fd, void *argument)
{
	const struct kernel_ops *kernel = &engine->kernel;
	struct unmap unmap;

	if (is_simple(container))
		return kernel->ioctl(kernel->context, fd, VFIO_IOMMU_UNMAP_DMA, argument);
	unmap = (struct unmap){
		.engine = engine, .container = container, .fd = fd, .argument = argument};
	if (passes(&unmap))
		return unmap_ioctl(&unmap, argument);
	return container->inherited && !container_has_splits(container) ? unmap_inherited(&unmap)
									: unmap_locked(&unmap);
}
