/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of one VFIO container: its groups, its holes, and the mappings of which the kernel
 * holds only pieces. No locking: the engine's lock covers all but the fields that say otherwise. */
#ifndef IOVASHIM_CONTAINER_H
#define IOVASHIM_CONTAINER_H

#include "dma_split.h"
#include "host_facts.h"
#include "lock.h"

#include <stdatomic.h>

/* A mapping that the VMM believes whole. Its pieces and gaps follow from iova and holes. */
struct split {
	struct range iova;
	uint64_t vaddr;
	const struct hole_set *holes; /* as they were when it was made */
	uint32_t flags;		      /* VFIO_DMA_MAP_FLAG_READ, _WRITE */
	bool guarded;
	bool skipped;	    /* nothing of it was given to the kernel */
	bool vaddr_invalid; /* between UNMAP and MAP with FLAG_VADDR */
};

/* A range that a request is at work on, from before its first ioctl to after its last: others that
 * would overlap wait, as the kernel's own lock (vfio_iommu.lock) would make them. Lives on the
 * stack of the thread that serves the request, whose signals wait as well: a handler that maps the
 * same would wait for its own thread, as no handler can in the middle of one ioctl. */
struct claim {
	struct range iova;
	struct lock_hold signals; /* the thread's */
	struct claim *next;
};

struct container {
	int id;		 /* for people and logs: 1, 2, … */
	int descriptors; /* numbers in this process that stand for it, its groups, its devices */
	bool inherited;	 /* other processes made it or share it: it may hold what is not known */
	bool observed;	 /* the kernel took a mapping over a hole: one that it does not enforce */
	bool no_iommu;	 /* VFIO_IOMMU_GET_INFO was answered as without VFIO_SET_IOMMU */
	unsigned long type; /* VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU, …; 0 before SET_IOMMU */
	size_t n_groups, group_room;
	struct host_group *groups;
	bool kernel_known; /* valid[] was reported (an empty list is no limit) */
	size_t n_valid, valid_room;
	struct range *valid;		      /* what VFIO_IOMMU_GET_INFO calls usable */
	uint64_t page;			      /* the IOMMU's smallest, bytes */
	const struct hole_set *_Atomic holes; /* read without the lock; never NULL, never freed */
	atomic_size_t n_splits;		      /* read without the lock */
	_Atomic uint64_t splits_first; /* likewise: from the first split's start to the last */
	_Atomic uint64_t splits_last;  /* one's end; with n_splits 0 they say nothing */
	size_t split_room;
	struct split *splits;	      /* disjoint, ascending */
	struct claim *_Atomic claims; /* whether there is one is read without the lock */
};

/* The first split that does not end below @address: an index, n_splits if there is none. */
size_t container_split_from(const struct container *container, uint64_t address);

/* True if a mapping or unmapping here has to be looked at, whatever the holes are. */
static inline bool container_has_splits(const struct container *container)
{
	return container->n_splits || container->claims;
}

/* False if no split overlaps @iova; true if one may, which is to be looked at with the lock held.
 * Read without it, while others add and remove splits: one that is there all along lies between any
 * start and any end that are seen. */
static inline bool container_splits_near(const struct container *container, struct range iova)
{
	return container->n_splits && container->splits_first <= iova.last &&
	       container->splits_last >= iova.first;
}

/* The first split that overlaps @iova, or NULL. */
struct split *container_split_at(const struct container *container, struct range iova);

/* Adds a split that overlaps none. Returns 0 or -ENOMEM. */
int container_split_add(struct container *container, const struct split *split);

/* Removes all that overlap @iova. */
void container_splits_remove(struct container *container, struct range iova);

/* No splits, nothing reported by the kernel. Groups stay. */
void container_reset(struct container *container);

/* Replaces what the kernel reported. Returns 0 or -ENOMEM (then nothing is known of it). */
int container_set_valid(struct container *container, const struct range *valid, size_t n);

/* Adds or replaces a group. Returns 0 or -ENOMEM. */
int container_add_group(struct container *container, const struct host_group *group);
void container_remove_group(struct container *container, int number);

/* Gives all memory back but the hole sets. */
void container_free(struct container *container);

#endif
