/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A requested mapping and a set of holes in, the parts of the mapping out. Pure. */
#ifndef IOVASHIM_DMA_SPLIT_H
#define IOVASHIM_DMA_SPLIT_H

#include "hole_set.h"

/* How a mapping lies to the holes of its container. */
enum dma_fit {
	DMA_CLEAR,   /* touches none */
	DMA_CROSSES, /* some of it can be mapped, some cannot */
	DMA_INSIDE,  /* nothing of it can be mapped */
};

/* One part of a mapping: a piece to be mapped or a gap that a hole cuts out of it. */
struct dma_part {
	struct range iova;
	uint64_t offset; /* of iova.first from the mapping's start: what to add to its vaddr */
	bool gap;
};

/* Walks the parts of one mapping; see dma_split_start(). */
struct dma_split {
	const struct hole_set *holes;
	struct range whole;
	uint64_t next; /* where the next part begins */
	bool done;
};

enum dma_fit dma_split_fit(const struct hole_set *holes, struct range iova);

/* A walk over @iova, which must be aligned to holes->page at both ends (else the ends of pieces
 * are not). @holes has to outlive the walk. */
struct dma_split dma_split_start(const struct hole_set *holes, struct range iova);

/* The next part, ascending; pieces and gaps alternate and together are the whole mapping.
 * False when there is none left. */
bool dma_split_next(struct dma_split *walk, struct dma_part *part);

/* Like dma_split_next(), for pieces or gaps alone. */
bool dma_split_next_piece(struct dma_split *walk, struct dma_part *part);
bool dma_split_next_gap(struct dma_split *walk, struct dma_part *part);

/* Bytes of @iova that lie in holes. */
uint64_t dma_split_gap_bytes(const struct hole_set *holes, struct range iova);

#endif
