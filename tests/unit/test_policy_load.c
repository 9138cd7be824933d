/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which policy is found, on real files in a folder of its own; the shipped one is what it says. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

/* Relative, so that the test's folder stands for /etc. */
#undef SYSCONFDIR
#define SYSCONFDIR "etc"
#include "../../src/policy_load.c"

static const char system_file[] = "etc/iovashim/holes.conf";
static char folder[] = "/tmp/iovashim-policy-XXXXXX";

static const struct policy_host old_amd = {"AuthenticAMD", 4, 19};
static const struct policy_host new_amd = {"AuthenticAMD", 6, 12};
static const struct policy_host old_intel = {"GenuineIntel", 4, 19};

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int set_up(void **state)
{
	(void)state;
	return !mkdtemp(folder) || chdir(folder) || mkdir("etc", 0700) ||
	       mkdir("etc/iovashim", 0700);
}

static int tear_down(void **state)
{
	static const char *const made[] = {"etc/iovashim/holes.conf", "etc/iovashim/more.conf",
		"own.conf", "huge.conf", "long.conf", "edge.conf", "pipe"};

	(void)state;
	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++)
		unlink(made[i]);
	return rmdir("etc/iovashim") || rmdir("etc") || chdir("/") || rmdir(folder);
}

static void check_error(const char *conf, const char *expected)
{
	struct policy policy;
	struct policy_error error;
	const char *origin;

	assert_int_equal(policy_load(&policy, conf, &old_amd, &origin, &error), -EINVAL);
	assert_string_equal(error.text, expected);
	assert_string_equal(origin, conf ? conf : system_file);
}

/* Loads @conf, checks where it came from, and gives its first hole's size, 0 without one. */
static uint64_t load_ok(const char *conf, const struct policy_host *host, const char *from)
{
	struct policy policy;
	struct policy_error error;
	const char *origin;
	uint64_t size;

	if (policy_load(&policy, conf, host, &origin, &error))
		fail_msg("%s", error.text);
	assert_string_equal(origin, from);
	size = policy.n_holes ? range_size(policy.holes[0].range) : 0;
	policy_free(&policy);
	return size;
}

static void test_built_in(void **state)
{
	struct policy policy;
	struct policy_error error;
	const char *origin;

	(void)state;
	assert_int_equal(policy_load(&policy, NULL, &old_amd, &origin, &error), 0);
	assert_string_equal(origin, "built-in");
	assert_true(policy.source_sysfs && policy.source_kernel && policy.guard);
	assert_int_equal(policy.crossing, CROSSING_SPLIT);
	assert_int_equal(policy.inside, INSIDE_REFUSE);
	assert_int_equal(policy.bar, BAR_OBSERVE);
	assert_int_equal(policy.n_holes, 1);
	assert_true(policy.holes[0].range.first == 0xfd00000000);
	assert_true(policy.holes[0].range.last == 0xffffffffff);
	assert_string_equal(policy.holes[0].name, "amd-hypertransport");
	assert_string_equal(policy.holes[0].file, "built-in");
	policy_free(&policy);

	assert_int_equal(load_ok(NULL, &new_amd, "built-in"), 0);
	assert_int_equal(load_ok(NULL, &old_intel, "built-in"), 0);
	assert_int_equal(load_ok("", &new_amd, "built-in"), 0);
}

static void test_system_file(void **state)
{
	(void)state;
	write_file(system_file, "include more.conf");
	check_error(NULL, "etc/iovashim/holes.conf:1:9: cannot read 'etc/iovashim/more.conf': no "
			  "such file (errno 2)");
	write_file("etc/iovashim/more.conf", "hole 5@0");
	assert_int_equal(load_ok(NULL, &new_amd, system_file), 5);
	write_file(system_file, "# empty\n");
	assert_int_equal(load_ok(NULL, &old_amd, system_file), 0);
	write_file(system_file, "crossing over");
	check_error(NULL, "etc/iovashim/holes.conf:1:10: unknown word 'over' after crossing: write "
			  "split, refuse or observe");
	write_file("own.conf", "hole 7@0");
	assert_int_equal(load_ok("own.conf", &new_amd, "own.conf"), 7);
	unlink(system_file);
}

/* Only a missing system file may be passed over; all else would hide a policy that is there. */
static void test_unreadable(void **state)
{
	(void)state;
	check_error("absent.conf", "absent.conf:1:1: cannot be read: no such file (errno 2)");
	check_error("etc", "etc:1:1: cannot be read: it is a directory, write the name of a file "
			   "(errno 21)");
	check_error(
		"/dev/null", "/dev/null:1:1: cannot be read: it is not a regular file (errno 6)");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	check_error("pipe", "pipe:1:1: cannot be read: it is not a regular file (errno 6)");
	write_file("own.conf", "include pipe");
	check_error(
		"own.conf", "own.conf:1:9: cannot read 'pipe': it is not a regular file (errno 6)");
	assert_int_equal(symlink("holes.conf", system_file), 0);
	check_error(NULL, "etc/iovashim/holes.conf:1:1: cannot be read: too many symbolic links "
			  "(errno 40)");
	unlink(system_file);
	check_error("/proc/self/mem", "/proc/self/mem:1:1: cannot be read: the system refused "
				      "(errno 5)");
}

static void make_size(const char *path, off_t size)
{
	write_file(path, "");
	assert_int_equal(truncate(path, size), 0);
}

static void test_sizes(void **state)
{
	char *text = malloc(100001);

	(void)state;
	make_size("huge.conf", LARGEST_FILE + 1);
	check_error("huge.conf", "huge.conf:1:1: cannot be read: it is too large (errno 27)");
	make_size("huge.conf", LARGEST_FILE);
	check_error("huge.conf", "huge.conf:1:1: control byte 0x00: write plain text (ASCII or "
				 "UTF-8)");

	/* longer than the first read, and exactly as long */
	assert_non_null(text);
	memset(text, '\n', 100000);
	memcpy(text + 99990, "hole 9@0\n", 9);
	text[100000] = '\0';
	write_file("long.conf", text);
	assert_int_equal(load_ok("long.conf", &new_amd, "long.conf"), 9);
	write_file("edge.conf", text + 100000 - FIRST_READ);
	assert_int_equal(load_ok("edge.conf", &new_amd, "edge.conf"), 9);
	free(text);

	/* a size of 0 in stat, content none the less */
	check_error("/proc/sys/kernel/ostype",
		"/proc/sys/kernel/ostype:1:1: unknown word 'Linux': write hole, source, crossing, "
		"inside, bar, guard or include");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_system_file),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
