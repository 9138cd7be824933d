// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of ranges that a guest is told of, as it is handed to the library. */
#include "told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text;
	size_t n;
	struct range last; /* of them */
} lists[] = {
	{NULL, 0, {0, 0}},
	{"", 0, {0, 0}},
	{"0x110000000-0x11fffffff", 1, {0x110000000, 0x11fffffff}},
	{"0x0-0xfff 0xfd00000000-0xffffffffffffffff", 2, {0xfd00000000, UINT64_MAX}},
	{"0x1000-0x1fff 0x3000-0x2fff", 1, {0x1000, 0x1fff}},
	{"0x1000-0x1fff,0x3000-0x3fff", 0, {0, 0}},
	{"0x1000-", 0, {0, 0}},
	{"0x1000", 0, {0, 0}},
	{"0x-0x1", 0, {0, 0}},
	{"1000-1fff", 0, {0, 0}},
	{"0x1000-0x1fff ", 1, {0x1000, 0x1fff}},
};

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct told told = told_read(lists[i].text);

		assert_int_equal(told.n, lists[i].n);
		if (told.n)
			assert_memory_equal(
				&told.at[told.n - 1], &lists[i].last, sizeof(struct range));
	}
}

static void test_most(void **state)
{
	char text[8 * 40 + 1] = "";

	(void)state;
	for (int i = 0; i < 40; i++)
		strcat(text, "0x1-0x2 ");
	assert_int_equal(told_read(text).n, TOLD_MOST);
}

static void test_has(void **state)
{
	struct told told = told_read("0x1000-0x1fff 0x3000-0x4fff");

	(void)state;
	assert_true(told_has(&told, (struct range){0x1000, 0x1fff}));
	assert_true(told_has(&told, (struct range){0x3100, 0x31ff}));
	assert_false(told_has(&told, (struct range){0x1000, 0x2000}));
	assert_false(told_has(&told, (struct range){0x1000, 0x4fff}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_has),
	};

	return cmocka_run_group_tests_name("told", tests, NULL, NULL);
}
