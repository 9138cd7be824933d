/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mappings of a container by IOVA: a red-black tree, searched as the kernel searches its own.
 */
#ifndef IOVAMODEL_DMA_TREE_H
#define IOVAMODEL_DMA_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dma {
	struct dma *parent;
	struct dma *left;
	struct dma *right;
	bool red;
	bool iommu_mapped; /* in the page tables, so pinned */
	bool vaddr_invalid;
	bool can_read;
	bool can_write;
	uint64_t iova;
	uint64_t vaddr;
	uint64_t size;	 /* bytes; may reach 2^64, where iova + size is 0 */
	uint64_t locked; /* pages accounted as locked memory */
	uint64_t *dirty; /* bitmap, NULL while nothing is tracked */
};

struct dma_tree {
	struct dma *root;
	size_t count;
	/*
	 * Kernels before 6.18 compare with iova + size, which is 0 for what ends at 2^64: such
	 * a mapping is invisible to searches, and hides others, depending on the tree's shape.
	 * That is why this is a tree, balanced as the kernel's is, and not a sorted array.
	 */
	bool inclusive;
};

/* vfio_link_dma(): @dma must not overlap another. */
void dma_tree_insert(struct dma_tree *tree, struct dma *dma);
void dma_tree_erase(struct dma_tree *tree, struct dma *dma);

/* vfio_find_dma(): one that overlaps @size bytes at @start, or NULL. @size may be 0. */
struct dma *dma_tree_find(const struct dma_tree *tree, uint64_t start, uint64_t size);

/* vfio_find_dma_first_node(): the lowest that overlaps or follows; within @size unless it is 0. */
struct dma *dma_tree_first_from(const struct dma_tree *tree, uint64_t start, uint64_t size);

struct dma *dma_tree_first(const struct dma_tree *tree);
struct dma *dma_tree_next(const struct dma *dma);

#endif
