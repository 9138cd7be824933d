/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that could not be pinned is not guarded, whatever is guarded of it. */
#include "guard.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

/* By page of a block of six. */
static void test_allows(void **state)
{
	struct guard guard = {.space = &address_space_self, .lock = LOCK_INITIALIZER};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 6 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t first = (uint64_t)(uintptr_t)p, bytes;
	const struct {
		uint64_t from, to;
		int prot, wanted;
	} rows[] = {
		{0, 0, PROT_WRITE, 0}, {0, 1, PROT_WRITE, -EFAULT}, /* 1 is read-only */
		{0, 1, PROT_READ, 0},
		{2, 2, PROT_READ, -EFAULT}, /* without access, not by a guard */
		{3, 3, PROT_WRITE, 0},	    /* guarded: it could be written */
		{3, 4, PROT_WRITE, 0}, {2, 3, PROT_READ, -EFAULT},
		{3, 5, PROT_READ, -EFAULT}, /* 5 is not there */
	};

	(void)state;
	mprotect(p + page, page, PROT_READ);
	mprotect(p + 2 * page, page, PROT_NONE);
	assert_int_equal(guard_set(&guard, (struct range){first + 3 * page, first + 4 * page - 1},
				 0, true, &bytes),
		0);
	munmap(p + 5 * page,
		page); /* not before: what the guard allocates could come to lie there */
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct range range = {
			first + rows[i].from * page, first + (rows[i].to + 1) * page - 1};

		assert_int_equal(
			guard_set(&guard, range, rows[i].prot, true, &bytes), rows[i].wanted);
		if (!rows[i].wanted)
			assert_int_equal(guard_lift(&guard, range), 0);
	}
	guard_lift(&guard, (struct range){first + 3 * page, first + 4 * page - 1});
	munmap(p, 5 * page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
