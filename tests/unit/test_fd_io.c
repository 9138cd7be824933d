/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files by their lines: every way a line can end, and lines longer than there is room for. */
#include "fd_io.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { CUT = 1024 };

static char path[] = "/tmp/iovashim-lines-XXXXXX";

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const char *bytes, size_t length)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
}

/* Content, and its lines, each in <>. */
static const struct {
	const char *content, *lines;
} files[] = {
	{"", ""},
	{"\n", "<>"},
	{"\n\n", "<><>"},
	{"one", "<one>"},
	{"one\n", "<one>"},
	{"one\ntwo", "<one><two>"},
	{"one\n\ntwo\n", "<one><><two>"},
	{"\none", "<><one>"},
	{"one\r\n", "<one\r>"},
};

struct seen {
	size_t used;
	char text[256];
};

static void see(void *context, const char *line, size_t length)
{
	struct seen *seen = context;

	seen->used += (size_t)snprintf(seen->text + seen->used, sizeof(seen->text) - seen->used,
		"<%.*s>", (int)length, line);
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct seen seen = {0};

		write_file(files[i].content, strlen(files[i].content));
		assert_int_equal(fd_each_line(path, see, &seen), 0);
		assert_string_equal(seen.text, files[i].lines);
	}
}

struct lengths {
	size_t n, length[8];
	char first[8];
};

static void measure(void *context, const char *line, size_t length)
{
	struct lengths *lengths = context;

	assert_true(lengths->n < 8);
	lengths->first[lengths->n] = length ? line[0] : 0;
	lengths->length[lengths->n++] = length;
	for (size_t i = 1; i < length; i++)
		assert_int_equal(line[i], line[0]);
}

/* A line of a's, one of b's, and one of c's that does not end. */
static void check_lengths(size_t a, size_t b, size_t c)
{
	char *bytes = malloc(a + b + c + 2);
	struct lengths lengths = {0};
	size_t expected[] = {a, b, c};

	memset(bytes, 'a', a);
	bytes[a] = '\n';
	memset(bytes + a + 1, 'b', b);
	bytes[a + 1 + b] = '\n';
	memset(bytes + a + b + 2, 'c', c);
	write_file(bytes, a + b + c + 2);
	free(bytes);

	assert_int_equal(fd_each_line(path, measure, &lengths), 0);
	assert_int_equal(lengths.n, c ? 3 : 2);
	for (size_t i = 0; i < lengths.n; i++) {
		assert_int_equal(lengths.length[i], expected[i] < CUT ? expected[i] : CUT);
		assert_int_equal(lengths.first[i], expected[i] ? 'a' + (int)i : 0);
	}
}

static bool see_until_two(void *context, const char *line, size_t length)
{
	see(context, line, length);
	return length != 3 || memcmp(line, "two", 3) != 0;
}

static void test_enough(void **state)
{
	static const char *const contents[] = {"one\ntwo\nthree\n", "one\ntwo\nthree", "one\ntwo"};

	(void)state;
	for (size_t i = 0; i < sizeof(contents) / sizeof(*contents); i++) {
		struct seen seen = {0};

		write_file(contents[i], strlen(contents[i]));
		assert_int_equal(fd_each_line_while(path, see_until_two, &seen), 0);
		assert_string_equal(seen.text, "<one><two>");
	}
}

static void test_long_lines(void **state)
{
	static const size_t lengths[] = {
		0, 1, 500, CUT - 1, CUT, CUT + 1, 2 * CUT - 1, 2 * CUT, 2 * CUT + 1, 10 * CUT + 7};
	const size_t n = sizeof(lengths) / sizeof(*lengths);

	(void)state;
	for (size_t a = 0; a < n; a++)
		for (size_t b = 0; b < n; b++)
			for (size_t c = 0; c < n; c++)
				check_lengths(lengths[a], lengths[b], lengths[c]);
}

static void test_errors(void **state)
{
	(void)state;
	assert_int_equal(fd_each_line("/nonexistent/file", measure, NULL), -ENOENT);
	assert_int_equal(fd_each_line("/tmp", measure, NULL), -EISDIR);
}

static void test_leaves_no_descriptor(void **state)
{
	int before = dup(0), after;

	(void)state;
	close(before);
	write_file("one\n", 4);
	fd_each_line(path, see, &(struct seen){0});
	fd_each_line("/tmp", see, &(struct seen){0});
	after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

static void test_stat(void **state)
{
	struct stat st, expected;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	(void)state;
	write_file("123", 3);
	assert_int_equal(fd_stat(fd, &st), 0);
	assert_int_equal(fstat(fd, &expected), 0);
	assert_true(st.st_ino == expected.st_ino && st.st_dev == expected.st_dev);
	assert_int_equal(st.st_size, 3);
	close(fd);
	assert_int_equal(fd_stat(fd, &st), -1);
	assert_int_equal(errno, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_enough),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_leaves_no_descriptor),
		cmocka_unit_test(test_stat),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
