/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of reserved_regions, real ones and broken ones; and what can be asked of any host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../src/host_facts.c"

/* A line, and "FIRST-LAST TYPE", or "" if nothing has to be avoided. */
static const struct {
	const char *line, *region;
} lines[] = {
	{"0x00000000fee00000 0x00000000feefffff msi", "fee00000-feefffff msi"},
	{"0x000000fd00000000 0x000000ffffffffff reserved", "fd00000000-ffffffffff reserved"},
	{"0x00000000000e0000 0x00000000000fffff direct", "e0000-fffff direct"},
	{"0x00000000000e0000 0x00000000000fffff direct-relaxable", ""},
	{"0x0 0xfff reserved", "0-fff reserved"},
	{"0x0000000000000000 0xffffffffffffffff reserved", "0-ffffffffffffffff reserved"},
	{"0xABCDEF 0xabcdef msi", "abcdef-abcdef msi"},
	{"0x1000 0x1000 direct", "1000-1000 direct"},
	/* a type that is not known is taken for reserved */
	{"0x1000 0x1fff direct-strict", "1000-1fff reserved"},
	{"0x1000 0x1fff dir", "1000-1fff reserved"},
	{"0x1000 0x1fff msi2", "1000-1fff reserved"},
	{"0x1000 0x1fff direct-relaxable-not", "1000-1fff reserved"},
	{"0x1000 0x1fff direct-relaxabl", "1000-1fff reserved"},
	{"0x1000 0x1fff MSI", "1000-1fff reserved"},
	{"0x1000 0x1fff  ", "1000-1fff reserved"},
	/* none of them a region */
	{"", ""},
	{"0x", ""},
	{"0x ", ""},
	{"0x1000", ""},
	{"0x1000 ", ""},
	{"0x1000 0x1fff", ""},
	{"0x1000 0x1fff ", ""},
	{"1000 1fff msi", ""},
	{"0X1000 0X1fff msi", ""},
	{"0x1000 1fff msi", ""},
	{"0x1000-0x1fff msi", ""},
	{"0x1000  0x1fff msi", ""},
	{" 0x1000 0x1fff msi", ""},
	{"0x1000 0x1fff\tmsi", ""},
	{"0x10g0 0x1fff msi", ""},
	{"0x1000 0x1ff: msi", ""},
	{"0x1000 0x0fff msi", ""},
	{"0x00000000000001000 0x1fff msi", ""},
	{"0x1000 0x10000000000001fff msi", ""},
	{"reserved", ""},
};

static void describe(const struct hole *region, char *text, size_t room)
{
	static const char *const types[] = {"direct", "reserved", "msi"};

	snprintf(text, room, "%llx-%llx %s", (unsigned long long)region->range.first,
		(unsigned long long)region->range.last, types[region->type]);
}

/* Not terminated and of its exact size, so that the sanitizer sees a byte too many. */
static bool parse(const char *line, struct hole *region)
{
	size_t length = strlen(line);
	char *copy = malloc(length + !length);
	bool parsed;

	memcpy(copy, line, length);
	parsed = host_region_parse(copy, length, region);
	free(copy);
	return parsed;
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char text[64] = "";
		struct hole region;

		if (parse(lines[i].line, &region)) {
			describe(&region, text, sizeof(text));
			assert_int_equal(region.source, HOLE_SYSFS);
		}
		if (strcmp(text, lines[i].region))
			fail_msg("%s\n  got '%s', expected '%s'", lines[i].line, text,
				lines[i].region);
	}
}

static void test_kernel(void **state)
{
	struct host_kernel host;
	struct utsname name;
	char version[32];

	(void)state;
	assert_int_equal(uname(&name), 0);
	host_kernel_read(&host);
	assert_string_equal(host.release, name.release);
	snprintf(version, sizeof(version), "%u.%u", host.policy.kernel_major,
		host.policy.kernel_minor);
	assert_int_equal(strncmp(name.release, version, strlen(version)), 0);
	assert_ptr_equal(host.policy.cpu_vendor, host.vendor);
#ifdef __x86_64__
	assert_int_equal(strlen(host.vendor), 12);
#endif
}

