// SPDX-License-Identifier: GPL-2.0-or-later
/* VFIO_IOMMU_MAP_DMA and VFIO_IOMMU_UNMAP_DMA: the checks, in the kernel's order. */
#include <errno.h>

#include <linux/vfio.h>

#include "type1.h"

#define MAP_FLAGS_ACCESS (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* VFIO_DMA_MAP_FLAG_VADDR, UNMAP_FLAG_ALL and UNMAP_FLAG_VADDR came together. */
static bool has_vaddr_update(const struct type1 *t)
{
	return t->kernel->version >= MODEL_KERNEL(5, 12);
}

/* Since 6.18 a wrap is told from other invalid arguments (check_add_overflow()). */
static int wrap_error(const struct type1 *t)
{
	return t->kernel->version >= MODEL_KERNEL(6, 18) ? -EOVERFLOW : -EINVAL;
}

/*
 * Pin and account all of @dma, as vfio_pin_map_dma() does chunk by chunk. The caller marks
 * it iommu_mapped. 0, -ENOMEM past RLIMIT_MEMLOCK, or what env->pin says.
 */
int type1_pin(struct type1 *t, struct dma *dma)
{
	struct type1_kernel *k = t->kernel;
	uint64_t pages = dma->size >> 12;
	int ret = 0;

	if (k->env->pin)
		ret = k->env->pin(dma->vaddr, dma->size, dma->can_write);
	if (ret)
		return ret;
	if (k->memlock_pages != UINT64_MAX &&
		(k->locked_pages > k->memlock_pages || pages > k->memlock_pages - k->locked_pages))
		return -ENOMEM;
	dma->locked = pages;
	k->locked_pages += pages;
	return 0;
}

/*
 * vfio_unmap_unpin() goes from iova to iova + size: before 6.18, where that is 2^64 it does
 * nothing, and the pages stay pinned and accounted.
 */
void type1_unpin(struct type1 *t, struct dma *dma)
{
	if (!t->dmas.inclusive && dma->iova + dma->size < dma->iova)
		return;
	t->kernel->locked_pages -= dma->locked;
	dma->locked = 0;
}

void type1_remove(struct type1 *t, struct dma *dma)
{
	if (dma->iommu_mapped)
		type1_unpin(t, dma);
	dma_tree_erase(&t->dmas, dma);
	t->kernel->env->free(dma->dirty);
	if (dma->vaddr_invalid)
		t->vaddr_invalid--;
	t->kernel->env->free(dma);
	t->dma_avail++;
}

void type1_remove_all(struct type1 *t)
{
	struct dma *dma;

	while ((dma = dma_tree_first(&t->dmas)))
		type1_remove(t, dma);
}

/* vfio_dma_do_map() with VFIO_DMA_MAP_FLAG_VADDR: a new place for an invalidated mapping. */
static int update_vaddr(
	struct type1 *t, struct dma *dma, const struct vfio_iommu_type1_dma_map *map)
{
	if (!dma)
		return -ENOENT;
	if (!dma->vaddr_invalid || dma->iova != map->iova || dma->size != map->size)
		return -EINVAL;
	dma->vaddr = map->vaddr;
	dma->vaddr_invalid = false;
	t->vaddr_invalid--;
	return 0;
}

/* A mapping that passed every check. */
static int add_mapping(struct type1 *t, const struct vfio_iommu_type1_dma_map *map)
{
	struct dma *dma = t->kernel->env->zalloc(sizeof(*dma));
	int ret = 0;

	if (!dma)
		return -ENOMEM;
	dma->iova = map->iova;
	dma->vaddr = map->vaddr;
	dma->size = map->size;
	dma->can_read = map->flags & VFIO_DMA_MAP_FLAG_READ;
	dma->can_write = map->flags & VFIO_DMA_MAP_FLAG_WRITE;
	if (t->domains) {
		ret = type1_pin(t, dma);
		dma->iommu_mapped = !ret;
	}
	t->dma_avail--;
	dma_tree_insert(&t->dmas, dma);
	if (!ret && t->tracking)
		ret = type1_track(t, dma);
	if (ret)
		type1_remove(t, dma);
	return ret;
}

