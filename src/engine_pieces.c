/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pieces of a split: calls that the VMM did not make itself. */
#include "engine_internal.h"

#include <errno.h>
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

bool engine_unmap_pieces(struct engine *engine, const struct container *container, int fd,
	uint32_t flags, const struct split *split, struct range within)
{
	struct dma_split walk = dma_split_start(split->holes, split->iova);
	struct dma_part piece;
	bool all = true;

	while (dma_split_next_piece(&walk, &piece))
		if (range_contains(within, piece.iova))
			all &= engine_unmap_piece(engine, container, fd, flags, piece.iova) > 0;
	return all;
}

/* From address 0, where nothing is (vm.mmap_min_addr), no mapping can be made. */
int engine_probe(
	struct engine *engine, const struct container *container, int fd, struct range iova)
{
	const struct kernel_ops *kernel = &engine->kernel;
	struct vfio_iommu_type1_dma_map probe = {.argsz = sizeof(probe),
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.iova = iova.first,
		.size = range_size(iova)};
	int err = kernel->ioctl(kernel->context, fd, VFIO_IOMMU_MAP_DMA, &probe);

	if (err >= 0) /* something was at address 0 after all */
		engine_unmap_piece(engine, container, fd, 0, iova);
	return err >= 0 || err == -EINVAL || err == -EFAULT ? 0 : err;
}
