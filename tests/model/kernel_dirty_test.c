// SPDX-License-Identifier: GPL-2.0-or-later
/* The model's dirty tracking: what is reported, and which bits around it change. */
#include "kernel_fixture.h"

#define START VFIO_IOMMU_DIRTY_PAGES_FLAG_START
#define STOP  VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP
#define GET   VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP
#define WORDS 4

/* The requests with what follows their flexible end. */
struct get_request {
	uint32_t argsz;
	uint32_t flags;
	struct vfio_iommu_type1_dirty_bitmap_get range;
};

struct unmap_request {
	uint32_t argsz;
	uint32_t flags;
	uint64_t iova;
	uint64_t size;
	struct vfio_bitmap bitmap;
};

static int dirty(struct fixture *f, uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap arg = {.argsz = sizeof(arg), .flags = flags};

	return model_ioctl(f->m, f->container, VFIO_IOMMU_DIRTY_PAGES, &arg);
}

static int get(struct fixture *f, uint64_t iova, uint64_t size, uint64_t *words)
{
	struct get_request arg = {
		.argsz = sizeof(arg),
		.flags = GET,
		.range = {iova, size, {0x1000, WORDS * 8, (void *)words}},
	};

	return model_ioctl(f->m, f->container, VFIO_IOMMU_DIRTY_PAGES, &arg);
}

static int64_t unmap_get(struct fixture *f, uint64_t iova, uint64_t size, uint64_t *words)
{
	struct unmap_request arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
		.iova = iova,
		.size = size,
		.bitmap = {0x1000, WORDS * 8, (void *)words},
	};
	int ret = model_ioctl(f->m, f->container, VFIO_IOMMU_UNMAP_DMA, &arg);

	return ret ? ret : (int64_t)arg.size;
}

static void test_switch(void **state)
{
	uint64_t words[WORDS] = {0};
	struct fixture f;

	(void)state;
	start(&f);
	assert_int_equal(map(&f, 0, 0x4000), 0);
	assert_int_equal(get(&f, 0, 0x4000, words), -EINVAL);
	assert_int_equal(unmap_get(&f, 0, 0x4000, words), -EINVAL);
	assert_int_equal(dirty(&f, 0), -EINVAL);
	assert_int_equal(dirty(&f, START | STOP), -EINVAL);
	assert_int_equal(dirty(&f, 8), -EINVAL);
	assert_int_equal(dirty(&f, START), 0);
	assert_int_equal(dirty(&f, START), 0);
	assert_int_equal(get(&f, 0, 0x4000, words), 0);
	assert_int_equal(words[0], 0xf);
	assert_int_equal(dirty(&f, STOP), 0);
	assert_int_equal(dirty(&f, STOP), 0);
	assert_int_equal(get(&f, 0, 0x4000, words), -EINVAL);
	finish(&f);

	amd_host(&f.host);
	start_with(&f, VFIO_TYPE1_IOMMU);
	assert_int_equal(dirty(&f, START), -EACCES);
	finish(&f);
}

/* Pages 1-4 and 66 of 256, the rest unmapped; the caller's bits are all ones. */
static void test_clubbed(void **state)
{
	uint64_t words[WORDS];
	struct fixture f;

	(void)state;
	start(&f);
	assert_int_equal(dirty(&f, START), 0);
	assert_int_equal(map(&f, 0x1000, 0x4000), 0);
	assert_int_equal(map(&f, 0x42000, 0x1000), 0);
	memset(words, 0xff, sizeof(words));
	assert_int_equal(get(&f, 0, 0x100000, words), 0);
	/* a shifted mapping or's the caller's word in; what no mapping's words touch is left */
	for (int i = 0; i < WORDS; i++)
		assert_true(words[i] == UINT64_MAX);
	memset(words, 0, sizeof(words));
	assert_int_equal(get(&f, 0, 0x100000, words), 0);
	assert_int_equal(words[0] & 0x1e, 0x1e);
	assert_int_equal(words[1] & 4, 4);
	assert_int_equal(words[2], 0);
	assert_int_equal(get(&f, 0x2000, 0x3000, words), -EINVAL);
	assert_int_equal(get(&f, 0x1000, 0x3000, words), -EINVAL);
	assert_int_equal(unmap_get(&f, 0, 0x100000, words), 0x5000);
	finish(&f);
}

