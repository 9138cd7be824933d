/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine's files share among themselves. */
#ifndef IOVASHIM_ENGINE_INTERNAL_H
#define IOVASHIM_ENGINE_INTERNAL_H

#include "engine.h"

#include <linux/vfio.h>

void engine_tell(struct engine *engine, const struct event *event);

/* Takes the lock and, once no other request is at work on any of @iova, claims it. The lock stays
 * taken; drop it by lock_drop() before any ioctl. The thread's signals wait until the claim is
 * given up. */
void engine_claim(struct engine *engine, struct container *container, struct claim *claim,
	struct range iova, struct lock_hold *hold);

/* Gives the claim up. Without the lock. */
void engine_release(struct engine *engine, struct container *container, struct claim *claim);

/* Unmaps one piece (@flags: 0, or FLAG_VADDR), with a second try, since nobody else would. Returns
 * the bytes; 0, with an event, if it cannot be done. */
uint64_t engine_unmap_piece(struct engine *engine, const struct container *container, int fd,
	uint32_t flags, struct range piece);

/* The same for those pieces of @split that lie in @within. False if one of them cannot be unmapped.
 */
bool engine_unmap_pieces(struct engine *engine, const struct container *container, int fd,
	uint32_t flags, const struct split *split, struct range within);

/* Is a mapping of the kernel's in the way of one at @iova? That is what it looks at before it looks
 * at anything else of a request that is well formed. Returns 0, -EEXIST, or what else the kernel
 * has against any mapping. */
int engine_probe(
	struct engine *engine, const struct container *container, int fd, struct range iova);

/* With the lock held: does @iova cut a split in two? type1v2 refuses that, with EINVAL. */
bool engine_bisects(const struct container *container, struct range iova);

/* Tells of a mapping, and why it could not be had as it was asked for. @request: a copy of what the
 * VMM asked. */
void engine_explain(
	struct engine *engine, struct event *event, const struct vfio_iommu_type1_dma_map *request);

/* The same for a request that was passed on unseen, and failed with @result. */
void engine_explain_pass(struct engine *engine, const struct container *container,
	const struct hole_set *holes, const struct vfio_iommu_type1_dma_map *request, int result);

/* False for a bitmap at NULL, which the kernel answers with EFAULT; it is not for us to touch. */
static inline bool bitmap_given(const struct vfio_bitmap *bitmap)
{
	return (uintptr_t)bitmap->data >= 4096;
}

/* The bits of a dirty bitmap that belong to gaps. */
struct saved_word;
struct dirty_gaps {
	uint64_t *words; /* the VMM's */
	uint64_t base;	 /* IOVA of bit 0 */
	uint64_t page;
	size_t n_splits, split_room;
	struct split *splits;
	size_t n_saved, saved_room;
	struct saved_word *saved;
};

/* Before and after the kernel fills @bitmap, whose bit 0 is @iova.first and which no split is cut
 * by. prepare() returns 0 or -ENOMEM; finish() gives the memory back and, where the kernel failed,
 * leaves the bitmap as it was. */
int dirty_gaps_prepare(struct dirty_gaps *gaps, struct engine *engine,
	const struct container *container, struct range iova, const struct vfio_bitmap *bitmap);
void dirty_gaps_finish(struct dirty_gaps *gaps, bool success);

/* MAP_DMA with FLAG_VADDR: gives a mapping's new address to all of its pieces. */
int engine_map_vaddr(struct engine *engine, struct container *container, int fd, void *argument);

/* Guards every gap of @split, or none, with an event each. Returns 0 or what memory_ops.guard()
 * does, with the gap in *failed. */
int engine_guard(struct engine *engine, const struct container *container,
	const struct split *split, struct range *failed);

/* Lifts the guards of a split. Without the lock. */
void engine_unguard(
	struct engine *engine, const struct container *container, const struct split *split);

/* The kernel holds none of the container's mappings any more: forgets them, lifts their guards. */
void engine_forget_splits(struct engine *engine, struct container *container);

#endif
