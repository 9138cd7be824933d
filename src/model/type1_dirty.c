// SPDX-License-Identifier: GPL-2.0-or-later
/* VFIO_IOMMU_DIRTY_PAGES, and the bitmaps that MAP and UNMAP share with it. */
#include <errno.h>

#include <linux/vfio.h>

#include "type1.h"

/* verify_bitmap_size() */
int type1_check_bitmap(uint64_t pages, uint64_t bytes)
{
	if (!pages || !bytes || bytes > DIRTY_BYTES_MAX || bytes < dirty_bytes(pages))
		return -EINVAL;
	return 0;
}

/* access_ok() on x86-64 with four levels: no address that a process cannot have. */
bool type1_user_range(uint64_t address, uint64_t size)
{
	uint64_t end = address + size;

	return end >= address && end <= ((uint64_t)1 << 47) - 4096;
}

/* vfio_dma_bitmap_alloc(): one word more than needed, for the shift in type1_report_dirty(). */
int type1_track(struct type1 *t, struct dma *dma)
{
	uint64_t pages = dma->size / type1_page(t);

	if (pages > DIRTY_PAGES_MAX)
		return -EINVAL;
	dma->dirty = t->kernel->env->zalloc(dirty_bytes(pages) + sizeof(uint64_t));
	return dma->dirty ? 0 : -ENOMEM;
}

static void untrack_until(struct type1 *t, const struct dma *end)
{
	for (struct dma *dma = dma_tree_first(&t->dmas); dma != end; dma = dma_tree_next(dma)) {
		t->kernel->env->free(dma->dirty);
		dma->dirty = NULL;
	}
}

static int start(struct type1 *t)
{
	if (t->tracking)
		return 0;
	for (struct dma *dma = dma_tree_first(&t->dmas); dma; dma = dma_tree_next(dma)) {
		int ret = type1_track(t, dma);

		if (ret) {
			untrack_until(t, dma);
			return ret;
		}
	}
	t->tracking = true;
	return 0;
}

static int stop(struct type1 *t)
{
	if (t->tracking)
		untrack_until(t, NULL);
	t->tracking = false;
	return 0;
}

/*
 * update_user_bitmap(): writes @dma's bits into the caller's bitmap, whose first bit stands
 * for @base. Whole words are written: bits below @dma's in the first word are the caller's
 * own, or'ed in; those above in the last word become whatever the shift left there.
 */
int type1_report_dirty(struct type1 *t, struct dma *dma, uint64_t base, uint64_t user)
{
	const struct model_env *env = t->kernel->env;
	uint64_t page = type1_page(t), bits = dma->size / page;
	uint64_t offset = (dma->iova - base) / page, word;
	unsigned int shift = offset % 64;

	user += offset / 64 * sizeof(word);
	if (t->kernel->tidy)
		dirty_cut(dma->dirty, bits);
	if (t->non_pinned && dma->iommu_mapped)
		dirty_set(dma->dirty, 0, bits);
	if (shift) {
		dirty_shift(dma->dirty, shift, bits + shift);
		if (env->copy_in(&word, user, sizeof(word)))
			return -EFAULT;
		dma->dirty[0] |= word;
	}
	return env->copy_out(user, dma->dirty, dirty_bytes(bits + shift)) ? -EFAULT : 0;
}

/* The two-end rule, for a bitmap: vfio_iova_dirty_bitmap() */
static bool bisects(const struct type1 *t, uint64_t iova, uint64_t size)
{
	struct dma *dma = dma_tree_find(&t->dmas, iova, 1);

	if (dma && dma->iova != iova)
		return true;
	dma = dma_tree_find(&t->dmas, iova + size - 1, 0);
	return dma && dma->iova + dma->size != iova + size;
}

static int report_range(struct type1 *t, uint64_t iova, uint64_t size, uint64_t user)
{
	if (bisects(t, iova, size))
		return -EINVAL;
	for (struct dma *dma = dma_tree_first(&t->dmas); dma; dma = dma_tree_next(dma)) {
		if (dma->iova < iova)
			continue;
		if (dma->iova > iova + size - 1)
			break;
		if (type1_report_dirty(t, dma, iova, user))
			return -EFAULT;
		dirty_clear(dma->dirty, dma->size / type1_page(t));
	}
	return 0;
}

/* Up to 6.17 a range that ends at 2^64 counts as a wrap; since then it does not. */
static int check_wrap(const struct type1 *t, const struct vfio_iommu_type1_dirty_bitmap_get *get)
{
	if (t->kernel->version < MODEL_KERNEL(6, 18))
		return get->iova + get->size < get->iova ? -EINVAL : 0;
	if (!get->size)
		return -EINVAL;
	return get->iova + get->size - 1 < get->iova ? -EOVERFLOW : 0;
}

static int get_bitmap(struct type1 *t, uint64_t arg, size_t room)
{
	struct vfio_iommu_type1_dirty_bitmap_get get;
	uint64_t page = type1_page(t), user;
	int ret;

	if (room < sizeof(get))
		return -EINVAL;
	if (t->kernel->env->copy_in(&get, arg, sizeof(get)))
		return -EFAULT;
	ret = check_wrap(t, &get);
	if (ret)
		return ret;
	user = (uintptr_t)get.bitmap.data;
	if (!type1_user_range(user, get.bitmap.size) || !get.bitmap.pgsize)
		return -EINVAL;
	ret = type1_check_bitmap(get.size >> __builtin_ctzll(get.bitmap.pgsize), get.bitmap.size);
	if (ret)
		return ret;
	if (get.bitmap.pgsize != page || (get.iova | get.size) & (page - 1) || !get.size)
		return -EINVAL;
	return t->tracking ? report_range(t, get.iova, get.size, user) : -EINVAL;
}

int type1_dirty_ioctl(struct type1 *t, uint64_t arg)
{
	struct vfio_iommu_type1_dirty_bitmap dirty;
	size_t size = offsetof(struct vfio_iommu_type1_dirty_bitmap, data);

	if (!t->v2)
		return -EACCES;
	if (t->kernel->env->copy_in(&dirty, arg, size))
		return -EFAULT;
	if (dirty.argsz < size)
		return -EINVAL;
	switch (dirty.flags) {
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_START:
		return start(t);
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP:
		return stop(t);
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP:
		return get_bitmap(t, arg + size, dirty.argsz - size);
	default:
		return -EINVAL; /* unknown, none, or more than one */
	}
}
