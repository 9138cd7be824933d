/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dirty bitmaps over a split: the gaps' bits are clear, all others are the kernel's, and what the
 * kernel refuses is neither read nor written. */
#include "fake_kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static struct fake fake;
static struct engine engine;
static struct container container;

/* Splits of pages 0 to 9, of which 3 and 7 are holes, and 128 to 137, of which 131 is one. */
static int set_up(void **state)
{
	static const struct host_group group = {.n_regions = 3,
		.regions = {{.range = {0x3000, 0x3fff}}, {.range = {0x7000, 0x7fff}},
			{.range = {0x83000, 0x83fff}}}};
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = 3, .vaddr = FAKE_VADDR, .size = 0xa000};

	(void)state;
	fake = (struct fake){.memory = MEMORY_RAM};
	container = (struct container){0};
	engine = fake_engine(&fake);
	if (engine_container_init(&engine, &container))
		return -1;
	engine_group_added(&engine, &container, &group);
	engine_iommu_set(&engine, &container, VFIO_TYPE1v2_IOMMU);
	if (engine_map(&engine, &container, FAKE_FD, &map))
		return -1;
	map.iova = 0x80000;
	map.vaddr += 0x80000;
	return engine_map(&engine, &container, FAKE_FD, &map);
}

static int tear_down(void **state)
{
	(void)state;
	engine_iommu_set(&engine, &container, 0);
	container_free(&container);
	engine_free(&engine);
	return 0;
}

/* The last words before memory that cannot be touched. */
static uint64_t *make_words(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(mprotect(memory + page, page, PROT_NONE), 0);
	return (uint64_t *)(void *)(memory + page) - n;
}

/* struct vfio_iommu_type1_dirty_bitmap and _dma_unmap, with what follows them. */
struct get {
	uint32_t argsz, flags;
	struct vfio_iommu_type1_dirty_bitmap_get get;
};

struct unmap {
	uint32_t argsz, flags;
	uint64_t iova, size;
	struct vfio_bitmap bitmap;
};

/* What is asked: pages, the bitmap's page size and bytes, and how the kernel answers. */
static const struct {
	uint64_t pages, pgsize, bytes;
	int err;
	uint64_t bits; /* after it: all were set, by the VMM and the kernel */
} requests[] = {
	{10, 4096, 8, 0, ~0x88ULL},
	{64, 4096, 8, 0, ~0x88ULL},
	{10, 4096, 8, EINVAL, ~0ULL},
	{10, 65536, 8, EINVAL, ~0ULL},
	{10, 4096, 0, EINVAL, ~0ULL},
	{65, 4096, 8, EINVAL, ~0ULL},
	{10000, 4096, 8, EINVAL, ~0ULL},
};
enum { REQUESTS = sizeof(requests) / sizeof(*requests) };

static uint64_t *words;

/* The kernel found all of it dirty. */
static void dirty(struct fake *kernel, unsigned long request)
{
	(void)kernel;
	if (request == VFIO_IOMMU_DIRTY_PAGES || request == VFIO_IOMMU_UNMAP_DMA)
		words[0] = ~0ULL;
}

static struct vfio_bitmap bitmap_of(size_t i)
{
	words[0] = ~0ULL;
	fake.before = requests[i].err ? NULL : dirty;
	fake.kernel = (struct fake_failure){requests[i].err ? 1 : 0, requests[i].err};
	fake_forget(&fake);
	return (struct vfio_bitmap){
		.pgsize = requests[i].pgsize, .size = requests[i].bytes, .data = (void *)words};
}

static void test_get(void **state)
{
	(void)state;
	words = make_words(1);
	for (size_t i = 0; i < REQUESTS; i++) {
		struct get get = {.argsz = sizeof(get),
			.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
			.get = {.size = requests[i].pages * 4096, .bitmap = bitmap_of(i)}};

		fake.own = &get;
		assert_int_equal(
			engine_dirty_pages(&engine, &container, FAKE_FD, &get), -requests[i].err);
		assert_string_equal(fake.log_bytes, "dirty");
		assert_true(words[0] == requests[i].bits);
	}
}

static void test_unmap(void **state)
{
	words = make_words(1);
	for (size_t i = 0; i < REQUESTS; i++) {
		struct unmap unmap = {.argsz = sizeof(unmap),
			.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
			.size = requests[i].pages * 4096,
			.bitmap = bitmap_of(i)};

		fake.own = &unmap;
		assert_int_equal(
			engine_unmap(&engine, &container, FAKE_FD, &unmap), -requests[i].err);
		assert_int_equal(strncmp(fake.log_bytes, "pass ", 5), 0);
		assert_true(words[0] == requests[i].bits);
		assert_int_equal(container.n_splits, requests[i].err ? 2 : 1);
		if (requests[i].err)
			continue;
		assert_int_equal(unmap.size, 0xa000);
		tear_down(state);
		assert_int_equal(set_up(state), 0);
	}
}

/* Start, stop and what is unknown go to the kernel as they came; so does all without a split. */
static void test_pass(void **state)
{
	struct get get = {.argsz = sizeof(get)};

	(void)state;
	words = make_words(1);
	for (uint32_t flags = 0; flags < 8; flags++) {
		if (flags == VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP)
			continue;
		fake_forget(&fake);
		fake.own = &get;
		get.flags = flags;
		assert_int_equal(engine_dirty_pages(&engine, &container, FAKE_FD, &get), 0);
		assert_string_equal(fake.log_bytes, "dirty");
	}
	get.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP;
	get.get = (struct vfio_iommu_type1_dirty_bitmap_get){
		.iova = 0x1000, .size = 0x9000, .bitmap = {.pgsize = 4096, .size = 8}};
	fake_forget(&fake);
	assert_int_equal(engine_dirty_pages(&engine, &container, FAKE_FD, &get), 0);
	assert_string_equal(fake.log_bytes, "dirty"); /* no bitmap: EFAULT by the kernel */
	get.get.bitmap.data = (void *)words;
	fake_forget(&fake);
	assert_int_equal(engine_dirty_pages(&engine, &container, FAKE_FD, &get), -EINVAL);
	assert_string_equal(fake.log_bytes, ""); /* it cuts the split in two */
	engine_iommu_set(&engine, &container, VFIO_TYPE1v2_IOMMU);
	fake_forget(&fake);
	assert_int_equal(engine_dirty_pages(&engine, &container, FAKE_FD, &get), 0);
	assert_string_equal(fake.log_bytes, "dirty");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_get),
		TEST(test_unmap),
		TEST(test_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
