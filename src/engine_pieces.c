/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pieces of a split: calls that the VMM did not make itself. */
#include "engine_internal.h"

#include <linux/vfio.h>

uint64_t engine_unmap_piece(struct engine *engine, const struct container *container, int fd,
	uint32_t flags, struct range piece)
{
	const struct kernel_ops *kernel = &engine->kernel;
	int err = 0;

	for (int attempt = 0; attempt < 2; attempt++) {
		struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof(unmap),
			.flags = flags,
			.iova = piece.first,
			.size = range_size(piece)};

		err = kernel->ioctl(kernel->context, fd, VFIO_IOMMU_UNMAP_DMA, &unmap);
		if (err >= 0)
			return unmap.size;
	}
	engine_tell(engine, &(struct event){.kind = EVENT_FAULT,
				    .container = container,
				    .iova = piece,
				    .result = err,
				    .what = "a piece of a split mapping could not be unmapped"});
	return 0;
}

void engine_unmap_pieces(struct engine *engine, const struct container *container, int fd,
	uint32_t flags, const struct split *split, struct range within)
{
	struct dma_split walk = dma_split_start(split->holes, split->iova);
	struct dma_part piece;

	while (dma_split_next_piece(&walk, &piece))
		if (range_contains(within, piece.iova))
			engine_unmap_piece(engine, container, fd, flags, piece.iova);
}
