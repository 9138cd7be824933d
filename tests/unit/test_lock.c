/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks within locks: a thread's signals wait for the outermost, and its mask comes back as it was.
 */
#include "lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

static struct lock outer = LOCK_INITIALIZER, inner = LOCK_INITIALIZER;
static int handled;

/* One that maps, too: it would wait for its own thread if it came while that holds a lock. */
static void handle(int number)
{
	struct lock_hold hold, within;

	(void)number;
	lock_take(&outer, &hold);
	lock_take(&inner, &within);
	handled++;
	lock_drop(&inner, &within);
	lock_drop(&outer, &hold);
}

static bool is_blocked(int number)
{
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	return sigismember(&mask, number);
}

static void test_nested(void **state)
{
	struct sigaction action = {.sa_handler = handle};
	struct lock_hold hold, within, again;
	sigset_t mine;

	(void)state;
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&mine);
	sigaddset(&mine, SIGUSR2);
	sigprocmask(SIG_SETMASK, &mine, NULL);

	raise(SIGUSR1);
	assert_int_equal(handled, 1);
	lock_take(&outer, &hold);
	raise(SIGUSR1);
	assert_int_equal(handled, 1);
	for (int i = 0; i < 2; i++) {
		lock_take(&inner, &within);
		assert_true(is_blocked(SIGUSR1) && is_blocked(SIGTERM));
		lock_drop(&inner, &within);
		assert_true(is_blocked(SIGUSR1) && is_blocked(SIGTERM));
	}
	assert_int_equal(handled, 1);
	lock_drop(&outer, &hold);
	assert_int_equal(handled, 2);
	assert_false(is_blocked(SIGUSR1) || is_blocked(SIGTERM));
	assert_true(is_blocked(SIGUSR2));

	/* signals alone, as for a claim, with locks taken and dropped within */
	signals_hold(&hold);
	lock_take(&inner, &within);
	lock_drop(&inner, &within);
	raise(SIGUSR1);
	lock_take(&outer, &again);
	lock_drop(&outer, &again);
	assert_int_equal(handled, 2);
	signals_release(&hold);
	assert_int_equal(handled, 3);
	assert_int_equal(lock_holds, 0);
	assert_false(is_blocked(SIGUSR1));
	assert_true(is_blocked(SIGUSR2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
