/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits as lines of text, and splits against a model that looks at every page. */
#include "dma_split.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST_HOLES = 64 };

/* "range | holes | parts": hexadecimal, ends inclusive, pages of 4 KiB; gaps in brackets. */
static const char *const splits[] = {
	/* no hole is touched */
	"1000-1fff | | 1000-1fff",
	"0-ffffffffffffffff | | 0-ffffffffffffffff",
	"3000-4fff | 1000-2fff | 3000-4fff",
	"1000-2fff | 3000-3fff | 1000-2fff",
	"3000-3fff | 2000-2fff 4000-4fff | 3000-3fff",

	/* one hole, every way that two ranges can lie */
	"1000-5fff | 3000-3fff | 1000-2fff [3000-3fff] 4000-5fff",
	"1000-5fff | 1000-1fff | [1000-1fff] 2000-5fff",
	"1000-5fff | 5000-5fff | 1000-4fff [5000-5fff]",
	"1000-5fff | 0-2fff | [1000-2fff] 3000-5fff",
	"1000-5fff | 4000-8fff | 1000-3fff [4000-5fff]",
	"1000-5fff | 1000-5fff | [1000-5fff]",
	"2000-2fff | 0-ffff | [2000-2fff]",
	"0-ffffffffffffffff | 2000-2fff | 0-1fff [2000-2fff] 3000-ffffffffffffffff",

	/* the ends of the address space */
	"0-2fff | 0-fff | [0-fff] 1000-2fff",
	"fffffffffffff000-ffffffffffffffff | fffffffffffff000-ffffffffffffffff | "
	"[fffffffffffff000-ffffffffffffffff]",
	"ffffffffffffe000-ffffffffffffffff | fffffffffffff000-ffffffffffffffff | "
	"ffffffffffffe000-ffffffffffffefff [fffffffffffff000-ffffffffffffffff]",
	"ffffffffffffe000-ffffffffffffffff | ffffffffffffe000-ffffffffffffefff | "
	"[ffffffffffffe000-ffffffffffffefff] fffffffffffff000-ffffffffffffffff",
	"0-ffffffffffffffff | 0-ffffffffffffffff | [0-ffffffffffffffff]",

	/* several holes; those that overlap, touch or share a page are one */
	"1000-9fff | 2000-2fff 5000-6fff | 1000-1fff [2000-2fff] 3000-4fff [5000-6fff] 7000-9fff",
	"1000-9fff | 5000-6fff 2000-2fff | 1000-1fff [2000-2fff] 3000-4fff [5000-6fff] 7000-9fff",
	"1000-9fff | 2000-5fff 4000-6fff | 1000-1fff [2000-6fff] 7000-9fff",
	"1000-9fff | 2000-7fff 4000-4fff | 1000-1fff [2000-7fff] 8000-9fff",
	"1000-9fff | 2000-2fff 3000-3fff | 1000-1fff [2000-3fff] 4000-9fff",
	"1000-9fff | 0-1fff 9000-afff | [1000-1fff] 2000-8fff [9000-9fff]",
	"1000-3fff | 2000-20ff 2800-28ff | 1000-1fff [2000-2fff] 3000-3fff",

	/* holes grow to whole pages */
	"1000-5fff | 3800-38ff | 1000-2fff [3000-3fff] 4000-5fff",
	"1000-5fff | 2fff-3000 | 1000-1fff [2000-3fff] 4000-5fff",
	"1000-1fff | 2001-2001 | 1000-1fff",

	/* hosts: AMD's hyper-transport range under 2 TiB of RAM, its MSI window under Arm's RAM,
	 * a 39-bit IOMMU, and what pc-q35-7.0 with 1 TiB asks for */
	"100000000-1ffffffffff | fee00000-feefffff fd00000000-ffffffffff | "
	"100000000-fcffffffff [fd00000000-ffffffffff] 10000000000-1ffffffffff",
	"40000000-ffffffff | fee00000-feefffff | "
	"40000000-fedfffff [fee00000-feefffff] fef00000-ffffffff",
	"7fe0000000-801fffffff | 8000000000-ffffffffffffffff | "
	"7fe0000000-7fffffffff [8000000000-801fffffff]",
	"100000000-1002fffffff | fd00000000-ffffffffff | "
	"100000000-fcffffffff [fd00000000-ffffffffff] 10000000000-1002fffffff",
};

static struct range parse_range(const char **at)
{
	struct range r;
	char *end;

	r.first = strtoull(*at, &end, 16);
	assert_int_equal(*end, '-');
	r.last = strtoull(end + 1, &end, 16);
	assert_true(r.first <= r.last);
	*at = end;
	return r;
}

/* The ranges from @text up to " |". */
static struct hole_set *parse_holes(const char *text)
{
	struct hole holes[MOST_HOLES];
	size_t n = 0;

