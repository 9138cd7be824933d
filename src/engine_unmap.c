/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VFIO_IOMMU_UNMAP_DMA over mappings of which the kernel holds only pieces. */
#include "engine_internal.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <string.h>

struct unmap {
	struct engine *engine;
	struct container *container;
	int fd;
	struct range iova;
	struct vfio_iommu_type1_dma_unmap request; /* a private copy, read once */
};

static int pass(const struct unmap *unmap, void *argument)
{
	const struct kernel_ops *kernel = &unmap->engine->kernel;

	return kernel->ioctl(kernel->context, unmap->fd, VFIO_IOMMU_UNMAP_DMA, argument);
}

static void write_size(void *argument, uint64_t size)
{
	memcpy((char *)argument + offsetof(struct vfio_iommu_type1_dma_unmap, size), &size,
		sizeof(size));
}

static uint64_t read_size(const void *argument)
{
	uint64_t size;

	memcpy(&size, (const char *)argument + offsetof(struct vfio_iommu_type1_dma_unmap, size),
		sizeof(size));
	return size;
}

/* False for what vfio_dma_do_unmap() refuses before it looks at any mapping. */
static bool well_formed(struct unmap *unmap, uint64_t page)
{
	const struct vfio_iommu_type1_dma_unmap *request = &unmap->request;

	if (request->argsz < sizeof(*request))
		return false;
	if (request->flags & VFIO_DMA_UNMAP_FLAG_ALL) {
		unmap->iova = (struct range){0, UINT64_MAX};
		return !request->iova && !request->size;
	}
	unmap->iova = (struct range){request->iova, request->iova + request->size - 1};
	return request->size && unmap->iova.first <= unmap->iova.last &&
	       !((request->iova | request->size) & (page - 1));
}

/* With the lock held: does the request cut a split in two? type1v2 refuses that, with EINVAL. */
static bool bisects(const struct unmap *unmap)
{
	const struct container *container = unmap->container;
	const struct split *first, *last;

	first = container_split_at(container, (struct range){unmap->iova.first, unmap->iova.first});
	last = container_split_at(container, (struct range){unmap->iova.last, unmap->iova.last});
	return (first && first->iova.first < unmap->iova.first) ||
	       (last && last->iova.last > unmap->iova.last);
}

/* With the lock held: bytes of gaps in the splits of the request. */
static uint64_t gap_bytes(const struct unmap *unmap)
{
	const struct container *container = unmap->container;
	size_t i = container_split_from(container, unmap->iova.first);
	uint64_t bytes = 0;

	for (; i < container->n_splits && container->splits[i].iova.first <= unmap->iova.last;
		i++) {
		const struct split *split = &container->splits[i];

		bytes += split->skipped ? range_size(split->iova)
					: dma_split_gap_bytes(split->holes, split->iova);
	}
	return bytes;
}

/* Takes the first split of the request out. False when there is none left. */
static bool take_split(const struct unmap *unmap, struct split *split)
{
	struct engine *engine = unmap->engine;
	struct container *container = unmap->container;
	struct lock_hold hold;
	struct split *found;

	lock_take(&engine->lock, &hold);
	found = container_split_at(container, unmap->iova);
	if (found) {
		*split = *found;
		container_split_remove(container, (size_t)(found - container->splits));
	}
	lock_drop(&engine->lock, &hold);
	return found != NULL;
}

static void forget_splits(const struct unmap *unmap)
{
	struct split split;

	while (take_split(unmap, &split))
		engine_unguard(unmap->engine, unmap->container, &split);
}

void engine_forget_splits(struct engine *engine, struct container *container)
{
	forget_splits(
		&(struct unmap){.engine = engine, .container = container, .iova = {0, UINT64_MAX}});
}

/* With the range claimed and no split cut in two. */
static int unmap_whole(struct unmap *unmap, void *argument, uint64_t gaps)
{
	int result = pass(unmap, argument);
	uint64_t kernel_bytes;

	if (result < 0)
		return result;
	kernel_bytes = read_size(argument);
	write_size(argument, kernel_bytes + gaps);
	if (!(unmap->request.flags & VFIO_DMA_UNMAP_FLAG_VADDR))
		forget_splits(unmap);
	engine_tell(unmap->engine, &(struct event){.kind = EVENT_UNMAP,
					   .container = unmap->container,
					   .iova = unmap->iova,
					   .holes = unmap->container->holes,
					   .reported = kernel_bytes + gaps,
					   .kernel_bytes = kernel_bytes});
	return result;
}

static int unmap_claimed(struct unmap *unmap, void *argument, struct lock_hold *hold)
{
	bool touches = container_split_at(unmap->container, unmap->iova) != NULL;
	bool refused = touches && bisects(unmap);
	uint64_t gaps = touches ? gap_bytes(unmap) : 0;

	lock_drop(&unmap->engine->lock, hold);
	if (refused)
		return -EINVAL;
	return touches ? unmap_whole(unmap, argument, gaps) : pass(unmap, argument);
}

int engine_unmap(struct engine *engine, struct container *container, int fd, void *argument)
{
	struct unmap unmap = {.engine = engine, .container = container, .fd = fd};
	struct lock_hold hold;
	struct claim claim;
	int result;

	if (!container_has_splits(container))
		return pass(&unmap, argument);
	memcpy(&unmap.request, argument, sizeof(unmap.request));
	if (!well_formed(&unmap, container->page))
		return pass(&unmap, argument);
	engine_claim(engine, container, &claim, unmap.iova, &hold);
	result = unmap_claimed(&unmap, argument, &hold);
	engine_release(engine, container, &claim);
	return result;
}
