/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hole sets as lines of text: what merges, what is found, what is equal. */
#include "hole_set.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST_HOLES = 32 };

/* "page | holes | merged": hexadecimal, ends inclusive. */
static const char *const merges[] = {
	"1000 | |",
	"1000 | 1000-1fff | 1000-1fff",
	"1000 | 5000-5fff 1000-1fff 3000-3fff | 1000-1fff 3000-3fff 5000-5fff",
	"1000 | 1000-1fff 1000-1fff | 1000-1fff",
	"1000 | 1000-1fff 1000-3fff 1000-2fff | 1000-3fff",
	"1000 | 1000-8fff 2000-2fff 4000-4fff | 1000-8fff",
	"1000 | 1000-2fff 2000-3fff 3000-4fff | 1000-4fff",
	"1000 | 1000-1fff 2000-2fff | 1000-2fff",
	"1000 | 0-0 | 0-fff",
	"1000 | 0-0 fff-1000 | 0-1fff",
	"1000 | 1fff-2000 | 1000-2fff",
	"1000 | 1800-18ff 1c00-1cff | 1000-1fff",
	"1000 | ffffffffffffffff-ffffffffffffffff | fffffffffffff000-ffffffffffffffff",
	"1000 | ffffffffffffffff-ffffffffffffffff 0-ffffffffffffffff | 0-ffffffffffffffff",
	"1000 | 0-ffffffffffffffff 0-0 1000-1fff | 0-ffffffffffffffff",
	"1000 | fd00000000-ffffffffff fee00000-feefffff | fee00000-feefffff fd00000000-ffffffffff",
	"200000 | 300000-3fffff 600000-6fffff | 200000-3fffff 600000-7fffff",
	"200000 | 300000-3fffff 400000-400000 | 200000-5fffff",
	"10000 | fee00000-fee00fff | fee00000-fee0ffff",
	"1 | 5-5 7-8 | 5-5 7-8",
	"1 | 5-6 7-8 | 5-8",
};

/* "holes | address | range found", pages of 4 KiB. */
static const char *const finds[] = {
	" | 0 | none",
	"1000-1fff | 0 | 1000-1fff",
	"1000-1fff | 1000 | 1000-1fff",
	"1000-1fff | 1fff | 1000-1fff",
	"1000-1fff | 2000 | none",
	"1000-1fff 5000-5fff | 2000 | 5000-5fff",
	"1000-1fff 5000-5fff 9000-9fff | 0 | 1000-1fff",
	"1000-1fff 5000-5fff 9000-9fff | 5800 | 5000-5fff",
	"1000-1fff 5000-5fff 9000-9fff | 6000 | 9000-9fff",
	"1000-1fff 5000-5fff 9000-9fff | a000 | none",
	"fffffffffffff000-ffffffffffffffff | ffffffffffffffff | fffffffffffff000-ffffffffffffffff",
	"0-fff | ffffffffffffffff | none",
};

static struct range parse_range(const char **at)
{
	struct range r;
	char *end;

	r.first = strtoull(*at, &end, 16);
	assert_int_equal(*end, '-');
	r.last = strtoull(end + 1, &end, 16);
	*at = end;
	return r;
}

/* The ranges from @text up to "|". Which hole came when is kept in hole.line. */
static struct hole_set *parse_holes(const char *text, uint64_t page)
{
	struct hole holes[MOST_HOLES];
	unsigned int n = 0;

	while (*(text += strspn(text, " ")) != '|') {
		assert_true(n < MOST_HOLES);
		holes[n] = (struct hole){.range = parse_range(&text), .line = n};
		n++;
	}
	return hole_set_build(malloc(hole_set_bytes(n)), holes, n, page);
}

static void check_sorted(const struct hole_set *set)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < set->n_holes; i++) {
		seen |= 1U << set->holes[i].line;
		if (i)
			assert_true(set->holes[i - 1].range.first <= set->holes[i].range.first);
	}
	assert_int_equal(seen, (1U << set->n_holes) - 1);
}

static void test_merges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(merges) / sizeof(*merges); i++) {
		const char *holes = strchr(merges[i], '|') + 1;
		const char *expected = strchr(holes, '|') + 1;
		uint64_t page = strtoull(merges[i], NULL, 16);
		struct hole_set *set = parse_holes(holes, page);
		char text[256] = "";

		for (size_t j = 0; j < set->n_merged; j++) {
			size_t used = strlen(text);

			snprintf(text + used, sizeof(text) - used, " %" PRIx64 "-%" PRIx64,
				set->merged[j].first, set->merged[j].last);
		}
		if (strcmp(text, expected))
			fail_msg("%s\n  got%s", merges[i], text);
		assert_true(set->page == page);
		assert_int_equal(set->bytes, hole_set_bytes(set->n_holes));
		check_sorted(set);
		free(set);
	}
}

