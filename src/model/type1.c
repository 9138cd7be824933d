// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups coming to and leaving a type1 container, and its dispatch of ioctls. */
#include <errno.h>

#include <linux/vfio.h>

#include "type1.h"

int type1_init(struct type1 *t, struct type1_kernel *kernel, unsigned long type)
{
	if (type != VFIO_TYPE1_IOMMU && type != VFIO_TYPE1v2_IOMMU &&
		type != VFIO_TYPE1_NESTING_IOMMU)
		return -EINVAL;
	*t = (struct type1){
		.kernel = kernel,
		.dmas.inclusive = kernel->version >= MODEL_KERNEL(6, 18),
		.pgsizes = ~(uint64_t)0xfff,
		.dma_avail = kernel->entry_limit,
		.v2 = type != VFIO_TYPE1_IOMMU,
	};
	return 0;
}

static void free_members(struct type1 *t, struct type1_member **list)
{
	struct type1_member *m;

	while ((m = *list)) {
		*list = m->next;
		t->kernel->env->free(m);
	}
}

void type1_release(struct type1 *t)
{
	struct type1_domain *d;

	free_members(t, &t->emulated);
	type1_remove_all(t);
	while ((d = t->domains)) {
		t->domains = d->next;
		free_members(t, &d->members);
		t->kernel->env->free(d);
	}
	t->windows.count = 0;
}

static struct type1_member **find_member(
	struct type1_member **list, const struct model_group *group)
{
	while (*list && (*list)->group != group)
		list = &(*list)->next;
	return *list ? list : NULL;
}

static bool is_attached(struct type1 *t, const struct model_group *group)
{
	for (struct type1_domain *d = t->domains; d; d = d->next)
		if (find_member(&d->members, group))
			return true;
	return find_member(&t->emulated, group);
}

/* vfio_iommu_aper_conflict(): a mapping would be left outside @aperture, or nothing inside. */
static bool aperture_conflicts(const struct type1 *t, struct model_range aperture)
{
	struct model_range all;

	if (!t->windows.count)
		return false;
	all.first = t->windows.range[0].first;
	all.last = t->windows.range[t->windows.count - 1].last;
	if (aperture.first > all.last || aperture.last < all.first)
		return true;
	if (aperture.first > all.first &&
		dma_tree_find(&t->dmas, all.first, aperture.first - all.first))
		return true;
	return aperture.last < all.last &&
	       dma_tree_find(&t->dmas, aperture.last + 1, all.last - aperture.last);
}

/* vfio_iommu_resv_conflict() */
static bool region_conflicts(const struct type1 *t, const struct model_group *group)
{
	for (size_t i = 0; i < group->nr_regions; i++) {
		const struct model_region *r = &group->regions[i];

		if (r->type == MODEL_DIRECT_RELAXABLE)
			continue;
		if (dma_tree_find(&t->dmas, r->range.first, r->range.last - r->range.first + 1))
			return true;
	}
	return false;
}

static bool enforces(const struct type1 *t)
{
	return t->kernel->version >= MODEL_KERNEL(5, 4);
}

/* The windows @t would have with @group in it. 0 or -EINVAL. */
static int windows_with(const struct type1 *t, const struct model_group *group, struct windows *w)
{
	*w = t->windows;
	if (!enforces(t))
		return 0;
	if (aperture_conflicts(t, group->aperture) || region_conflicts(t, group))
		return -EINVAL;
	windows_resize(w, group->aperture);
	for (size_t i = 0; i < group->nr_regions; i++)
		windows_exclude(w, &group->regions[i]);
	return w->count ? 0 : -EINVAL;
}

static bool same_domain(const struct type1_domain *d, const struct model_group *group)
{
	return d->aperture.first == group->aperture.first &&
	       d->aperture.last == group->aperture.last && d->pgsizes == group->pgsizes &&
	       d->coherent == group->coherent;
}

/* vfio_update_pgsize_bitmap(): sizes below the processor's page stand for that page. */
static void update_pgsizes(struct type1 *t)
{
	uint64_t sizes = UINT64_MAX;

	for (struct type1_domain *d = t->domains; d; d = d->next)
		sizes &= d->pgsizes;
	if (sizes & 0xfff)
		sizes = (sizes & ~(uint64_t)0xfff) | 0x1000;
	t->pgsizes = sizes;
}

