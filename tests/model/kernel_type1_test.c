// SPDX-License-Identifier: GPL-2.0-or-later
/* The model's MAP_DMA, UNMAP_DMA and GET_INFO, check by check as vfio_iommu_type1.c makes them. */
#include "kernel_fixture.h"

/* One MAP over [0x10000, 0x13fff] and [0x20000, 0x20fff], which are mapped. */
static const struct {
	uint64_t iova, size, vaddr;
	uint32_t argsz, flags;
	int ret;
} maps[] = {
	{0x30000, 0x1000, VADDR, 31, RW, -EINVAL},
	{0x30000, 0x1000, VADDR, 33, RW, 0},
	{0x30000, 0x1000, VADDR, 32, RW | 8, -EINVAL},
	{0x30000, 0, VADDR, 32, RW, -EINVAL},
	{0x30000, 0x1000, VADDR, 32, 0, -EINVAL},
	{0x30000, 0x1000, VADDR, 32, RW | VFIO_DMA_MAP_FLAG_VADDR, -EINVAL},
	{0x30000, 0x1000, VADDR, 32, VFIO_DMA_MAP_FLAG_READ, 0},
	{0x30000, 0x1000, VADDR, 32, VFIO_DMA_MAP_FLAG_WRITE, 0},
	{0x30001, 0x1000, VADDR, 32, RW, -EINVAL},
	{0x30000, 0x1001, VADDR, 32, RW, -EINVAL},
	{0x30000, 0x1000, VADDR + 1, 32, RW, -EINVAL},
	{-(uint64_t)0x1000, 0x2000, VADDR, 32, RW, -EINVAL},
	{0x30000, 0x2000, -(uint64_t)0x1000, 32, RW, -EINVAL},
	{0x10000, 0x4000, VADDR, 32, RW, -EEXIST},
	{0xf000, 0x2000, VADDR, 32, RW, -EEXIST},
	{0x13000, 0x2000, VADDR, 32, RW, -EEXIST},
	{0xf000, 0x1000, VADDR, 32, RW, 0},
	{0x14000, 0xc000, VADDR, 32, RW, 0},
	/* an overlap is found before a hole */
	{0x20000, MSI_LAST - 0x20000 + 1, VADDR, 32, RW, -EEXIST},
	{MSI_FIRST, 0x1000, VADDR, 32, RW, -EINVAL},
	{MSI_LAST - 0xfff, 0x1000, VADDR, 32, RW, -EINVAL},
	{MSI_FIRST - 0x1000, 0x1000, VADDR, 32, RW, 0},
	{MSI_LAST + 1, 0x1000, VADDR, 32, RW, 0},
	{MSI_FIRST - 0x1000, 0x2000, VADDR, 32, RW, -EINVAL},
	{0x100000000, 0xff30000000, VADDR, 32, RW, -EINVAL},
	{HT_FIRST - 0x1000, 0x1000, VADDR, 32, RW, 0},
	{HT_LAST + 1, 0x1000, VADDR, 32, RW, 0},
	{HT_LAST - 0xfff, 0x2000, VADDR, 32, RW, -EINVAL},
	{0x30000, 0x1000, VADDR, 32, VFIO_DMA_MAP_FLAG_VADDR, -ENOENT},
	{0x10000, 0x4000, VADDR, 32, VFIO_DMA_MAP_FLAG_VADDR, -EINVAL},
};

static void test_map(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct vfio_iommu_type1_dma_map arg = {
			maps[i].argsz, maps[i].flags, maps[i].vaddr, maps[i].iova, maps[i].size};

		assert_int_equal(map(&f, 0x10000, 0x4000), 0);
		assert_int_equal(map(&f, 0x20000, 0x1000), 0);
		if (model_ioctl(f.m, f.container, VFIO_IOMMU_MAP_DMA, &arg) != maps[i].ret)
			fail_msg("row %zu", i);
		assert_int_equal(count(&f), maps[i].ret ? 2 : 3);
		unmap_flags(&f, VFIO_DMA_UNMAP_FLAG_ALL, 0, 0);
		assert_int_equal(count(&f), 0);
	}
	assert_int_equal(model_locked_pages(f.m), 0);
	finish(&f);
}

static void test_map_fault(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_MAP_DMA, NULL), -EFAULT);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_UNMAP_DMA, NULL), -EFAULT);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_GET_INFO, NULL), -EFAULT);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_DIRTY_PAGES, NULL), -EFAULT);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_DEVICE_RESET, NULL), -ENOTTY);
	assert_int_equal(model_ioctl(f.m, 7, VFIO_IOMMU_MAP_DMA, NULL), -EBADF);
	finish(&f);
}

