/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request's struct and bitmap, brought here for the engine and back. */
#include "mem.h"
#include "remote.h"
#include "state.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <string.h>

static size_t head_bytes(uint32_t request)
{
	if (request == VFIO_IOMMU_MAP_DMA)
		return sizeof(struct vfio_iommu_type1_dma_map);
	return request == VFIO_IOMMU_UNMAP_DMA ? sizeof(struct vfio_iommu_type1_dma_unmap)
					       : sizeof(struct vfio_iommu_type1_dirty_bitmap);
}

/* What follows the head: where the request says so, a bitmap. */
static size_t tail_bytes(const struct own_struct *own, uint32_t request)
{
	struct vfio_iommu_type1_dirty_bitmap head; /* UNMAP's begins alike: argsz, flags */
	size_t bytes = 0;

	memcpy(&head, own->copy, sizeof(head));
	if (request == VFIO_IOMMU_UNMAP_DMA && head.flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)
		bytes = sizeof(struct vfio_bitmap);
	if (request == VFIO_IOMMU_DIRTY_PAGES &&
		head.flags == VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP)
		bytes = sizeof(struct vfio_iommu_type1_dirty_bitmap_get);
	return head.argsz >= own->bytes + bytes ? bytes : 0;
}

bool own_struct_read(struct own_struct *own, pid_t tid, uint32_t request, uint64_t address)
{
	size_t tail;

	*own = (struct own_struct){.address = address, .bytes = head_bytes(request)};
	if (!remote_read(tid, address, own->copy, own->bytes))
		return false;
	tail = tail_bytes(own, request);
	if (tail && !remote_read(tid, address + own->bytes, (char *)own->copy + own->bytes, tail))
		return false;
	own->bytes += tail;
	memcpy(own->before, own->copy, sizeof(own->before));
	return true;
}

/* Where in the struct its vfio_bitmap is, or 0. */
static size_t bitmap_offset(const struct own_struct *own, uint32_t request)
{
	size_t head = head_bytes(request);

	if (own->bytes == head)
		return 0;
	return request == VFIO_IOMMU_UNMAP_DMA
		       ? head
		       : head + offsetof(struct vfio_iommu_type1_dirty_bitmap_get, bitmap);
}

/* Bytes of the bitmap that the kernel may write to: a bit a page, in whole words. */
static uint64_t used_bytes(
	const struct own_struct *own, uint32_t request, uint64_t page, uint64_t room)
{
	struct vfio_iommu_type1_dirty_bitmap_get get;
	struct vfio_iommu_type1_dma_unmap unmap;
	uint64_t size, bytes;

	memcpy(&unmap, own->copy, sizeof(unmap));
	memcpy(&get, (const char *)own->copy + sizeof(struct vfio_iommu_type1_dirty_bitmap),
		sizeof(get));
	size = request == VFIO_IOMMU_UNMAP_DMA ? unmap.size : get.size;
	bytes = (size / page + 63) / 64 * 8;
	return bytes < room ? bytes : room;
}

static void set_bitmap(struct own_struct *own, size_t offset, uint64_t address)
{
	memcpy((char *)own->copy + offset + offsetof(struct vfio_bitmap, data), &address,
		sizeof(address));
}

int own_struct_read_bitmap(struct own_struct *own, pid_t tid, uint32_t request, uint64_t page)
{
	size_t offset = bitmap_offset(own, request);
	struct vfio_bitmap bitmap;

	if (!offset)
		return 0;
	memcpy(&bitmap, (const char *)own->copy + offset, sizeof(bitmap));
	own->bitmap = (uint64_t)(uintptr_t)bitmap.data;
	own->bitmap_bytes = used_bytes(own, request, page, bitmap.size);
	own->bitmap_offset = offset;
	own->bits = mem_alloc(own->bitmap_bytes);
	if (!own->bits)
		return -ENOMEM;
	set_bitmap(own, offset, (uint64_t)(uintptr_t)own->bits);
	return remote_read(tid, own->bitmap, own->bits, own->bitmap_bytes) ? 0 : -EFAULT;
}

/* With the VMM's own pointer in it. */
static bool push_struct(struct own_struct *own, pid_t tid)
{
	bool done = true;

	if (own->bits)
		set_bitmap(own, own->bitmap_offset, own->bitmap);
	if (memcmp(own->copy, own->before, own->bytes) != 0)
		done = remote_write(tid, own->address, own->copy, own->bytes);
	memcpy(own->before, own->copy, own->bytes);
	if (own->bits)
		set_bitmap(own, own->bitmap_offset, (uint64_t)(uintptr_t)own->bits);
	return done;
}

bool own_struct_push(struct own_struct *own, pid_t tid)
{
	if (own->bits && !remote_write(tid, own->bitmap, own->bits, own->bitmap_bytes))
		return false;
	return push_struct(own, tid);
}

bool own_struct_pull(struct own_struct *own, pid_t tid)
{
	if (!remote_read(tid, own->address, own->copy, own->bytes))
		return false;
	memcpy(own->before, own->copy, own->bytes);
	if (!own->bits)
		return true;
	set_bitmap(own, own->bitmap_offset, (uint64_t)(uintptr_t)own->bits);
	return remote_read(tid, own->bitmap, own->bits, own->bitmap_bytes);
}

void own_struct_free(struct own_struct *own)
{
	if (own->bits)
		mem_free(own->bits, own->bitmap_bytes);
	own->bits = NULL;
}
