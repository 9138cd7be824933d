/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IOVA ranges that no mapping of one container may touch, and who says so. */
#include "hole_set.h"

#include <string.h>

size_t hole_set_bytes(size_t n)
{
	return sizeof(struct hole_set) + n * (sizeof(struct hole) + sizeof(struct range));
}

static bool hole_before(const struct hole *a, const struct hole *b)
{
	if (a->range.first != b->range.first)
		return a->range.first < b->range.first;
	if (a->range.last != b->range.last)
		return a->range.last < b->range.last;
	/* So that the order they came in, of groups above all, makes no other set. */
	if (a->source != b->source)
		return a->source < b->source;
	return a->group != b->group ? a->group < b->group : a->line < b->line;
}

static void sift_down(struct hole *holes, size_t root, size_t n)
{
	for (;;) {
		size_t child = 2 * root + 1;
		struct hole swap;

		if (child >= n)
			return;
		if (child + 1 < n && hole_before(&holes[child], &holes[child + 1]))
			child++;
		if (!hole_before(&holes[root], &holes[child]))
			return;
		swap = holes[root];
		holes[root] = holes[child];
		holes[child] = swap;
		root = child;
	}
}

/* Heap sort, in place: qsort() may allocate, and a VMM's ioctl is no place for that. */
static void sort_holes(struct hole *holes, size_t n)
{
	for (size_t i = n / 2; i > 0; i--)
		sift_down(holes, i - 1, n);
	for (size_t end = n; end > 1; end--) {
		struct hole last = holes[end - 1];

		holes[end - 1] = holes[0];
		holes[0] = last;
		sift_down(holes, 0, end - 1);
	}
}

static void merge_holes(struct hole_set *set)
{
	struct range *last = NULL;

	for (size_t i = 0; i < set->n_holes; i++) {
		struct range r = range_align_outwards(set->holes[i].range, set->page);

		/* r.first is 0 only while the list is empty or starts at 0, so no wrap. */
		if (last && (r.first <= last->last || r.first - 1 == last->last)) {
			if (r.last > last->last)
				last->last = r.last;
		} else {
			last = &set->merged[set->n_merged++];
			*last = r;
		}
	}
}

struct hole_set *hole_set_build(void *memory, const struct hole *holes, size_t n, uint64_t page)
{
	struct hole_set *set = memory;

	*set = (struct hole_set){.page = page, .n_holes = n, .bytes = hole_set_bytes(n)};
	set->holes = (struct hole *)(set + 1);
	set->merged = (struct range *)(set->holes + n);
	if (n)
		memcpy(set->holes, holes, n * sizeof(*holes));
	sort_holes(set->holes, n);
	merge_holes(set);
	return set;
}

static bool hole_equal(const struct hole *a, const struct hole *b)
{
	return a->range.first == b->range.first && a->range.last == b->range.last &&
	       a->source == b->source && a->type == b->type && a->group == b->group &&
	       a->name == b->name && a->file == b->file && a->line == b->line &&
	       a->crossing == b->crossing && a->inside == b->inside;
}

bool hole_set_equal(const struct hole_set *a, const struct hole_set *b)
{
	if (a->page != b->page || a->n_holes != b->n_holes)
		return false;
	for (size_t i = 0; i < a->n_holes; i++)
		if (!hole_equal(&a->holes[i], &b->holes[i]))
			return false;
	return true;
}

const struct range *hole_set_find(const struct hole_set *set, uint64_t address)
{
	const struct range *at = set->merged, *end = at + set->n_merged;
	size_t n = set->n_merged;

	/* What is sought is one of the @n from @at on, or right behind them. Halved by conditional
	 * moves (gcc's), since nobody could predict a branch: every mapping comes by here. */
	while (n > 0) {
		const struct range *middle = at + (n - n / 2);

		at = middle[-1].last < address ? middle : at;
		n /= 2;
	}
	return at < end ? at : NULL;
}

size_t hole_set_from(const struct hole_set *set, uint64_t address)
{
	const struct range *merged = hole_set_find(set, address);
	size_t low = 0, high = set->n_holes;

	if (!merged)
		return set->n_holes;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->holes[middle].range.first < merged->first)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