/* Size, wrap and alignment; none of them depends on what is mapped. */
static int check_arguments(const struct type1 *t, const struct vfio_iommu_type1_dma_map *map)
{
	bool access = map->flags & MAP_FLAGS_ACCESS;
	bool vaddr = map->flags & VFIO_DMA_MAP_FLAG_VADDR;

	if (!map->size)
		return -EINVAL;
	if (map->iova + map->size - 1 < map->iova || map->vaddr + map->size - 1 < map->vaddr)
		return wrap_error(t);
	if (access == vaddr)
		return -EINVAL;
	if ((map->size | map->iova | map->vaddr) & (type1_page(t) - 1))
		return -EINVAL;
	return 0;
}

static int do_map(struct type1 *t, const struct vfio_iommu_type1_dma_map *map)
{
	struct model_range range = {map->iova, map->iova + map->size - 1};
	int ret = check_arguments(t, map);
	struct dma *dma;

	if (ret)
		return ret;
	dma = dma_tree_find(&t->dmas, map->iova, map->size);
	if (map->flags & VFIO_DMA_MAP_FLAG_VADDR)
		return update_vaddr(t, dma, map);
	if (dma)
		return -EEXIST;
	if (!t->dma_avail)
		return -ENOSPC;
	/* vfio_iommu_iova_dma_valid() */
	if (!windows_allow(&t->windows, range))
		return -EINVAL;
	return add_mapping(t, map);
}

int type1_map_ioctl(struct type1 *t, uint64_t arg)
{
	uint32_t known = MAP_FLAGS_ACCESS;
	struct vfio_iommu_type1_dma_map map;

	if (has_vaddr_update(t))
		known |= VFIO_DMA_MAP_FLAG_VADDR;
	if (t->kernel->env->copy_in(&map, arg, sizeof(map)))
		return -EFAULT;
	if (map.argsz < sizeof(map) || map.flags & ~known)
		return -EINVAL;
	return do_map(t, &map);
}

/* The two-end rule of type1v2: no mapping may be cut by @iova's or by the range's end. */
static bool bisects(const struct type1 *t, uint64_t iova, uint64_t size)
{
	struct dma *dma = dma_tree_find(&t->dmas, iova, 1);

	if (dma && dma->iova != iova)
		return true;
	dma = dma_tree_find(&t->dmas, iova + size - 1, 0);
	return dma && dma->iova + dma->size != iova + size;
}

/* Is @dma beyond the range? A range that ends at 2^64 has no room before 6.18. */
static bool beyond(const struct type1 *t, const struct dma *dma, uint64_t iova, uint64_t size)
{
	if (t->dmas.inclusive)
		return dma->iova > iova + size - 1;
	return dma->iova >= iova + size;
}

/* VFIO_DMA_UNMAP_FLAG_VADDR over the mappings from @first. 0 or -EINVAL, and then no change. */
static int invalidate(
	struct type1 *t, struct dma *first, uint64_t iova, uint64_t size, uint64_t *unmapped)
{
	struct dma *dma = first;

	for (; dma && !beyond(t, dma, iova, size); dma = dma_tree_next(dma)) {
		if (!t->v2 && iova > dma->iova)
			break;
		if (dma->vaddr_invalid) {
			for (struct dma *d = first; d != dma; d = dma_tree_next(d)) {
				d->vaddr_invalid = false;
				t->vaddr_invalid--;
			}
			*unmapped = 0;
			return -EINVAL;
		}
		dma->vaddr_invalid = true;
		t->vaddr_invalid++;
		*unmapped += dma->size;
	}
	return 0;
}

/* Removes mappings from @dma on; with @bitmap, reports what was dirty in each first. */
static int remove_range(struct type1 *t, struct dma *dma, struct model_range range,
	const struct vfio_bitmap *bitmap, uint64_t *unmapped)
{
	uint64_t size = range.last - range.first + 1;
	struct dma *next;

	for (; dma && !beyond(t, dma, range.first, size); dma = next) {
		if (!t->v2 && range.first > dma->iova)
			break;
		if (bitmap && type1_report_dirty(t, dma, range.first, (uintptr_t)bitmap->data))
			return -EFAULT;
		*unmapped += dma->size;
		next = dma_tree_next(dma);
		type1_remove(t, dma);
	}
	return 0;
}