/* vfio_iommu_replay(): what was mapped while there was no IOMMU is pinned now. */
static int replay(struct type1 *t)
{
	struct dma *dma, *undo;
	int ret = 0;

	for (dma = dma_tree_first(&t->dmas); dma && !ret; dma = ret ? dma : dma_tree_next(dma))
		if (!dma->iommu_mapped)
			ret = type1_pin(t, dma);
	if (ret) {
		for (undo = dma_tree_first(&t->dmas); undo != dma; undo = dma_tree_next(undo))
			if (!undo->iommu_mapped)
				type1_unpin(t, undo);
		return ret;
	}
	for (dma = dma_tree_first(&t->dmas); dma; dma = dma_tree_next(dma))
		dma->iommu_mapped = true;
	return 0;
}

/* A domain for @group at the head of the list, with all mappings in it. */
static int add_domain(struct type1 *t, const struct model_group *group)
{
	struct type1_domain *d = t->kernel->env->zalloc(sizeof(*d));
	int ret;

	if (!d)
		return -ENOMEM;
	ret = replay(t);
	if (ret) {
		t->kernel->env->free(d);
		return ret;
	}
	d->aperture = group->aperture;
	d->pgsizes = group->pgsizes;
	d->coherent = group->coherent;
	d->next = t->domains;
	t->domains = d;
	update_pgsizes(t);
	return 0;
}

static int join_domain(struct type1 *t, struct type1_member *m)
{
	struct type1_domain *d;
	int ret;

	for (d = t->domains; d; d = d->next)
		if (same_domain(d, m->group))
			break;
	if (!d) {
		ret = add_domain(t, m->group);
		if (ret)
			return ret;
		d = t->domains;
	}
	m->next = d->members;
	d->members = m;
	return 0;
}

/* Everything vfio_iommu_type1_attach_group() does for a group behind an IOMMU. */
static int attach_physical(struct type1 *t, struct type1_member *m)
{
	struct windows w;
	int ret = windows_with(t, m->group, &w);

	if (ret)
		return ret;
	if (!m->group->intremap)
		return -EPERM;
	ret = join_domain(t, m);
	if (ret)
		return ret;
	t->windows = w;
	m->precise = m->group->precise;
	if (!m->precise)
		t->non_pinned++;
	return 0;
}

