/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cause of each answer of the kernel's, in the order in which vfio_dma_do_map() checks. */
#include "diagnosis.h"

#include <errno.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { R = VFIO_DMA_MAP_FLAG_READ, RW = R | VFIO_DMA_MAP_FLAG_WRITE, V = VFIO_DMA_MAP_FLAG_VADDR };

static const struct hole holes[] = {
	{.range = {0x8000, 0x8fff}, .source = HOLE_KERNEL},
	{.range = {0x10000, 0x1ffff}, .source = HOLE_SYSFS, .type = REGION_RESERVED, .group = 3},
	{.range = {0x10000, 0x1ffff}, .source = HOLE_KERNEL},
	{.range = {0x40000, 0x4ffff}, .source = HOLE_POLICY, .name = "", .file = "f", .line = 2},
	{.range = {0x8000000000, UINT64_MAX}, .source = HOLE_KERNEL},
};

#define REQUEST(i, s) .iova = {i, i + s - 1}, .size = s, .argsz = 32, .flags = RW
#define KERNEL(i, s, e)                                                                            \
	{                                                                                          \
		REQUEST(i, s), .by_kernel = true, .result = -e                                     \
	}

static const struct {
	struct attempt attempt;
	enum cause cause;
	unsigned int misaligned;
} attempts[] = {
	{KERNEL(0x10000, 0x1000, EINVAL), CAUSE_RESERVED, 0},
	{KERNEL(0xf000, 0x2000, EINVAL), CAUSE_RESERVED, 0},
	{KERNEL(0x8000, 0x1000, EINVAL), CAUSE_RESERVED, 0}, /* by the kernel's word alone */
	{KERNEL(0x8000000000, 0x1000, EINVAL), CAUSE_WIDTH, 0},
	{KERNEL(0x7ffffff000, 0x2000, EINVAL), CAUSE_WIDTH, 0},
	{KERNEL(0x20000, 0x1000, EINVAL), CAUSE_UNKNOWN, 0},
	/* the kernel does not know the policy's rules: they explain iovashim's refusals alone */
	{KERNEL(0x40000, 0x1000, EINVAL), CAUSE_UNKNOWN, 0},
	{{REQUEST(0x40000, 0x1000), .result = -EINVAL}, CAUSE_POLICY, 0},
	{{REQUEST(0x40000, 0x1000), .by_kernel = true}, CAUSE_POLICY, 0},
	{{REQUEST(0x20000, 0x1000), .by_kernel = true}, CAUSE_NONE, 0},
	/* the request itself, before any hole */
	{{.iova = {0x10000, 0x10fff},
		 .size = 0x1000,
		 .argsz = 31,
		 .flags = 8,
		 .by_kernel = true,
		 .result = -EINVAL},
		CAUSE_ARGSZ, 0},
	{{.iova = {0x10000, 0x10fff},
		 .argsz = 32,
		 .flags = 8,
		 .by_kernel = true,
		 .result = -EINVAL},
		CAUSE_FLAGS, 0},
	{{.iova = {0x10000, 0x10000}, .argsz = 32, .by_kernel = true, .result = -EINVAL},
		CAUSE_SIZE, 0},
	{{.iova = {UINT64_MAX - 0xfff, UINT64_MAX},
		 .size = 0x2000,
		 .argsz = 32,
		 .by_kernel = true,
		 .result = -EINVAL},
		CAUSE_WRAP, 0},
	{{.iova = {0, 0x1fff},
		 .vaddr = UINT64_MAX - 0xfff,
		 .size = 0x2000,
		 .argsz = 32,
		 .flags = RW,
		 .by_kernel = true,
		 .result = -EINVAL},
		CAUSE_WRAP, 0},
	{KERNEL(0, 0x1000, EOVERFLOW), CAUSE_WRAP, 0},
	{{.iova = {0x10800, 0x117ff},
		 .size = 0x1000,
		 .argsz = 32,
		 .by_kernel = true,
		 .result = -EINVAL},
		CAUSE_FLAGS, 0},
	{{.iova = {0x10000, 0x10fff},
		 .size = 0x1000,
		 .argsz = 32,
		 .flags = V | R,
		 .by_kernel = true,
		 .result = -EINVAL},
		CAUSE_FLAGS, 0},
	{KERNEL(0x10800, 0x1000, EINVAL), CAUSE_MISALIGNED, MISALIGNED_IOVA},
	{KERNEL(0x10800, 0x1800, EINVAL), CAUSE_MISALIGNED, MISALIGNED_IOVA | MISALIGNED_SIZE},
	{{REQUEST(0x10000, 0x1000), .vaddr = 8, .by_kernel = true, .result = -EINVAL},
		CAUSE_MISALIGNED, MISALIGNED_VADDR},
	{{.iova = {0x10000, 0x10fff},
		 .size = 0x1000,
		 .argsz = 32,
		 .flags = V,
		 .by_kernel = true,
		 .result = -EINVAL},
		CAUSE_LIVE_UPDATE, 0},
	{{.iova = {0x10000, 0x10fff},
		 .size = 0x1000,
		 .argsz = 32,
		 .flags = V,
		 .by_kernel = true,
		 .result = -ENOENT},
		CAUSE_LIVE_UPDATE, 0},
	/* the errno tells */
	{KERNEL(0x10000, 0x1000, EEXIST), CAUSE_OVERLAP, 0},
	{KERNEL(0x10000, 0x1000, ENOSPC), CAUSE_ENTRIES, 0},
	{KERNEL(0x10000, 0x1000, ENOTTY), CAUSE_NO_TYPE1, 0},
	{KERNEL(0x10000, 0x1000, EOPNOTSUPP), CAUSE_UNPINNABLE, 0},
	{KERNEL(0x10000, 0x1000, EPERM), CAUSE_UNKNOWN, 0},
	{KERNEL(0x10000, 0x1000, ENOMEM), CAUSE_MEMLOCK, 0}, /* nobody looked */
	{KERNEL(0x10000, 0x1000, EFAULT), CAUSE_UNKNOWN, 0},
};