static void test_finds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(finds) / sizeof(*finds); i++) {
		const char *address = strchr(finds[i], '|') + 1;
		const char *expected = strchr(address, '|') + 2;
		struct hole_set *set = parse_holes(finds[i], 4096);
		const struct range *found = hole_set_find(set, strtoull(address, NULL, 16));
		char text[64] = "none";

		if (found)
			snprintf(text, sizeof(text), "%" PRIx64 "-%" PRIx64, found->first,
				found->last);
		if (strcmp(text, expected))
			fail_msg("%s\n  got %s", finds[i], text);
		free(set);
	}
}

/* What is skipped lies below, and no more is looked at than one merged range. */
static void test_from(void **state)
{
	struct hole_set *set = parse_holes(
		"1800-1fff 1000-8fff 2000-2fff 4000-44ff b000-bfff b800-cfff f000-f000 |", 4096);

	(void)state;
	for (uint64_t address = 0; address < 0x12000; address += 0x800) {
		size_t from = hole_set_from(set, address);
		const struct range *merged = hole_set_find(set, address);

		for (size_t i = 0; i < from; i++)
			assert_true((set->holes[i].range.last | 0xfff) < address);
		assert_true(from == set->n_holes
				    ? !merged
				    : set->holes[from].range.first >= merged->first &&
					      set->holes[from].range.first <= merged->last);
	}
	free(set);
}

static void test_touches(void **state)
{
	struct hole_set *set = parse_holes("2000-2fff 6000-6fff |", 4096);

	(void)state;
	assert_false(hole_set_touches(set, (struct range){0, 0x1fff}));
	assert_true(hole_set_touches(set, (struct range){0, 0x2000}));
	assert_true(hole_set_touches(set, (struct range){0x2fff, 0x5fff}));
	assert_false(hole_set_touches(set, (struct range){0x3000, 0x5fff}));
	assert_true(hole_set_touches(set, (struct range){0, UINT64_MAX}));
	assert_false(hole_set_touches(set, (struct range){0x7000, UINT64_MAX}));
	free(set);
}

/* Each differs from the first in one thing. */
static const struct hole unequal[] = {
	{.range = {0x1000, 0x1fff}, .name = "", .file = ""},
	{.range = {0x2000, 0x2fff}, .name = "", .file = ""},
	{.range = {0x1000, 0x2fff}, .name = "", .file = ""},
	{.range = {0x1000, 0x1fff}, .source = HOLE_POLICY, .name = "", .file = ""},
	{.range = {0x1000, 0x1fff}, .type = REGION_MSI, .name = "", .file = ""},
	{.range = {0x1000, 0x1fff}, .group = 1, .name = "", .file = ""},
	{.range = {0x1000, 0x1fff}, .name = "a", .file = ""},
	{.range = {0x1000, 0x1fff}, .name = "", .file = "a"},
	{.range = {0x1000, 0x1fff}, .line = 1, .name = "", .file = ""},
	{.range = {0x1000, 0x1fff}, .crossing = CROSSING_SPLIT, .name = "", .file = ""},
	{.range = {0x1000, 0x1fff}, .inside = INSIDE_SKIP, .name = "", .file = ""},
};

static void test_equal(void **state)
{
	const size_t n = sizeof(unequal) / sizeof(*unequal);
	struct hole_set *none = hole_set_build(malloc(hole_set_bytes(0)), NULL, 0, 4096);
	struct hole_set *wide = hole_set_build(malloc(hole_set_bytes(1)), unequal, 1, 65536);

	(void)state;
	assert_true(hole_set_equal(none, none));
	for (size_t i = 0; i < n; i++) {
		struct hole_set *a =
			hole_set_build(malloc(hole_set_bytes(1)), &unequal[i], 1, 4096);

		assert_false(hole_set_equal(a, none));
		assert_int_equal(hole_set_equal(a, wide), false);
		for (size_t j = 0; j < n; j++) {
			struct hole_set *b =
				hole_set_build(malloc(hole_set_bytes(1)), &unequal[j], 1, 4096);

			assert_int_equal(hole_set_equal(a, b), i == j);
			free(b);
		}
		free(a);
	}
	free(wide);
	free(none);
}

/* The order in which sources are asked must not matter. */
static void test_equal_in_any_order(void **state)
{
	struct hole_set *a = parse_holes("1000-1fff 3000-3fff 1000-2fff |", 4096);
	struct hole holes[3] = {a->holes[2], a->holes[0], a->holes[1]};
	struct hole_set *b = hole_set_build(malloc(hole_set_bytes(3)), holes, 3, 4096);

	(void)state;
	assert_true(hole_set_equal(a, b));
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merges),
		cmocka_unit_test(test_finds),
		cmocka_unit_test(test_from),
		cmocka_unit_test(test_touches),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_equal_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
