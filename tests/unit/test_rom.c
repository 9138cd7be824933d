/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reservation ROM's pure parts: holes as text, entries cut at holes, what a map covers. */
#include "rom/cut.h"
#include "rom/holes.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct {
	const char *text;
	const char *holes; /* or "ERROR at OFFSET" */
} texts[] = {
	/* what is read */
	{"0x110000000-0x11fffffff", "110000000-11fffffff"},
	{"0x110000000-0x11fffffff\n", "110000000-11fffffff"},
	{"0xFD00000000-0xffffffffff,0xfee00000-0xfeefffff",
		"fee00000-feefffff fd00000000-ffffffffff"},
	{" \t0X1000-0x1fff ,\r\n 0x3000-0x3fff,", "1000-1fff 3000-3fff"},
	{"0x00000000000000000003000-0x3fff", "3000-3fff"},
	{"0x0-0xffffffffffffffff", "0-ffffffffffffffff"},
	{"0xfffffffffffff000-0xffffffffffffffff", "fffffffffffff000-ffffffffffffffff"},

	/* whole pages; those that overlap or touch are one */
	{"0x1001-0x1001", "1000-1fff"},
	{"0x1fff-0x2000", "1000-2fff"},
	{"0x1000-0x1fff,0x2000-0x2fff", "1000-2fff"},
	{"0x2000-0x2fff,0x1000-0x1fff", "1000-2fff"},
	{"0x1000-0x1fff,0x5000-0x5fff,0x0-0x8fff", "0-8fff"},
	{"0x1000-0x1fff,0x3000-0x3fff,0x2000-0x2fff", "1000-3fff"},
	{"0x0-0xfff,0xfffffffffffff000-0xffffffffffffffff",
		"0-fff fffffffffffff000-ffffffffffffffff"},
	{"0x1000-0x1fff,0x1000-0x1fff", "1000-1fff"},

	/* what is refused */
	{"", "there are none at 0"},
	{" ,\n", "there are none at 3"},
	{"garbage", "no address of the form 0x110000000 at 0"},
	{"110000000-11fffffff", "no address of the form 0x110000000 at 0"},
	{"0x-0x1", "no address of the form 0x110000000 at 0"},
	{"0", "no address of the form 0x110000000 at 0"},
	{"0x", "no address of the form 0x110000000 at 0"},
	{"0x1000", "no dash between the first and the last address at 6"},
	{"0x1000 - 0x2000", "no dash between the first and the last address at 6"},
	{"0x1000+0x2000", "no dash between the first and the last address at 6"},
	{"0x1000-", "no address of the form 0x110000000 at 7"},
	{"0x1000-0x1fffg", "no comma or blank after the range at 13"},
	{"0x1000-0x1fff;0x3000-0x3fff", "no comma or blank after the range at 13"},
	{"0x1000-0x10000000000000000", "no address of the form 0x110000000 at 7"},
	{"0x2000-0x1fff", "the range ends before it begins at 0"},
	{"0x1000-0x1fff,0x3000-0x2000", "the range ends before it begins at 14"},
};

static void print_holes(const struct holes *holes, char *to, size_t room)
{
	size_t length = 0;

	to[0] = '\0';
	for (unsigned int i = 0; i < holes->count; i++)
		length += (size_t)snprintf(to + length, room - length, "%s%" PRIx64 "-%" PRIx64,
			i ? " " : "", holes->range[i].first, holes->range[i].last);
}

static void parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t length = strlen(texts[i].text), at;
		char *text = malloc(length + 1), got[2048];
		enum holes_error error;
		struct holes holes;

		/* Not terminated: an access beyond the end is found by the sanitizer. */
		assert_non_null(text);
		text = realloc(text, length ? length : 1);
		memcpy(text, texts[i].text, length);
		error = holes_parse(text, length, &holes, &at);
		if (error == HOLES_OK)
			print_holes(&holes, got, sizeof(got));
		else
			snprintf(got, sizeof(got), "%s at %zu", holes_error_text(error), at);
		assert_string_equal(got, texts[i].holes);
		free(text);
	}
}

