/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A requested mapping and a set of holes in, the parts of the mapping out. Pure. */
#include "dma_split.h"

struct dma_split dma_split_start(const struct hole_set *holes, struct range iova)
{
	return (struct dma_split){.holes = holes, .whole = iova, .next = iova.first};
}

/* The line that decides a split: a part ends where the hole begins or, in a hole, where it ends. */
bool dma_split_next(struct dma_split *walk, struct dma_part *part)
{
	const struct range *hole;
	uint64_t last;

	if (walk->done)
		return false;
	hole = hole_set_find(walk->holes, walk->next);
	part->gap = hole && hole->first <= walk->next;
	if (part->gap)
		last = hole->last;
	else
		last = hole ? hole->first - 1 : walk->whole.last;
	if (last > walk->whole.last)
		last = walk->whole.last;

	part->iova = (struct range){walk->next, last};
	part->offset = walk->next - walk->whole.first;
	walk->done = last == walk->whole.last;
	walk->next = last + 1;
	return true;
}

static bool next_of(struct dma_split *walk, struct dma_part *part, bool gap)
{
	while (dma_split_next(walk, part))
		if (part->gap == gap)
			return true;
	return false;
}

bool dma_split_next_piece(struct dma_split *walk, struct dma_part *part)
{
	return next_of(walk, part, false);
}

bool dma_split_next_gap(struct dma_split *walk, struct dma_part *part)
{
	return next_of(walk, part, true);
}

enum dma_fit dma_split_fit(const struct hole_set *holes, struct range iova)
{
	struct dma_split walk = dma_split_start(holes, iova);
	struct dma_part part;

	if (!hole_set_touches(holes, iova))
		return DMA_CLEAR;
	return dma_split_next_piece(&walk, &part) ? DMA_CROSSES : DMA_INSIDE;
}

uint64_t dma_split_gap_bytes(const struct hole_set *holes, struct range iova)
{
	struct dma_split walk = dma_split_start(holes, iova);
	struct dma_part part;
	uint64_t bytes = 0;

	while (dma_split_next_gap(&walk, &part))
		bytes += range_size(part.iova);
	return bytes;
}
