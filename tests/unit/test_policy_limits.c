/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much a policy may be: lines, files, names, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Allocations of the parser fail from this one on; negative: none does. */
static int allocations_left = -1;

static void *scarce_malloc(size_t size)
{
	return allocations_left && allocations_left-- ? malloc(size) : NULL;
}

static void *scarce_realloc(void *old, size_t size)
{
	return allocations_left && allocations_left-- ? realloc(old, size) : NULL;
}

#define malloc	scarce_malloc
#define realloc scarce_realloc
#include "../../src/policy.c"
#undef malloc
#undef realloc

static const struct policy_host host = {"AuthenticAMD", 5, 4};

/* "hole.conf" has a hole, "empty.conf" is empty, others are absent. */
static int read_file(void *context, const char *path, char **text, size_t *length)
{
	(void)context;
	if (strcmp(path, "hole.conf") && strcmp(path, "empty.conf"))
		return -ENOENT;
	*text = strdup(*path == 'h' ? "hole 0x1000-0x1fff name=included" : "");
	assert_non_null(*text);
	*length = strlen(*text);
	return 0;
}

static const struct policy_reader reader = {read_file, NULL};

static int parse(struct policy *policy, const char *text, struct policy_error *error)
{
	return policy_parse(policy, "t.conf", text, strlen(text), &host, &reader, error);
}

/* @n times @line, then @more. */
static char *repeated(const char *line, size_t n, const char *more)
{
	size_t length = strlen(line);
	char *text = malloc(n * length + strlen(more) + 1);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		memcpy(text + i * length, line, length);
	strcpy(text + n * length, more);
	return text;
}

static const struct {
	const char *line;
	size_t n;
	const char *more;
	const char *error; /* NULL: none */
} limits[] = {
	{"hole 1-2\n", MOST_HOLES, "", NULL},
	{"hole 1-2 name=x\n", MOST_HOLES, "hole 1-2 when=intel", NULL},
	{"hole 1-2 inside=skip\n", MOST_HOLES, "hole 1-2",
		"t.conf:16385:1: too many holes: write at most 16384"},
	{"include empty.conf\n", MOST_FILES, "", NULL},
	{"include empty.conf\n", MOST_FILES, "include empty.conf",
		"t.conf:257:9: too many includes: write at most 256 in all"},
	{"x", 1 << 20, "",
		"t.conf:1:1: unknown word "
		"'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'...: write "
		"hole, source, crossing, inside, bar, guard or include"},
	{" ", 1 << 20, "x",
		"t.conf:1:1048577: unknown word 'x': write hole, source, crossing, inside, bar, "
		"guard or include"},
	{"#\n", 100000, "", NULL},
};

static void check_limit(size_t i)
{
	char *text = repeated(limits[i].line, limits[i].n, limits[i].more);
	struct policy policy;
	struct policy_error error;
	int rc = parse(&policy, text, &error);

	if (limits[i].error) {
		assert_int_equal(rc, -EINVAL);
		assert_string_equal(error.text, limits[i].error);
	} else {
		assert_int_equal(rc, 0);
		policy_free(&policy);
	}
	free(text);
}

static void test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		check_limit(i);
}

/* A path of 4095 bytes is asked for, a longer one is not. */
static void test_long_include(void **state)
{
	char *path = repeated("p", 4095, "");
	char *text = repeated("include ", 1, path);
	struct policy policy;
	struct policy_error error;

	(void)state;
	assert_int_equal(parse(&policy, text, &error), -EINVAL);
	assert_non_null(strstr(error.text, "t.conf:1:9: cannot read '...ppp"));
	assert_non_null(strstr(error.text, "ppp': no such file (errno 2)"));
	free(text);

	text = repeated("include p", 1, path);
	assert_int_equal(parse(&policy, text, &error), -EINVAL);
	assert_string_equal(error.text, "t.conf:1:9: path too long: write at most 4095 characters");
	free(text);
	free(path);
}

/* However long or odd the file's name is, the position and the message are whole. */
static void test_odd_file_names(void **state)
{
	char *name = repeated("\xc3\xa9", 2000, "x.conf");
	struct policy policy;
	struct policy_error error;

	(void)state;
	assert_int_equal(policy_parse(&policy, name, "x", 1, &host, &reader, &error), -EINVAL);
	assert_memory_equal(error.text, "...\xc3\xa9", 5);
	assert_non_null(strstr(error.text, "x.conf:1:1: unknown word 'x': write hole, source, "
					   "crossing, inside, bar, guard or include"));
	free(name);
	name = repeated("\xc3\xa9", 2000, "y");
	assert_int_equal(policy_parse(&policy, name, "x", 1, &host, &reader, &error), -EINVAL);
	assert_memory_equal(error.text, "...\xc3\xa9", 5);
	free(name);
	assert_int_equal(
		policy_parse(&policy, "a\nb\x1b", "guard", 5, &host, &reader, &error), -EINVAL);
	assert_string_equal(error.text, "a?b?:1:6: nothing after guard: write on or off");
}

/* Every allocation fails in turn: -ENOMEM, a message, and nothing leaks (ASan). */
static void test_no_memory(void **state)
{
	static const char text[] =
		"hole 1-2 name=a\nhole 3-4 name=b\ninclude hole.conf\nhole 5-6\n";
	struct policy policy;
	struct policy_error error;
	int n, rc = -ENOMEM;

	(void)state;
	for (n = 0; rc; n++) {
		allocations_left = n;
		rc = policy_parse(&policy, "t.conf", text, strlen(text), &host, &reader, &error);
		allocations_left = -1;
		assert_true(!rc || rc == -ENOMEM);
		if (rc)
			assert_non_null(strstr(error.text, ": out of memory"));
	}
	assert_in_range(n, 8, 20);
	policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_include),
		cmocka_unit_test(test_odd_file_names),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
