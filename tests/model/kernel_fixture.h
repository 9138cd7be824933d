/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host with the AMD holes, and short ways to make VFIO calls on it. */
#ifndef KERNEL_FIXTURE_H
#define KERNEL_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <linux/vfio.h>

#include "model.h"

#define MSI_FIRST 0xfee00000ull
#define MSI_LAST  0xfeefffffull
#define HT_FIRST  0xfd00000000ull
#define HT_LAST	  0xffffffffffull
#define RW	  (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define VADDR	  0x700000000000ull

struct fixture {
	struct model_host host;
	struct model *m;
	int container;
	int group;
};

static inline void add_region(
	struct model_group *g, uint64_t first, uint64_t last, enum model_region_type type)
{
	assert_int_equal(model_group_add_region(g, (struct model_region){{first, last}, type}), 0);
}

/* Groups 1 and 2 of an AMD host, 2 with a region of its own; group 3 is 39 bits wide. */
static inline void amd_host(struct model_host *host)
{
	model_host_init(host);
	for (unsigned int n = 1; n <= 3; n++) {
		struct model_group *g = model_host_add_group(host, n);

		add_region(g, MSI_FIRST, MSI_LAST, MODEL_MSI);
		if (n < 3)
			add_region(g, HT_FIRST, HT_LAST, MODEL_RESERVED);
		else
			g->aperture.last = 0x7fffffffff;
		if (n == 2) {
			add_region(g, 0x1000000, 0x1ffffff, MODEL_DIRECT);
			add_region(g, 0x4000000, 0x4ffffff, MODEL_DIRECT_RELAXABLE);
		}
		assert_non_null(
			model_group_add_device(g, n == 1 ? "0000:00:05.0" : "0000:00:06.0"));
	}
}

static inline void start_with(struct fixture *f, unsigned long type)
{
	f->m = model_create(&f->host, NULL);
	assert_non_null(f->m);
	f->container = model_open_container(f->m);
	assert_true(f->container > 0);
	f->group = model_attach(f->m, f->container, 1);
	assert_true(f->group > 0);
	assert_int_equal(model_set_iommu(f->m, f->container, type), 0);
}

static inline void start(struct fixture *f)
{
	amd_host(&f->host);
	start_with(f, VFIO_TYPE1v2_IOMMU);
}

static inline void finish(struct fixture *f)
{
	model_destroy(f->m);
	model_host_release(&f->host);
}

static inline int map_flags(
	struct fixture *f, uint32_t flags, uint64_t iova, uint64_t size, uint64_t vaddr)
{
	struct vfio_iommu_type1_dma_map map = {sizeof(map), flags, vaddr, iova, size};

	return model_ioctl(f->m, f->container, VFIO_IOMMU_MAP_DMA, &map);
}

static inline int map(struct fixture *f, uint64_t iova, uint64_t size)
{
	return map_flags(f, RW, iova, size, VADDR + (iova & 0xffffffffff));
}

/* The size written back, or -errno; an error must leave the size as it was. */
static inline int64_t unmap_flags(struct fixture *f, uint32_t flags, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .flags = flags, .iova = iova, .size = size};
	int ret = model_ioctl(f->m, f->container, VFIO_IOMMU_UNMAP_DMA, &unmap);

	if (!ret)
		return (int64_t)unmap.size;
	assert_true(unmap.size == size);
	return ret;
}

static inline int64_t unmap(struct fixture *f, uint64_t iova, uint64_t size)
{
	return unmap_flags(f, 0, iova, size);
}

static inline size_t count(struct fixture *f)
{
	return model_mappings(f->m, f->container, NULL, 0);
}

#endif
