/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IOVA ranges that no mapping of one container may touch, and who says so. */
#ifndef IOVASHIM_HOLE_SET_H
#define IOVASHIM_HOLE_SET_H

#include "range.h"

#include <stddef.h>

/* What is done with a mapping that crosses or contains a hole. Ordered: over several holes the
 * largest wins. CROSSING_DEFAULT: as the policy's `crossing` line says. */
enum crossing { CROSSING_DEFAULT, CROSSING_SPLIT, CROSSING_OBSERVE, CROSSING_REFUSE };

/* What is done with a mapping that lies wholly inside holes. Ordered as above. */
enum inside { INSIDE_DEFAULT, INSIDE_SKIP, INSIDE_OBSERVE, INSIDE_REFUSE };

enum hole_source {
	HOLE_SYSFS,  /* reserved_regions of a group attached to the container */
	HOLE_KERNEL, /* outside every IOVA range that VFIO_IOMMU_GET_INFO reported */
	HOLE_POLICY, /* a `hole` line of holes.conf */
};

/* Types as /sys/kernel/iommu_groups/N/reserved_regions spells them
 * (iommu_group_resv_type_string, drivers/iommu/iommu.c). direct-relaxable is never a hole. */
enum region_type { REGION_DIRECT, REGION_RESERVED, REGION_MSI };

struct hole {
	struct range range; /* as its source gave it, not aligned */
	enum hole_source source;
	enum region_type type;	/* HOLE_SYSFS */
	int group;		/* HOLE_SYSFS: the IOMMU group's number */
	const char *name;	/* HOLE_POLICY: the rule's name or ""; owned by the policy */
	const char *file;	/* HOLE_POLICY: where the rule stands; owned by the policy */
	unsigned int line;	/* HOLE_POLICY */
	enum crossing crossing; /* HOLE_POLICY: the rule's own answer, or CROSSING_DEFAULT */
	enum inside inside;	/* HOLE_POLICY: the rule's own answer, or INSIDE_DEFAULT */
};

/* Immutable once built, but for next. */
struct hole_set {
	const struct hole_set *next; /* the engine's, which keeps them all */
	uint64_t page;		     /* the IOMMU's smallest page, bytes, a power of two */
	size_t n_holes;
	struct hole *holes; /* sorted by range.first */
	size_t n_merged;
	struct range
		*merged; /* the same, grown to whole pages, disjoint, not adjacent, ascending */
	size_t bytes;	 /* of the whole allocation */
};

/* Bytes that a set of @n holes takes. */
size_t hole_set_bytes(size_t n);

/* Builds a set of the @n @holes in @memory (hole_set_bytes(n) bytes, aligned for any type), which
 * the set then occupies; it is freed with it. @holes is copied. */
struct hole_set *hole_set_build(void *memory, const struct hole *holes, size_t n, uint64_t page);

/* True if two sets hold the same holes from the same sources, and the same page size. */
bool hole_set_equal(const struct hole_set *a, const struct hole_set *b);

/* The first merged range that does not end below @address, or NULL. O(log n). */
const struct range *hole_set_find(const struct hole_set *set, uint64_t address);

/* Index of the first hole from which on all have to be looked at that touch @address or lie above
 * it; n_holes if there is none. Holes overlap, so that their ends are in no order: it is the first
 * of the merged range that hole_set_find() gives. O(log n). */
size_t hole_set_from(const struct hole_set *set, uint64_t address);

static inline bool hole_set_touches(const struct hole_set *set, struct range r)
{
	const struct range *hole = hole_set_find(set, r.first);

	return hole && hole->first <= r.last;
}

#endif