/* Mapped: [0x10000, 0x13fff] [0x14000, 0x14fff] [0x20000, 0x20fff], under v2 and v1. */
static const struct {
	uint64_t iova, size;
	uint32_t flags;
	int64_t v2, v1;
} unmaps[] = {
	{0x10000, 0x4000, 0, 0x4000, 0x4000},
	{0x10000, 0x5000, 0, 0x5000, 0x5000},
	{0x10000, 0x11000, 0, 0x6000, 0x6000},
	{0, 0x100000, 0, 0x6000, 0x6000},
	{0, 0x10000, 0, 0, 0},
	{0x15000, 0xb000, 0, 0, 0},
	{0x11000, 0x3000, 0, -EINVAL, 0},
	{0x10000, 0x1000, 0, -EINVAL, 0x4000},
	{0xf000, 0x2000, 0, -EINVAL, 0x4000},
	{0x10000, 0, 0, -EINVAL, -EINVAL},
	{0x10000, 0x4001, 0, -EINVAL, -EINVAL},
	{0x10001, 0x4000, 0, -EINVAL, -EINVAL},
	{0x10000, 0x4000, 8, -EINVAL, -EINVAL},
	{-(uint64_t)0x1000, 0x2000, 0, -EINVAL, -EINVAL},
	{0, (uint64_t)1 << 63, 0, 0x6000, 0x6000},
	/* a range up to 2^64 finds nothing before 6.18 */
	{0, 0, VFIO_DMA_UNMAP_FLAG_ALL, 0x6000, 0x6000},
	{0, 0x1000, VFIO_DMA_UNMAP_FLAG_ALL, -EINVAL, -EINVAL},
	{0x1000, 0, VFIO_DMA_UNMAP_FLAG_ALL, -EINVAL, -EINVAL},
	{0, 0, VFIO_DMA_UNMAP_FLAG_ALL | VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, -EINVAL, -EINVAL},
	{0x10000, 0x4000, VFIO_DMA_UNMAP_FLAG_VADDR, 0x4000, 0x4000},
	{0x10000, 0x4000, VFIO_DMA_UNMAP_FLAG_VADDR | VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, -EINVAL,
		-EINVAL},
	{0x10000, 0x4000, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, -EINVAL, -EINVAL},
};

static void check_unmaps(unsigned long type)
{
	struct fixture f;
	bool v2 = type == VFIO_TYPE1v2_IOMMU;

	amd_host(&f.host);
	start_with(&f, type);
	for (size_t i = 0; i < sizeof(unmaps) / sizeof(unmaps[0]); i++) {
		assert_int_equal(map(&f, 0x10000, 0x4000), 0);
		assert_int_equal(map(&f, 0x14000, 0x1000), 0);
		assert_int_equal(map(&f, 0x20000, 0x1000), 0);
		if (unmap_flags(&f, unmaps[i].flags, unmaps[i].iova, unmaps[i].size) !=
			(v2 ? unmaps[i].v2 : unmaps[i].v1))
			fail_msg("row %zu", i);
		unmap_flags(&f, VFIO_DMA_UNMAP_FLAG_ALL, 0, 0);
		assert_int_equal(count(&f), 0);
	}
	finish(&f);
}

static void test_unmap_v2(void **state)
{
	(void)state;
	check_unmaps(VFIO_TYPE1v2_IOMMU);
}

static void test_unmap_v1(void **state)
{
	(void)state;
	check_unmaps(VFIO_TYPE1_IOMMU);
}

static void test_vaddr(void **state)
{
	struct fixture f;
	struct model_mapping got;
	const uint32_t flag = VFIO_DMA_UNMAP_FLAG_VADDR;

	(void)state;
	start(&f);
	assert_int_equal(map(&f, 0x10000, 0x4000), 0);
	assert_int_equal(map(&f, 0x20000, 0x1000), 0);
	assert_int_equal(unmap_flags(&f, flag, 0x20000, 0x1000), 0x1000);
	/* one of them is invalid already: neither changes */
	assert_int_equal(unmap_flags(&f, flag, 0, 0x100000), -EINVAL);
	assert_int_equal(unmap_flags(&f, flag, 0x10000, 0x4000), 0x4000);
	assert_int_equal(model_attach(f.m, f.container, 2), -EBUSY);
	assert_int_equal(map_flags(&f, 4, 0x10000, 0x1000, VADDR), -EINVAL);
	assert_int_equal(map_flags(&f, 4, 0x10000, 0x4000, VADDR + 0x5000), 0);
	assert_int_equal(map_flags(&f, 4, 0x10000, 0x4000, VADDR + 0x5000), -EINVAL);
	assert_int_equal(map_flags(&f, 4, 0x20000, 0x1000, VADDR), 0);
	assert_int_equal(model_mappings(f.m, f.container, &got, 1), 2);
	assert_int_equal(got.vaddr, VADDR + 0x5000);
	assert_int_equal(unmap_flags(&f, flag | VFIO_DMA_UNMAP_FLAG_ALL, 0, 0), 0x5000);
	finish(&f);
}