static void test_device_number(void **state)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(host_device_number(null) == makedev(1, 3));
	assert_true(host_device_number(file) == 0);
	assert_true(host_device_number(-1) == 0);
	assert_true(host_device_number(1 << 20) == 0);

	/* neither is a group */
	assert_int_equal(host_group_number(null), -1);
	assert_int_equal(host_group_number(file), -1);
	assert_int_equal(host_group_number(-1), -1);
	close(null);
	close(file);
}

static void test_absent_group(void **state)
{
	struct host_group group = {.number = 99999999, .n_regions = 5, .devices = "stale"};

	(void)state;
	assert_int_equal(host_group_read(&group, true), -ENOENT);
	assert_int_equal(group.n_regions, 0);
	assert_string_equal(group.devices, "");
}

/* A path that a descriptor or a device number leads to, and the group that it is. */
static const struct {
	const char *path;
	int number;
} paths[] = {
	{"/dev/vfio/12", 12},
	{"/dev/vfio/0", 0},
	{"/dev/vfio/noiommu-3", 3},
	{"../../devices/virtual/vfio/26", 26},
	{"/dev/vfio/vfio", -1},
	{"/dev/vfio/", -1},
	{"/dev/vfio/-1", -1},
	{"/dev/vfio/noiommu-", -1},
	{"/dev/vfio/noiommu--1", -1},
	{"/dev/vfio/ 1", -1},
	{"12", -1},
	{"", -1},
};

static void test_group_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (trailing_number(paths[i].path) != paths[i].number)
			fail_msg("%s: got %d", paths[i].path, trailing_number(paths[i].path));
}

/* More regions than there is room for are counted as such, not written past the end. */
static void test_most_regions(void **state)
{
	static const char relaxable[] = "0x1000 0x1fff direct-relaxable";
	static const char line[] = "0x1000 0x1fff msi";
	struct host_group group = {.number = 4};

	(void)state;
	for (size_t i = 0; i < HOST_GROUP_REGIONS; i++) {
		add_region(&group, relaxable, strlen(relaxable));
		add_region(&group, line, strlen(line));
		assert_int_equal(group.n_regions, i + 1);
		assert_int_equal(group.regions[i].group, 4);
	}
	add_region(&group, relaxable, strlen(relaxable));
	assert_false(group.truncated);
	add_region(&group, line, strlen(line));
	assert_true(group.truncated);
	assert_int_equal(group.n_regions, HOST_GROUP_REGIONS);
}

/* Lines of /proc/PID/status, and whether they leave the thread sandboxed. */
static const struct {
	const char *line;
	bool sandboxed;
} statuses[] = {
	{"Seccomp:\t0", false},
	{"Seccomp:\t1", true},
	{"Seccomp:\t2", true},
	{"Seccomp:", true},
	{"Seccomp_filters:\t0", true},
	{"NoNewPrivs:\t0", true},
	{"", true},
};

/* What the thread's own status says. */
static void test_sandboxed(void **state)
{
	char line[64] = "";
	FILE *status = fopen("/proc/thread-self/status", "r");

	(void)state;
	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "Seccomp:", 8))
			break;
	if (status)
		fclose(status);
	assert_int_equal(host_sandboxed(), strcmp(line, "Seccomp:\t0\n") != 0);

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		bool sandboxed = true;

		find_seccomp(&sandboxed, statuses[i].line, strlen(statuses[i].line));
		assert_int_equal(sandboxed, statuses[i].sandboxed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_device_number),
		cmocka_unit_test(test_absent_group),
		cmocka_unit_test(test_group_paths),
		cmocka_unit_test(test_most_regions),
		cmocka_unit_test(test_sandboxed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