static size_t many(char *text, size_t room, unsigned int count)
{
	size_t length = 0;

	for (unsigned int i = 0; i < count; i++)
		length += (size_t)snprintf(text + length, room - length, "0x%x000-0x%xfff,",
			(count - i) * 2, (count - i) * 2);
	return length;
}

static void holds_so_many(void **state)
{
	char text[ROM_MOST_TEXT];
	struct holes holes;
	size_t at, length;

	(void)state;
	length = many(text, sizeof(text), ROM_MOST_HOLES);
	assert_int_equal(holes_parse(text, length, &holes, &at), HOLES_OK);
	assert_int_equal(holes.count, ROM_MOST_HOLES);
	for (unsigned int i = 0; i < holes.count; i++)
		assert_int_equal(holes.range[i].first, (i + 1) * 0x2000);
	length = many(text, sizeof(text), ROM_MOST_HOLES + 1);
	assert_int_equal(holes_parse(text, length, &holes, &at), HOLES_TOO_MANY);
	/* The words name the number. */
	snprintf(text, sizeof(text), "more than %d holes", ROM_MOST_HOLES);
	assert_string_equal(holes_error_text(HOLES_TOO_MANY), text);
	/* One that joins two makes room for another. */
	length = many(text, sizeof(text), ROM_MOST_HOLES);
	length += (size_t)snprintf(
		text + length, sizeof(text) - length, "0x3000-0x3fff 0x100000-0x100fff");
	assert_int_equal(holes_parse(text, length, &holes, &at), HOLES_OK);
	assert_int_equal(holes.count, ROM_MOST_HOLES);
}

/* "entry | holes | pieces": hexadecimal; reserved ones in brackets. */
static const char *const cuts[][3] = {
	{"1000-4fff", "", "1000-4fff"},
	{"1000-4fff", "5000-5fff", "1000-4fff"},
	{"1000-4fff", "0-fff", "1000-4fff"},
	{"1000-4fff", "2000-2fff", "1000-1fff [2000-2fff] 3000-4fff"},
	{"1000-4fff", "1000-1fff", "[1000-1fff] 2000-4fff"},
	{"1000-4fff", "0-1fff", "[1000-1fff] 2000-4fff"},
	{"1000-4fff", "4000-4fff", "1000-3fff [4000-4fff]"},
	{"1000-4fff", "4000-8fff", "1000-3fff [4000-4fff]"},
	{"1000-4fff", "1000-4fff", "[1000-4fff]"},
	{"1000-4fff", "0-8fff", "[1000-4fff]"},
	{"1000-9fff", "0-fff 2000-2fff 4000-5fff b000-bfff",
		"1000-1fff [2000-2fff] 3000-3fff [4000-5fff] 6000-9fff"},
	{"1000-9fff", "0-1fff 9000-afff", "[1000-1fff] 2000-8fff [9000-9fff]"},
	{"1000-9fff", "3000-9fff b000-bfff", "1000-2fff [3000-9fff]"},
	{"1200-4dff", "2000-2fff", "1200-1fff [2000-2fff] 3000-4dff"},
	{"0-ffffffffffffffff", "1000-1fff", "0-fff [1000-1fff] 2000-ffffffffffffffff"},
	{"0-ffffffffffffffff", "0-ffffffffffffffff", "[0-ffffffffffffffff]"},
	{"fffffffffffff000-ffffffffffffffff", "ffffffffffffe000-ffffffffffffffff",
		"[fffffffffffff000-ffffffffffffffff]"},
	{"100000000-13fffffff", "110000000-11fffffff",
		"100000000-10fffffff [110000000-11fffffff] 120000000-13fffffff"},
	{"100000000-1137fffffff", "fee00000-feefffff fd00000000-ffffffffff",
		"100000000-fcffffffff [fd00000000-ffffffffff] 10000000000-1137fffffff"},
};

static struct range scan(const char *text)
{
	struct range r;

	assert_int_equal(sscanf(text, "%" SCNx64 "-%" SCNx64, &r.first, &r.last), 2);
	return r;
}