static void test_bad_ranges(void **state)
{
	static const struct {
		uint64_t iova, size, pgsize, bytes;
		int ret;
	} rows[] = {
		{0, 0x4000, 0x1000, 8, 0},
		{0, 0x4000, 0x2000, 8, -EINVAL},
		{0, 0x4000, 0, 8, -EINVAL},
		{0, 0x4000, 0x1000, 0, -EINVAL},
		{0, 0x41000, 0x1000, 8, -EINVAL},
		{0, 0x4000, 0x1000, (uint64_t)1 << 28 | 8, -EINVAL},
		{0, 0, 0x1000, 8, -EINVAL},
		{1, 0x4000, 0x1000, 8, -EINVAL},
		{0, 0x4001, 0x1000, 8, -EINVAL},
		{-(uint64_t)0x1000, 0x1000, 0x1000, 8, -EINVAL},
	};
	uint64_t words[WORDS];
	struct fixture f;

	(void)state;
	start(&f);
	assert_int_equal(map(&f, 0, 0x4000), 0);
	assert_int_equal(dirty(&f, START), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct get_request arg = {
			.argsz = sizeof(arg),
			.flags = GET,
			.range = {rows[i].iova, rows[i].size,
				{rows[i].pgsize, rows[i].bytes, (void *)words}},
		};

		if (model_ioctl(f.m, f.container, VFIO_IOMMU_DIRTY_PAGES, &arg) != rows[i].ret)
			fail_msg("row %zu", i);
	}
	finish(&f);
}

/* With drivers that pin what they use, only what a device wrote is dirty, and only once. */
static void test_precise(void **state)
{
	uint64_t words[WORDS] = {0}, vaddr = 0;
	struct fixture f;

	(void)state;
	amd_host(&f.host);
	f.host.groups[0].precise = true;
	start_with(&f, VFIO_TYPE1v2_IOMMU);
	assert_int_equal(map_flags(&f, RW, 0, 0x10000, VADDR), 0);
	assert_int_equal(map_flags(&f, RW, 0x10000, 0x10000, VADDR + 0x80000), 0);
	assert_int_equal(map_flags(&f, VFIO_DMA_MAP_FLAG_READ, 0x20000, 0x1000, VADDR), 0);
	assert_int_equal(dirty(&f, START), 0);
	assert_int_equal(model_device_write(f.m, f.container, 0x2fff, 2, &vaddr), 0);
	assert_int_equal(vaddr, VADDR + 0x2fff);
	assert_int_equal(model_device_write(f.m, f.container, 0xf800, 0x1000, NULL), 0);
	assert_int_equal(model_device_write(f.m, f.container, 0x20000, 1, NULL), -EFAULT);
	assert_int_equal(model_device_write(f.m, f.container, 0x30000, 1, NULL), -EFAULT);
	assert_int_equal(get(&f, 0, 0x20000, words), 0);
	assert_int_equal(words[0], 0x1800c);
	words[0] = 0;
	assert_int_equal(get(&f, 0, 0x10000, words), 0);
	assert_int_equal(words[0], 0);
	/*
	 * The second mapping was shifted by 16 pages to be reported, and only its own 16 bits
	 * were cleared after: the next report shifts what is left once more. So does Linux.
	 */
	assert_int_equal(get(&f, 0, 0x20000, words), 0);
	assert_int_equal(words[0], 0x100000000);
	words[0] = 0;
	assert_int_equal(model_device_write(f.m, f.container, 0x1000, 1, NULL), 0);
	assert_int_equal(unmap_get(&f, 0, 0x10000, words), 0x10000);
	assert_int_equal(words[0], 2);
	finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_switch),
		cmocka_unit_test(test_clubbed),
		cmocka_unit_test(test_bad_ranges),
		cmocka_unit_test(test_precise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
