/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes, ranges, JSON strings and errnos as text; and every way of running out of room. */
#include "text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct {
	uint64_t bytes;
	const char *text;
} sizes[] = {
	{0, "16 EiB"},
	{1, "1 bytes"},
	{1023, "1023 bytes"},
	{1024, "1 KiB"},
	{1536, "1.50 KiB"},
	{4096, "4 KiB"},
	{1048576, "1 MiB"},
	{512ULL << 20, "512 MiB"},
	{12ULL << 30, "12 GiB"},
	{1020ULL << 30, "1020 GiB"},
	{1ULL << 40, "1 TiB"},
	{(1ULL << 40) + (1ULL << 39), "1.50 TiB"},
	{1ULL << 50, "1 PiB"},
	{1ULL << 60, "1 EiB"},
	{15ULL << 60, "15 EiB"},
	{UINT64_MAX, "16.00 EiB"},
};

static void test_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char bytes[32];
		struct text text = text_start(bytes, sizeof(bytes));

		text_add_size(&text, sizes[i].bytes);
		assert_string_equal(bytes, sizes[i].text);
	}
}

static void test_ranges(void **state)
{
	char bytes[64];
	struct text text = text_start(bytes, sizeof(bytes));

	(void)state;
	text_add_range(&text, (struct range){0xfd00000000, 0xffffffffff});
	assert_string_equal(bytes, "0x000000fd00000000-0x000000ffffffffff");
	text = text_start(bytes, sizeof(bytes));
	text_add_range(&text, (struct range){0, UINT64_MAX});
	assert_string_equal(bytes, "0x0000000000000000-0xffffffffffffffff");
}

static const struct {
	const char *string, *json;
} strings[] = {
	{"", "\"\""},
	{"plain", "\"plain\""},
	{"a\"b", "\"a\\\"b\""},
	{"a\\b", "\"a\\\\b\""},
	{"\n\t\x01\x1f", "\"\\u000a\\u0009\\u0001\\u001f\""},
	{"\x7f/", "\"\\u007f/\""},
	{"gr\xc3\xbc\xff~", "\"gr\\u00c3\\u00bc\\u00ff~\""},
	{"100%s%n", "\"100%s%n\""},
};

static void test_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		char bytes[64];
		struct text text = text_start(bytes, sizeof(bytes));

		text_add_json(&text, strings[i].string);
		assert_string_equal(bytes, strings[i].json);
	}
}

static const struct {
	int number;
	const char *text;
} errnos[] = {
	{EPERM, "EPERM"},
	{EINVAL, "EINVAL"},
	{EEXIST, "EEXIST"},
	{ENOMEM, "ENOMEM"},
	{ENOSPC, "ENOSPC"},
	{EADDRINUSE, "EADDRINUSE"},
	{ENOSYS, "ENOSYS"},
	{200, "errno 200"},
	{0, "errno 0"},
};

static void test_errnos(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(errnos) / sizeof(*errnos); i++) {
		char bytes[32];
		struct text text = text_start(bytes, sizeof(bytes));

		text_add_errno(&text, errnos[i].number);
		assert_string_equal(bytes, errnos[i].text);
	}
}

static void write_all(struct text *text)
{
	text_add(text, "%d %s", 42, "words");
	text_add_range(text, (struct range){1, 2});
	text_add_size(text, 3 << 20);
	text_add_errno(text, EINVAL);
	text_add(text, "%s", "");
	text_add_json(text, "a\"\n");
}

/* On the heap, so that the sanitizer sees a byte too many. What fits is the start of the whole. */
static void test_truncation(void **state)
{
	char whole[256];
	struct text all = text_start(whole, sizeof(whole));

	(void)state;
	write_all(&all);
	assert_int_equal(all.length, strlen(whole));
	for (size_t room = 1; room <= all.length + 2; room++) {
		char *bytes = malloc(room);
		struct text text = text_start(bytes, room);
		size_t before_json = all.length - strlen("\"a\\\"\\u000a\"");

		write_all(&text);
		assert_true(text.length < room);
		assert_int_equal(text.length, strlen(bytes));
		if (text.length <= before_json)
			assert_memory_equal(bytes, whole, text.length);
		assert_true(text_fits(&text, 0));
		assert_false(text_fits(&text, room - text.length));
		free(bytes);
	}
}

/* The string is cut between characters, so that the quotes always match. */
static void test_json_is_cut_whole(void **state)
{
	(void)state;
	for (size_t room = 3; room < 64; room++) {
		char bytes[64];
		struct text text = text_start(bytes, room);

		text_add_json(&text, "\n\n\n\n\n\n\n\n\n\n\n\n");
		assert_int_equal(bytes[0], '"');
		assert_int_equal(bytes[text.length - 1], '"');
		assert_int_equal((text.length - 2) % 6, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_errnos),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_json_is_cut_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
