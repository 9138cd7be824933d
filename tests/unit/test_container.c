/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container remembers: splits in order, groups by number, the kernel's ranges. */
#include "container.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct split split_of(uint64_t first, uint64_t last)
{
	return (struct split){.iova = {first, last}, .vaddr = first};
}

static const struct range added[] = {
	{0x5000, 0x5fff},
	{0x1000, 0x1fff},
	{0x9000, UINT64_MAX},
	{0, 0xfff},
	{0x7000, 0x7fff},
};
enum { ADDED = sizeof(added) / sizeof(*added) };

/* What is searched for and the first address of the split found, 1 for none. */
static const struct {
	struct range iova;
	uint64_t found;
} found[] = {
	{{0, 0}, 0},
	{{0xfff, 0xfff}, 0},
	{{0, UINT64_MAX}, 0},
	{{0x1000, 0x1000}, 0x1000},
	{{0x2000, 0x4fff}, 1},
	{{0x2000, 0x5000}, 0x5000},
	{{0x5fff, 0x7000}, 0x5000},
	{{0x6000, 0x6fff}, 1},
	{{0x8000, 0x8fff}, 1},
	{{0x8000, 0x9000}, 0x9000},
	{{UINT64_MAX, UINT64_MAX}, 0x9000},
};

static void test_splits(void **state)
{
	struct container container = {0};

	(void)state;
	assert_null(container_split_at(&container, (struct range){0, UINT64_MAX}));
	for (size_t i = 0; i < ADDED; i++) {
		struct split split = split_of(added[i].first, added[i].last);

		assert_int_equal(container_split_add(&container, &split), 0);
		assert_true(container_has_splits(&container));
	}
	for (size_t i = 0; i < sizeof(found) / sizeof(*found); i++) {
		const struct split *split = container_split_at(&container, found[i].iova);

		assert_true((split ? split->iova.first : 1) == found[i].found);
		assert_true(!split || container_splits_near(&container, found[i].iova));
	}
	for (size_t i = 1; i < ADDED; i++)
		assert_true(container.splits[i - 1].iova.last < container.splits[i].iova.first);

	container_splits_remove(&container, (struct range){0x1000, 0x1000});
	assert_null(container_split_at(&container, (struct range){0x1000, 0x4fff}));
	assert_int_equal(container.n_splits, ADDED - 1);
	container_splits_remove(&container, (struct range){0, UINT64_MAX});
	assert_int_equal(container.n_splits, 0);
	assert_false(container_splits_near(&container, (struct range){0, UINT64_MAX}));
	assert_false(container_has_splits(&container));
	container_free(&container);
}

/* What lies outside of all splits is known without a look at them, whichever of them go. */
static void test_extent(void **state)
{
	struct container container = {0};

	(void)state;
	assert_false(container_splits_near(&container, (struct range){0, UINT64_MAX}));
	for (uint64_t at = 0x5000; at <= 0x5000; at -= 0x2000) {
		struct split split = split_of(at, at + 0xfff);

		assert_int_equal(container_split_add(&container, &split), 0);
	}
	assert_false(container_splits_near(&container, (struct range){0, 0xfff}));
	assert_true(container_splits_near(&container, (struct range){0, 0x1000}));
	assert_true(container_splits_near(&container, (struct range){0x5fff, UINT64_MAX}));
	assert_false(container_splits_near(&container, (struct range){0x6000, UINT64_MAX}));
	container_splits_remove(&container, (struct range){0x5000, 0x5000});
	assert_true(container_splits_near(&container, (struct range){0x3fff, UINT64_MAX}));
	assert_false(container_splits_near(&container, (struct range){0x4000, UINT64_MAX}));
	container_splits_remove(&container, (struct range){0, 0x1000});
	assert_false(container_splits_near(&container, (struct range){0, 0x2fff}));
	container_splits_remove(&container, (struct range){0x4000, UINT64_MAX});
	assert_int_equal(container.n_splits, 1);
	container_free(&container);
}

/* A request under way counts as one, whether it will leave a split or not. */
static void test_claims_count(void **state)
{
	struct container container = {0};
	struct claim claim = {.iova = {0, 0xfff}};

	(void)state;
	container.claims = &claim;
	assert_true(container_has_splits(&container));
	container.claims = NULL;
	assert_false(container_has_splits(&container));
}

static void test_many_splits(void **state)
{
	struct container container = {0};

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t first = i * 0x3779 % 1000 * 0x2000; /* coprime: each once */
		struct split split = split_of(first, first + 0xfff);

		assert_int_equal(container_split_add(&container, &split), 0);
	}
	for (size_t i = 0; i < 1000; i++)
		assert_true(container.splits[i].iova.first == i * 0x2000);
	assert_int_equal(container_split_from(&container, 0x1000), 1);
	container_free(&container);
}

static void test_groups(void **state)
{
	struct container container = {0};
	struct host_group group = {.number = 7, .n_regions = 1};

	(void)state;
	for (int i = 0; i < 20; i++) {
		group.number = i;
		assert_int_equal(container_add_group(&container, &group), 0);
	}
	assert_int_equal(container.n_groups, 20);
	group.number = 3;
	group.n_regions = 5;
	assert_int_equal(container_add_group(&container, &group), 0);
	assert_int_equal(container.n_groups, 20);
	assert_int_equal(container.groups[3].n_regions, 5);

	container_remove_group(&container, 99);
	assert_int_equal(container.n_groups, 20);
	container_remove_group(&container, 0);
	container_remove_group(&container, 19);
	assert_int_equal(container.n_groups, 18);
	for (size_t i = 0; i < container.n_groups; i++)
		assert_true(container.groups[i].number != 0 && container.groups[i].number != 19);
	container_free(&container);
	assert_int_equal(container.n_groups, 0);
}

static void test_valid_and_reset(void **state)
{
	static const struct range valid[] = {{0, 0xfff}, {0x2000, 0x2fff}};
	struct container container = {.type = 3};
	struct split split = split_of(0, 0xfff);
	struct host_group group = {.number = 1};

	(void)state;
	assert_int_equal(container_set_valid(&container, valid, 2), 0);
	assert_true(container.kernel_known);
	assert_memory_equal(container.valid, valid, sizeof(valid));
	assert_int_equal(container_set_valid(&container, NULL, 0), 0);
	assert_true(container.kernel_known);
	assert_int_equal(container.n_valid, 0);
	assert_int_equal(container_set_valid(&container, valid, (size_t)1 << 50), -ENOMEM);
	assert_false(container.kernel_known);

	assert_int_equal(container_set_valid(&container, valid, 2), 0);
	assert_int_equal(container_split_add(&container, &split), 0);
	assert_int_equal(container_add_group(&container, &group), 0);
	container_reset(&container);
	assert_false(container.kernel_known);
	assert_int_equal(container.n_valid, 0);
	assert_int_equal(container.n_splits, 0);
	assert_int_equal(container.type, 0);
	assert_int_equal(container.n_groups, 1);
	container_free(&container);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_extent),
		cmocka_unit_test(test_claims_count),
		cmocka_unit_test(test_many_splits),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_valid_and_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
