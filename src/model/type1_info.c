// SPDX-License-Identifier: GPL-2.0-or-later
/* VFIO_IOMMU_GET_INFO and its chain of capabilities. */
#include <errno.h>
#include <string.h>

#include <linux/vfio.h>

#include "type1.h"

/* From 6.6 the struct ends in a pad; older headers do not show it. */
#define INFO_SIZE 24
#define INFO_MIN  16
/* End of cap_offset, which is what kernels from 5.4 to 6.5 wrote at most. */
#define INFO_OLD 20

struct info {
	uint32_t argsz;
	uint32_t flags;
	uint64_t pgsizes;
	uint32_t cap_offset;
	uint32_t pad;
};

_Static_assert(sizeof(struct info) == INFO_SIZE, "the layout is the kernel's");

#define CAPS_MAX (32 + 16 + 16 + sizeof(struct model_range) * WINDOWS_MAX)

/* Capabilities as they are built: offsets are from the start of @bytes until shifted. */
struct caps {
	_Alignas(8) unsigned char bytes[CAPS_MAX];
	size_t size;
	size_t last; /* where the last header is */
};

static void link_last(struct caps *caps, size_t next)
{
	struct vfio_info_cap_header header;

	memcpy(&header, caps->bytes + caps->last, sizeof(header));
	header.next = (uint32_t)next;
	memcpy(caps->bytes + caps->last, &header, sizeof(header));
}

/* vfio_info_cap_add(): from 6.6 each starts at a multiple of 8. */
static void add_cap(const struct type1 *t, struct caps *caps, const void *cap, size_t size)
{
	if (caps->size)
		link_last(caps, INFO_SIZE + caps->size);
	caps->last = caps->size;
	memcpy(caps->bytes + caps->size, cap, size);
	caps->size += size;
	if (t->kernel->version >= MODEL_KERNEL(6, 6))
		caps->size = (caps->size + 7) & ~(size_t)7;
}

/* Set member by member on zeroed memory: the padding is copied to the caller too. */
static void add_migration(const struct type1 *t, struct caps *caps)
{
	struct vfio_iommu_type1_info_cap_migration cap;

	memset(&cap, 0, sizeof(cap));
	cap.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION;
	cap.header.version = 1;
	cap.pgsize_bitmap = type1_page(t);
	cap.max_dirty_bitmap_size = DIRTY_BYTES_MAX;
	add_cap(t, caps, &cap, sizeof(cap));
}

static void add_dma_avail(const struct type1 *t, struct caps *caps)
{
	struct vfio_iommu_type1_info_dma_avail cap;

	memset(&cap, 0, sizeof(cap));
	cap.header.id = VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL;
	cap.header.version = 1;
	cap.avail = t->dma_avail;
	add_cap(t, caps, &cap, sizeof(cap));
}

static void add_windows(const struct type1 *t, struct caps *caps)
{
	struct {
		struct vfio_info_cap_header header;
		uint32_t count;
		uint32_t reserved;
		struct model_range range[WINDOWS_MAX];
	} cap = {
		.header = {.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, .version = 1},
		.count = (uint32_t)t->windows.count,
	};

	if (!t->windows.count)
		return;
	memcpy(cap.range, t->windows.range, t->windows.count * sizeof(cap.range[0]));
	add_cap(t, caps, &cap, 16 + t->windows.count * sizeof(cap.range[0]));
}

static void build_caps(const struct type1 *t, struct caps *caps)
{
	unsigned int version = t->kernel->version;

	memset(caps, 0, sizeof(*caps));
	if (version >= MODEL_KERNEL(5, 8))
		add_migration(t, caps);
	if (version >= MODEL_KERNEL(5, 10))
		add_dma_avail(t, caps);
	add_windows(t, caps);
}

/* How much of the struct is written back to a caller that gave @argsz bytes. */
static size_t info_size(unsigned int version, uint32_t argsz)
{
	if (version >= MODEL_KERNEL(6, 6))
		return argsz < INFO_SIZE ? argsz : INFO_SIZE;
	return version >= MODEL_KERNEL(5, 4) && argsz >= INFO_OLD ? INFO_OLD : INFO_MIN;
}

int type1_info_ioctl(struct type1 *t, uint64_t arg)
{
	const struct model_env *env = t->kernel->env;
	struct info info = {0};
	struct caps caps;
	size_t size;

	if (env->copy_in(&info, arg, INFO_MIN))
		return -EFAULT;
	if (info.argsz < INFO_MIN)
		return -EINVAL;
	size = info_size(t->kernel->version, info.argsz);
	info.flags = VFIO_IOMMU_INFO_PGSIZES;
	info.pgsizes = t->pgsizes;
	build_caps(t, &caps);
	if (caps.size) {
		info.flags |= VFIO_IOMMU_INFO_CAPS;
		if (info.argsz < INFO_SIZE + caps.size) {
			info.argsz = (uint32_t)(INFO_SIZE + caps.size);
		} else {
			if (env->copy_out(arg + INFO_SIZE, caps.bytes, caps.size))
				return -EFAULT;
			info.cap_offset = INFO_SIZE;
		}
	}
	return env->copy_out(arg, &info, size) ? -EFAULT : 0;
}
