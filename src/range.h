/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address ranges: first and last address, both inclusive, as sysfs prints them. */
#ifndef IOVASHIM_RANGE_H
#define IOVASHIM_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* Never empty: first <= last. Inclusive ends let a range reach 2^64-1. */
struct range {
	uint64_t first;
	uint64_t last;
};

/* Bytes in @r; 0 stands for 2^64, the whole address space. */
static inline uint64_t range_size(struct range r)
{
	return r.last - r.first + 1;
}

static inline bool range_overlaps(struct range a, struct range b)
{
	return a.first <= b.last && b.first <= a.last;
}

/* True if all of @inner lies in @outer. */
static inline bool range_contains(struct range outer, struct range inner)
{
	return outer.first <= inner.first && inner.last <= outer.last;
}

/* The common part of two ranges that overlap. */
static inline struct range range_common(struct range a, struct range b)
{
	return (struct range){
		a.first > b.first ? a.first : b.first, a.last < b.last ? a.last : b.last};
}

/* @r grown outwards to whole pages; @page is a power of two. */
static inline struct range range_align_outwards(struct range r, uint64_t page)
{
	return (struct range){r.first & ~(page - 1), r.last | (page - 1)};
}

#endif