int type1_attach(struct type1 *t, const struct model_group *group)
{
	struct type1_member *m;
	int ret;

	if (t->vaddr_invalid)
		return -EBUSY;
	if (is_attached(t, group))
		return -EINVAL;
	m = t->kernel->env->zalloc(sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->group = group;
	if (group->emulated) {
		m->precise = true;
		m->next = t->emulated;
		t->emulated = m;
		return 0;
	}
	ret = attach_physical(t, m);
	if (ret)
		t->kernel->env->free(m);
	return ret;
}

/* The aperture that all remaining domains allow. */
static struct model_range common_aperture(const struct type1 *t)
{
	struct model_range r = {0, UINT64_MAX};

	for (struct type1_domain *d = t->domains; d; d = d->next) {
		if (d->aperture.first > r.first)
			r.first = d->aperture.first;
		if (d->aperture.last < r.last)
			r.last = d->aperture.last;
	}
	return r;
}

/*
 * vfio_iommu_resv_refresh(): the ends stay where they are, which a region at the very start
 * or end of the aperture therefore keeps cut off; @w is left alone if nothing remains.
 */
static void refresh_windows(const struct type1 *t, struct windows *w)
{
	struct windows fresh = {.count = 0};

	if (!w->count)
		return;
	windows_resize(
		&fresh, (struct model_range){w->range[0].first, w->range[w->count - 1].last});
	for (struct type1_domain *d = t->domains; d; d = d->next)
		for (struct type1_member *m = d->members; m; m = m->next)
			for (size_t i = 0; i < m->group->nr_regions; i++)
				windows_exclude(&fresh, &m->group->regions[i]);
	if (fresh.count)
		*w = fresh;
	else
		*w = t->windows;
}

/* The last domain has gone, mediated devices stay: nothing is pinned any more. */
static void unpin_all(struct type1 *t)
{
	for (struct dma *dma = dma_tree_first(&t->dmas); dma; dma = dma_tree_next(dma))
		if (dma->iommu_mapped) {
			type1_unpin(t, dma);
			dma->iommu_mapped = false;
		}
}

static void drop_domain(struct type1 *t, struct type1_domain **link, struct windows *w)
{
	struct type1_domain *d = *link;

	if (t->domains == d && !d->next) {
		if (t->emulated)
			unpin_all(t);
		else
			type1_remove_all(t);
	}
	*link = d->next;
	t->kernel->env->free(d);
	windows_expand(w, common_aperture(t));
	update_pgsizes(t);
}

/* Takes @group off @list. Says whether it had made everything dirty. */
static bool drop_member(
	struct type1 *t, struct type1_member **list, const struct model_group *group)
{
	struct type1_member **link = find_member(list, group), *m = *link;
	bool was_coarse = !m->precise;

	*link = m->next;
	t->kernel->env->free(m);
	return was_coarse;
}

/* What the group that leaves may have written is dirty, though nobody will say so again. */
static void lower_dirty_scope(struct type1 *t)
{
	t->non_pinned--;
	if (!t->tracking)
		return;
	for (struct dma *dma = dma_tree_first(&t->dmas); dma; dma = dma_tree_next(dma))
		dirty_set(dma->dirty, 0, dma->size / type1_page(t));
}

static void detach_physical(struct type1 *t, const struct model_group *group)
{
	struct windows w = t->windows;
	bool was_coarse = false;

	for (struct type1_domain **link = &t->domains; *link; link = &(*link)->next) {
		if (!find_member(&(*link)->members, group))
			continue;
		was_coarse = drop_member(t, &(*link)->members, group);
		if (!(*link)->members)
			drop_domain(t, link, &w);
		break;
	}
	refresh_windows(t, &w);
	t->windows = w;
	if (was_coarse)
		lower_dirty_scope(t);
}

void type1_detach(struct type1 *t, const struct model_group *group)
{
	if (!find_member(&t->emulated, group)) {
		detach_physical(t, group);
		return;
	}
	drop_member(t, &t->emulated, group);
	if (!t->emulated && !t->domains)
		type1_remove_all(t);
}

int type1_extension(const struct type1 *t, unsigned int version, uint64_t extension)
{
	switch (extension) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_TYPE1_NESTING_IOMMU:
		return 1;
	case VFIO_UNMAP_ALL:
		return version >= MODEL_KERNEL(5, 12);
	case VFIO_UPDATE_VADDR:
		if (version >= MODEL_KERNEL(6, 2))
			return t && !t->emulated;
		return version >= MODEL_KERNEL(5, 12);
	case VFIO_DMA_CC_IOMMU:
		for (struct type1_domain *d = t ? t->domains : NULL; d; d = d->next)
			if (!d->coherent)
				return 0;
		return t != NULL;
	default:
		return 0;
	}
}

int type1_ioctl(struct type1 *t, uint32_t cmd, uint64_t arg)
{
	switch (cmd) {
	case VFIO_CHECK_EXTENSION:
		return type1_extension(t, t->kernel->version, arg);
	case VFIO_IOMMU_GET_INFO:
		return type1_info_ioctl(t, arg);
	case VFIO_IOMMU_MAP_DMA:
		return type1_map_ioctl(t, arg);
	case VFIO_IOMMU_UNMAP_DMA:
		return type1_unmap_ioctl(t, arg);
	case VFIO_IOMMU_DIRTY_PAGES:
		if (t->kernel->version < MODEL_KERNEL(5, 8))
			return -ENOTTY;
		return type1_dirty_ioctl(t, arg);
	default:
		return -ENOTTY;
	}
}

int type1_device_write(struct type1 *t, uint64_t iova, uint64_t len, uint64_t *vaddr)
{
	uint64_t page = type1_page(t), done = 0, here;

	for (; done < len; done += here) {
		struct dma *dma = dma_tree_find(&t->dmas, iova + done, 1);
		uint64_t offset;

		if (!dma || !dma->can_write)
			return -EFAULT;
		offset = iova + done - dma->iova;
		here = dma->size - offset < len - done ? dma->size - offset : len - done;
		if (!done && vaddr)
			*vaddr = dma->vaddr + offset;
		if (t->tracking)
			dirty_set(dma->dirty, offset / page,
				(offset + here - 1) / page - offset / page + 1);
	}
	return 0;
}