static void test_limits(void **state)
{
	struct fixture f;

	(void)state;
	amd_host(&f.host);
	f.host.entry_limit = 2;
	f.host.memlock = 0x5000;
	start_with(&f, VFIO_TYPE1v2_IOMMU);
	assert_int_equal(map(&f, 0, 0x6000), -ENOMEM);
	assert_int_equal(map(&f, 0, 0x5000), 0);
	assert_int_equal(map(&f, 0x10000, 0x1000), -ENOMEM);
	assert_int_equal(unmap(&f, 0, 0x5000), 0x5000);
	assert_int_equal(map(&f, 0, 0x1000), 0);
	assert_int_equal(map(&f, 0x1000, 0x1000), 0);
	assert_int_equal(map(&f, 0x2000, 0x1000), -ENOSPC);
	/* no entry left is found before a hole, an overlap before both */
	assert_int_equal(map(&f, MSI_FIRST, 0x1000), -ENOSPC);
	assert_int_equal(map(&f, 0x1000, 0x1000), -EEXIST);
	assert_int_equal(model_locked_pages(f.m), 2);
	finish(&f);
}

static void test_many(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	for (uint64_t i = 0; i < 65535; i++)
		assert_int_equal(map(&f, i * 0x2000, 0x1000), 0);
	assert_int_equal(map(&f, 0x1000, 0x1000), -ENOSPC);
	assert_int_equal(unmap(&f, 0, (uint64_t)1 << 40), 65535 * 0x1000);
	assert_int_equal(model_locked_pages(f.m), 0);
	finish(&f);
}

/* The top of the address space, which kernels before 6.18 lose sight of. */
static void test_top(void **state)
{
	uint64_t top = -(uint64_t)0x1000, half = (uint64_t)1 << 63;
	struct fixture f;

	(void)state;
	start(&f);
	assert_int_equal(map(&f, half, 0x1000), 0);
	assert_int_equal(unmap(&f, half, half), 0);
	assert_int_equal(count(&f), 1);
	assert_int_equal(map(&f, top, 0x1000), 0);
	assert_int_equal(unmap(&f, top, 0x1000), 0);
	assert_int_equal(count(&f), 2);
	finish(&f);

	amd_host(&f.host);
	f.host.kernel = MODEL_KERNEL(7, 0);
	start_with(&f, VFIO_TYPE1v2_IOMMU);
	assert_int_equal(map(&f, half, 0x1000), 0);
	assert_int_equal(map(&f, top, 0x1000), 0);
	assert_int_equal(map(&f, top, 0x1000), -EEXIST);
	assert_int_equal(map(&f, top, 0x2000), -EOVERFLOW);
	assert_int_equal(unmap(&f, top, 0x2000), -EOVERFLOW);
	assert_int_equal(unmap(&f, half, half), 0x2000);
	finish(&f);
}

struct full_info {
	struct vfio_iommu_type1_info info;
	unsigned char rest[400];
};

static void test_info(void **state)
{
	static const uint64_t want[] = {
		0, 0xfedfffff, 0xfef00000, 0xfcffffffff, 0x10000000000, UINT64_MAX};
	struct full_info full = {.info.argsz = 15};
	struct vfio_iommu_type1_info_cap_iova_range *range;
	struct fixture f;

	(void)state;
	start(&f);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_GET_INFO, &full), -EINVAL);
	full.info.argsz = 16;
	full.info.cap_offset = 0xaaaaaaaa;
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_GET_INFO, &full), 0);
	assert_int_equal(full.info.argsz, 24 + 32 + 16 + 16 + 3 * 16);
	assert_int_equal(full.info.flags, VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS);
	assert_int_equal(full.info.cap_offset, 0xaaaaaaaa);
	full.info.argsz--;
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_GET_INFO, &full), 0);
	assert_int_equal(full.info.cap_offset, 0);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_GET_INFO, &full), 0);
	assert_int_equal(full.info.cap_offset, 24);
	range = (void *)((unsigned char *)&full + 24 + 32 + 16);
	assert_int_equal(range->header.id, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	assert_int_equal(range->header.next, 0);
	assert_int_equal(range->nr_iovas, 3);
	assert_memory_equal(range->iova_ranges, want, sizeof(want));
	finish(&f);
}

/* 5.3 knows neither holes nor capabilities; 5.4 has one capability, unpadded 20 bytes. */
static void test_versions(void **state)
{
	struct full_info full = {.info.argsz = sizeof(full)};
	struct fixture f;

	(void)state;
	amd_host(&f.host);
	f.host.kernel = MODEL_KERNEL(5, 3);
	start_with(&f, VFIO_TYPE1v2_IOMMU);
	assert_int_equal(map(&f, 0x100000000, 0xff30000000), 0);
	assert_int_equal(unmap_flags(&f, VFIO_DMA_UNMAP_FLAG_ALL, 0, 0), -EINVAL);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_GET_INFO, &full), 0);
	assert_int_equal(full.info.flags, VFIO_IOMMU_INFO_PGSIZES);
	finish(&f);

	amd_host(&f.host);
	f.host.kernel = MODEL_KERNEL(5, 4);
	start_with(&f, VFIO_TYPE1v2_IOMMU);
	assert_int_equal(map(&f, 0x100000000, 0xff30000000), -EINVAL);
	full.info.argsz = 20;
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_GET_INFO, &full), 0);
	assert_int_equal(full.info.argsz, 24 + 16 + 3 * 16);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_DIRTY_PAGES, &full), -ENOTTY);
	finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_map_fault),
		cmocka_unit_test(test_unmap_v2),
		cmocka_unit_test(test_unmap_v1),
		cmocka_unit_test(test_vaddr),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
