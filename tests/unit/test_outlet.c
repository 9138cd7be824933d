/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written lands where it was meant to or nowhere: descriptors closed, replaced, full, or
 * with nobody at the other end. */
#include "outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/iovashim-outlet-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return !mkdtemp(folder) || chdir(folder);
}

static int tear_down(void **state)
{
	(void)state;
	unlink("log");
	unlink("other");
	unlink("fifo");
	return chdir("/") || rmdir(folder);
}

static int open_empty(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static void check_content(const char *path, const char *expected)
{
	char bytes[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, bytes, sizeof(bytes) - 1), strlen(expected));
	assert_string_equal(bytes, expected);
	close(fd);
}

static void check_writes(const struct outlet *outlet, bool expected)
{
	errno = 77;
	assert_int_equal(outlet_write(outlet, "text\n", 5), expected);
	assert_int_equal(errno, 77);
}

static void test_open(void **state)
{
	struct outlet outlet;

	(void)state;
	unlink("log");
	assert_int_equal(outlet_open(&outlet, "log"), 0);
	assert_true(outlet.fd >= 100);
	assert_true(fcntl(outlet.fd, F_GETFD) & FD_CLOEXEC);
	check_writes(&outlet, true);
	close(outlet.fd);

	/* what is there stays */
	assert_int_equal(outlet_open(&outlet, "log"), 0);
	check_writes(&outlet, true);
	check_content("log", "text\ntext\n");
	close(outlet.fd);
	check_writes(&outlet, false);

	assert_int_equal(outlet_open(&outlet, "absent/log"), -ENOENT);
	assert_int_equal(outlet_open(&outlet, "."), -EISDIR);
}

/* A process with few descriptors gets a low number rather than no log. */
static void test_open_below(void **state)
{
	struct rlimit few = {64, 64}, old;
	struct outlet outlet;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(outlet_open(&outlet, "log"), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_true(outlet.fd >= 0 && outlet.fd < 64);
	close(outlet.fd);
}

static void test_closed(void **state)
{
	struct outlet outlet = {.fd = -1};

	(void)state;
	check_writes(&outlet, false);
	outlet = outlet_borrow(-1);
	assert_int_equal(outlet.fd, -1);
	outlet = outlet_borrow(999);
	assert_int_equal(outlet.fd, -1);
	check_writes(&outlet, false);
}

/* Another file under the same number gets nothing; the same file under it again does. */
static void test_replaced(void **state)
{
	int log = open_empty("log"), other = open_empty("other"), copy = dup(log);
	struct outlet outlet = outlet_borrow(log);

	(void)state;
	check_writes(&outlet, true);
	assert_int_equal(dup2(other, log), log);
	check_writes(&outlet, false);
	check_content("other", "");
	assert_int_equal(dup2(copy, log), log);
	check_writes(&outlet, true);
	check_content("log", "text\ntext\n");
	close(log);
	check_writes(&outlet, false);
	close(copy);
	close(other);
}

/* A file that takes only part of a line makes the log useless from there on. */
static void test_full(void **state)
{
	struct rlimit little = {3, 3}, old;
	int log = open_empty("log");
	struct outlet outlet = outlet_borrow(log);

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	little.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	check_writes(&outlet, false); /* three bytes */
	check_writes(&outlet, false); /* none: SIGXFSZ, which ends a process */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	close(log);

	log = open("/dev/full", O_WRONLY | O_CLOEXEC);
	outlet = outlet_borrow(log);
	check_writes(&outlet, false);
	close(log);
}

/* Must not wait for somebody to open the other end. */
static void test_fifo_without_reader(void **state)
{
	struct outlet outlet;
	int reader;
	char bytes[8];

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	alarm(10);
	assert_int_equal(outlet_open(&outlet, "fifo"), -ENXIO);
	reader = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(outlet_open(&outlet, "fifo"), 0);
	check_writes(&outlet, true);
	assert_int_equal(read(reader, bytes, sizeof(bytes)), 5);

	/* nor for a reader who does not read */
	for (int i = 0; i < 20000; i++)
		outlet_write(&outlet, "1234567", 7);
	check_writes(&outlet, false);
	alarm(0);
	close(reader);
	close(outlet.fd);
}

/* Both with nobody at the other end: [0] is the end to write to. */
static void make_broken(int fds[2], bool socket)
{
	int reader;

	if (socket) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		reader = fds[1];
	} else {
		assert_int_equal(pipe(fds), 0);
		reader = fds[0];
		fds[0] = fds[1];
	}
	close(reader);
}

static bool is_pending(int number)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, number) == 1;
}

static bool is_blocked(int number)
{
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	return sigismember(&blocked, number) == 1;
}

static void block_sigpipe(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	assert_int_equal(sigprocmask(how, &set, NULL), 0);
}

/* SIGPIPE has its default action here: it would end the test. */
static void test_sigpipe(void **state)
{
	(void)state;
	for (int socket = 0; socket < 2; socket++) {
		struct outlet outlet;
		int fds[2];

		make_broken(fds, socket);
		outlet = outlet_borrow(fds[0]);
		check_writes(&outlet, false);
		assert_false(is_blocked(SIGPIPE));
		assert_false(is_pending(SIGPIPE));

		/* what the VMM blocks stays blocked, and none of ours is left to it */
		block_sigpipe(SIG_BLOCK);
		check_writes(&outlet, false);
		assert_true(is_blocked(SIGPIPE));
		assert_false(is_pending(SIGPIPE));

		/* one that was pending before is the VMM's own */
		raise(SIGPIPE);
		check_writes(&outlet, false);
		assert_true(is_pending(SIGPIPE));
		signal(SIGPIPE, SIG_IGN); /* discards it */
		signal(SIGPIPE, SIG_DFL);
		block_sigpipe(SIG_UNBLOCK);
		close(fds[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_open_below),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_fifo_without_reader),
		cmocka_unit_test(test_sigpipe),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
