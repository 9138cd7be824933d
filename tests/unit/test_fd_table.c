/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor numbers: the first, the last, those beyond, and all that there are. */
#include "fd_table.h"

#include <errno.h>
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

static int entries[NUMBERS];

static void test_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < NUMBERS; i++) {
		int fd = numbers[i].fd, wanted = numbers[i].fits ? 0 : -EBADF;

		assert_null(fd_table_get(&table, fd));
		assert_int_equal(fd_table_set(&table, fd, NULL), wanted);
		assert_int_equal(fd_table_set(&table, fd, &entries[i]), wanted);
		assert_ptr_equal(fd_table_get(&table, fd), wanted ? NULL : &entries[i]);
		entries[i] = fd;
	}
	assert_null(fd_table_get(&table, 2));
	assert_null(fd_table_get(&table, 2048));
}

/* After the others: what is taken out is not there, the rest is. */
static void test_unset(void **state)
{
	(void)state;
	assert_int_equal(fd_table_set(&table, 1, NULL), 0);
	assert_null(fd_table_get(&table, 1));
	assert_non_null(fd_table_get(&table, 0));
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

/* After test_set(): each entry once, ascending. */
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
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_unset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