static void cuts_entries(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct range holes[8], entry = scan(cuts[i][0]);
		unsigned int count = 0, n;
		char got[512] = "";
		size_t length = 0;
		struct piece piece = {.last = false};

		for (const char *at = cuts[i][1]; at && *at; at = strchr(at, ' ')) {
			at += *at == ' ';
			holes[count++] = scan(at);
		}
		for (n = 0; cut_piece(entry, holes, count, n, &piece); n++) {
			length += (size_t)snprintf(got + length, sizeof(got) - length,
				"%s%s%" PRIx64 "-%" PRIx64 "%s", n ? " " : "",
				piece.reserved ? "[" : "", piece.range.first, piece.range.last,
				piece.reserved ? "]" : "");
			assert_int_equal(piece.last,
				!cut_piece(entry, holes, count, n + 1, &(struct piece){0}));
		}
		assert_string_equal(got, cuts[i][2]);
		assert_true(piece.last);
		assert_false(cut_piece(entry, holes, count, n + 1, &piece));
	}
}

/* Every entry of eight pages, every set of holes among them: page by page. */
static void cuts_as_pages_say(void **state)
{
	enum { PAGES = 8 };

	(void)state;
	for (unsigned int set = 0; set < 1u << PAGES; set++) {
		struct range holes[PAGES];
		unsigned int count = 0;

		for (unsigned int p = 0; p < PAGES; p++)
			if (set >> p & 1) {
				if (p && set >> (p - 1) & 1)
					holes[count - 1].last = p;
				else
					holes[count++] = (struct range){p, p};
			}
		for (uint64_t first = 0; first < PAGES; first++)
			for (uint64_t last = first; last < PAGES; last++) {
				uint64_t at = first;
				struct piece piece;

				for (unsigned int n = 0; at <= last; n++) {
					assert_true(cut_piece((struct range){first, last}, holes,
						count, n, &piece));
					assert_int_equal(piece.range.first, at);
					for (; at <= piece.range.last; at++)
						assert_int_equal(piece.reserved, set >> at & 1);
					assert_int_equal(piece.last, at > last);
				}
				assert_int_equal(at, last + 1);
			}
	}
}

static void covers(void **state)
{
	/* Not in order, as a firmware's map may be. */
	static const struct memory map[] = {
		{{0x5000, 0x6fff}, MEMORY_RESERVED},
		{{0x3000, 0x4fff}, MEMORY_FREE},
		{{0x1000, 0x2fff}, MEMORY_FREE},
		{{0x7000, 0x7fff}, MEMORY_FREE},
		{{0xfffffffffffff000, 0xffffffffffffffff}, MEMORY_OTHER},
	};
	static const struct {
		struct range part;
		enum memory_kind kind;
		bool covered;
		uint64_t missing;
	} rows[] = {
		{{0x1000, 0x4fff}, MEMORY_FREE, true, 0},
		{{0x2000, 0x3fff}, MEMORY_FREE, true, 0},
		{{0x1000, 0x5fff}, MEMORY_FREE, false, 0x5000},
		{{0x0000, 0x1fff}, MEMORY_FREE, false, 0x0},
		{{0x7000, 0x8fff}, MEMORY_FREE, false, 0x8000},
		{{0x5000, 0x6fff}, MEMORY_RESERVED, true, 0},
		{{0x5000, 0x6fff}, MEMORY_FREE, false, 0x5000},
		{{0xfffffffffffff000, 0xffffffffffffffff}, MEMORY_OTHER, true, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t missing;

		assert_int_equal(map_covers(map, sizeof(map) / sizeof(map[0]), rows[i].kind,
					 rows[i].part, &missing),
			rows[i].covered);
		if (!rows[i].covered)
			assert_int_equal(missing, rows[i].missing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(holds_so_many),
		cmocka_unit_test(cuts_entries),
		cmocka_unit_test(cuts_as_pages_say),
		cmocka_unit_test(covers),
	};

	return cmocka_run_group_tests_name("rom", tests, NULL, NULL);
}