/* The range of vfio_dma_do_unmap(), checked. ALL is [0, 2^64-2], as the kernel has it. */
static int unmap_range(const struct type1 *t, const struct vfio_iommu_type1_dma_unmap *unmap,
	struct model_range *range)
{
	uint64_t mask = type1_page(t) - 1, size = unmap->size;

	if (unmap->iova & mask)
		return -EINVAL;
	if (unmap->flags & VFIO_DMA_UNMAP_FLAG_ALL) {
		if (unmap->iova || size)
			return -EINVAL;
		size = UINT64_MAX;
	} else if (!size || size & mask) {
		return -EINVAL;
	} else if (unmap->iova + size - 1 < unmap->iova) {
		return wrap_error(t);
	}
	*range = (struct model_range){unmap->iova, unmap->iova + size - 1};
	return 0;
}

static int do_unmap(struct type1 *t, const struct vfio_iommu_type1_dma_unmap *unmap,
	const struct vfio_bitmap *bitmap, uint64_t *unmapped)
{
	bool all = unmap->flags & VFIO_DMA_UNMAP_FLAG_ALL;
	bool vaddr = unmap->flags & VFIO_DMA_UNMAP_FLAG_VADDR;
	struct model_range range;
	struct dma *first;
	uint64_t size;
	int ret;

	if (vaddr && t->emulated)
		return -EBUSY;
	ret = unmap_range(t, unmap, &range);
	if (ret)
		return ret;
	size = range.last - range.first + 1;
	if (bitmap && (!t->tracking || bitmap->pgsize != type1_page(t)))
		return -EINVAL;
	if (t->v2 && !all && bisects(t, range.first, size))
		return -EINVAL;
	first = dma_tree_first_from(&t->dmas, range.first, size);
	if (vaddr)
		return invalidate(t, first, range.first, size, unmapped);
	return remove_range(t, first, range, bitmap, unmapped);
}

/* The bitmap that follows the struct with GET_DIRTY_BITMAP. */
static int read_bitmap(struct type1 *t, uint64_t arg,
	const struct vfio_iommu_type1_dma_unmap *unmap, struct vfio_bitmap *bitmap)
{
	unsigned int shift;

	if (unmap->argsz < sizeof(*unmap) + sizeof(*bitmap))
		return -EINVAL;
	if (t->kernel->env->copy_in(bitmap, arg + sizeof(*unmap), sizeof(*bitmap)))
		return -EFAULT;
	if (!type1_user_range((uintptr_t)bitmap->data, bitmap->size) || !bitmap->pgsize)
		return -EINVAL;
	shift = (unsigned int)__builtin_ctzll(bitmap->pgsize);
	return type1_check_bitmap(unmap->size >> shift, bitmap->size);
}

/* GET_DIRTY_BITMAP goes with neither of the other two. */
static bool flags_clash(uint32_t flags)
{
	return flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP &&
	       flags & (VFIO_DMA_UNMAP_FLAG_ALL | VFIO_DMA_UNMAP_FLAG_VADDR);
}

int type1_unmap_ioctl(struct type1 *t, uint64_t arg)
{
	struct vfio_iommu_type1_dma_unmap unmap;
	struct vfio_bitmap bitmap;
	bool dirty;
	uint32_t known = 0;
	uint64_t unmapped = 0;
	int ret = 0;

	if (t->kernel->version >= MODEL_KERNEL(5, 8))
		known |= VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	if (has_vaddr_update(t))
		known |= VFIO_DMA_UNMAP_FLAG_ALL | VFIO_DMA_UNMAP_FLAG_VADDR;
	if (t->kernel->env->copy_in(&unmap, arg, sizeof(unmap)))
		return -EFAULT;
	if (unmap.argsz < sizeof(unmap) || unmap.flags & ~known || flags_clash(unmap.flags))
		return -EINVAL;
	dirty = unmap.flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	if (dirty)
		ret = read_bitmap(t, arg, &unmap, &bitmap);
	if (!ret)
		ret = do_unmap(t, &unmap, dirty ? &bitmap : NULL, &unmapped);
	if (ret)
		return ret;
	unmap.size = unmapped;
	return t->kernel->env->copy_out(arg, &unmap, sizeof(unmap)) ? -EFAULT : 0;
}