static struct hole_set *set;

static int set_up(void **state)
{
	size_t n = sizeof(holes) / sizeof(*holes);

	(void)state;
	set = hole_set_build(malloc(hole_set_bytes(n)), holes, n, 4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(set);
	return 0;
}

static struct diagnosis look(const struct attempt *attempt, const struct container *container,
	const struct circumstances *facts)
{
	struct attempt copy = *attempt;
	struct diagnosis diagnosis = {.facts = *facts};

	copy.container = container;
	copy.holes = set;
	diagnose(&diagnosis, &copy);
	return diagnosis;
}

static void test_causes(void **state)
{
	struct container container = {.type = VFIO_TYPE1v2_IOMMU};

	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
		struct diagnosis found =
			look(&attempts[i].attempt, &container, &(struct circumstances){0});

		assert_string_equal(diagnosis_word(found.cause), diagnosis_word(attempts[i].cause));
		assert_int_equal(found.misaligned, attempts[i].misaligned);
		assert_int_equal(found.cause == CAUSE_WIDTH, found.bits == 39);
	}
}

/* Which containers have no IOMMU: those of this process, and those that said so. */
static void test_no_iommu(void **state)
{
	static const struct attempt attempt = KERNEL(0x10800, 0x1000, EINVAL);
	static const struct {
		struct container container;
		enum cause cause;
	} containers[] = {
		{{.type = 0}, CAUSE_NO_IOMMU},
		{{.inherited = true}, CAUSE_MISALIGNED},
		{{.inherited = true, .no_iommu = true}, CAUSE_NO_IOMMU},
		{{.type = VFIO_TYPE1_IOMMU}, CAUSE_MISALIGNED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(containers) / sizeof(*containers); i++)
		assert_int_equal(
			look(&attempt, &containers[i].container, &(struct circumstances){0}).cause,
			containers[i].cause);
}

/* ENOMEM and EFAULT say little; the process' own circumstances do. */
static void test_circumstances(void **state)
{
	static const struct container container = {.type = VFIO_TYPE1v2_IOMMU};
	static const struct {
		int err;
		struct circumstances facts;
		enum cause cause;
	} all[] = {
		{ENOMEM, {.memlock_known = true, .memlock = 0x1000}, CAUSE_MEMLOCK},
		{ENOMEM, {.memlock_known = true, .memlock = 0x2000}, CAUSE_MEMORY},
		{ENOMEM, {.memlock_known = true, .memlock = 0x2000, .locked = 1}, CAUSE_MEMLOCK},
		{ENOMEM, {.memlock_known = true, .memlock = 1, .locked = 2}, CAUSE_MEMLOCK},
		{ENOMEM, {.memlock_known = true, .memlock = 1, .may_lock = true}, CAUSE_MEMORY},
		{ENOMEM, {.memlock_known = true, .memlock = UINT64_MAX, .locked = 1}, CAUSE_MEMORY},
		{EFAULT, {.torn = true, .memory = MEMORY_BAR}, CAUSE_UNMAPPED},
		{EFAULT, {.guarded = true}, CAUSE_GUARDED},
		{EFAULT, {.memory = MEMORY_BAR}, CAUSE_BAR},
		{EFAULT, {.barred = true, .file = true}, CAUSE_ACCESS},
		{EFAULT, {.file = true}, CAUSE_UNPINNABLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct attempt attempt = KERNEL(0x20000, 0x2000, 0);

		attempt.result = -all[i].err;
		assert_string_equal(diagnosis_word(look(&attempt, &container, &all[i].facts).cause),
			diagnosis_word(all[i].cause));
	}
}

static void test_overlap(void **state)
{
	static const struct container container = {.type = VFIO_TYPE1v2_IOMMU};
	static const struct range other = {0x1000, 0x2fff};
	struct attempt attempt = KERNEL(0x2000, 0x2000, EEXIST);

	(void)state;
	assert_false(look(&attempt, &container, &(struct circumstances){0}).split_known);
	attempt.other = &other;
	assert_int_equal(
		look(&attempt, &container, &(struct circumstances){0}).other.last, other.last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_no_iommu),
		cmocka_unit_test(test_circumstances),
		cmocka_unit_test(test_overlap),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