	while (*(text += strspn(text, " ")) != '|') {
		assert_true(n < MOST_HOLES);
		holes[n++] = (struct hole){.range = parse_range(&text)};
	}
	return hole_set_build(malloc(hole_set_bytes(n)), holes, n, 4096);
}

static void append_part(char *text, size_t size, const struct dma_part *part)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used,
		part->gap ? "%s[%" PRIx64 "-%" PRIx64 "]" : "%s%" PRIx64 "-%" PRIx64,
		used ? " " : "", part->iova.first, part->iova.last);
}

/* The walks that leave parts out must agree with the one that does not. */
static void check_half_walks(const struct hole_set *set, struct range iova)
{
	struct dma_split all = dma_split_start(set, iova);
	struct dma_split pieces = all, gaps = all;
	struct dma_part part, half;
	uint64_t gap_bytes = 0;

	while (dma_split_next(&all, &part)) {
		if (part.gap)
			assert_true(dma_split_next_gap(&gaps, &half));
		else
			assert_true(dma_split_next_piece(&pieces, &half));
		assert_memory_equal(&half.iova, &part.iova, sizeof(half.iova));
		assert_true(half.offset == part.offset && half.gap == part.gap);
		gap_bytes += part.gap ? range_size(part.iova) : 0;
	}
	assert_false(dma_split_next(&all, &part));
	assert_false(dma_split_next_gap(&gaps, &half));
	assert_false(dma_split_next_piece(&pieces, &half));
	assert_true(dma_split_gap_bytes(set, iova) == gap_bytes);
}

static void check_split(const char *row)
{
	const char *at = row, *holes, *expected;
	struct range iova = parse_range(&at);
	struct hole_set *set;
	struct dma_split walk;
	struct dma_part part;
	char text[512] = "";
	bool piece = false, gap = false;

	holes = strchr(row, '|') + 1;
	expected = strchr(holes, '|') + 2;
	set = parse_holes(holes);
	walk = dma_split_start(set, iova);
	while (dma_split_next(&walk, &part)) {
		append_part(text, sizeof(text), &part);
		assert_true(part.offset == part.iova.first - iova.first);
		*(part.gap ? &gap : &piece) = true;
	}
	if (strcmp(text, expected))
		fail_msg("%s\n  got %s", row, text);
	assert_int_equal(dma_split_fit(set, iova), !gap	   ? DMA_CLEAR
						   : piece ? DMA_CROSSES
							   : DMA_INSIDE);
	assert_int_equal(hole_set_touches(set, iova), gap);
	check_half_walks(set, iova);
	free(set);
}

static void test_splits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(splits) / sizeof(*splits); i++)
		check_split(splits[i]);
}

/* The model: 64 pages, one bit each, at either end of the address space. */
static uint64_t random_bits(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static struct range random_pages(uint64_t *seed)
{
	uint64_t a = random_bits(seed) >> 58, b = random_bits(seed) >> 58;

	return a < b ? (struct range){a, b} : (struct range){b, a};
}

static struct range pages_at(uint64_t base, struct range pages)
{
	return (struct range){base + pages.first * 4096, base + pages.last * 4096 + 4095};
}

static uint64_t page_bits(struct range pages)
{
	return (UINT64_MAX >> (63 - (pages.last - pages.first))) << pages.first;
}

static void check_against_model(uint64_t *seed, uint64_t base)
{
	struct hole holes[8];
	size_t n = random_bits(seed) % 8;
	struct range whole = random_pages(seed);
	uint64_t model = 0, mapped = 0, cut = 0;
	struct hole_set *set;
	struct dma_split walk;
	struct dma_part part;
	bool before = false, any = false;

	for (size_t i = 0; i < n; i++) {
		struct range pages = random_pages(seed);

		if (pages.last - pages.first > 12)
			pages.last = pages.first + 12;
		model |= page_bits(pages);
		holes[i] = (struct hole){.range = pages_at(base, pages)};
	}
	set = hole_set_build(malloc(hole_set_bytes(n)), holes, n, 4096);
	walk = dma_split_start(set, pages_at(base, whole));
	while (dma_split_next(&walk, &part)) {
		struct range pages = {
			(part.iova.first - base) / 4096, (part.iova.last - base) / 4096};

		assert_true(!any || part.gap != before);
		before = part.gap;
		any = true;
		*(part.gap ? &cut : &mapped) |= page_bits(pages);
	}
	assert_true(mapped == (page_bits(whole) & ~model));
	assert_true(cut == (page_bits(whole) & model));
	check_half_walks(set, pages_at(base, whole));
	free(set);
}

static void test_model(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;

	(void)state;
	for (int i = 0; i < 20000; i++)
		check_against_model(&seed, i % 2 ? 0 : UINT64_MAX - (64 * 4096 - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
