/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor numbers: the first, the last, those beyond, and all that there are. */
#include "fd_table.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmocka.h>

static struct fd_table table = {.lock = LOCK_INITIALIZER};

static const struct {
	int fd;
	bool fits;
} numbers[] = {
	{INT_MIN, false},
	{-1, false},
	{0, true},
	{1, true},
	{1023, true},
	{1024, true},
	{1025, true},
	{65535, true},
	{(1 << 20) - 1, true},
	{1 << 20, false},
	{INT_MAX, false},
};
enum { NUMBERS = sizeof(numbers) / sizeof(*numbers), FIT = 7 };

static void test_new(void **state)
{
	(void)state;
	for (size_t i = 0; i < NUMBERS; i++) {
		int fd = numbers[i].fd, *entry;

		assert_null(fd_table_get(&table, fd));
		entry = fd_table_new(&table, fd, sizeof(*entry));
		assert_int_equal(entry != NULL, numbers[i].fits);
		assert_ptr_equal(fd_table_get(&table, fd), entry);
		if (!entry)
			continue;
		assert_int_equal(*entry, 0);
		*entry = fd;
		assert_ptr_equal(fd_table_new(&table, fd, sizeof(*entry)), entry);
		assert_int_equal(*entry, fd);
	}
	assert_null(fd_table_get(&table, 2));
	assert_null(fd_table_get(&table, 2048));
}

struct seen {
	int n, last;
};

static void see(void *context, int fd, void *entry)
{
	struct seen *seen = context;

	assert_int_equal(fd, *(int *)entry);
	assert_true(seen->last < fd);
	seen->last = fd;
	seen->n++;
}

/* After test_new(): each entry once, ascending. */
static void test_each(void **state)
{
	struct seen seen = {0, -1};

	(void)state;
	fd_table_each(&table, see, &seen);
	assert_int_equal(seen.n, FIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
