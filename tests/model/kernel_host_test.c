// SPDX-License-Identifier: GPL-2.0-or-later
/* Host descriptions: what they mean, and what is said of wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host_text.h"

static int parse(struct model_host *host, const char *text, struct model_error *error)
{
	return model_host_parse(host, "h", text, strlen(text), error);
}

static void test_whole(void **state)
{
	static const char text[] =
		"# all of it\n"
		"kernel 5.4.0\n"
		"cpu GenuineIntel\n"
		"physbits 39\n"
		"aperture 0x0-0x7fffffffff # 39 bits\n"
		"pagesizes 4K,2M\n"
		"entries 100\n"
		"memlock 64M\n"
		"\n"
		"group 7 precise\n"
		"\tpagesizes 0x1000\n"
		"  reserved 0x2000-0x2fff direct\n"
		"  reserved 0x1000-0x1fff direct\r\n"
		"  reserved 0xfee00000-0xfeefffff msi\n"
		"  device 0000:00:1f.7 8086:1234 class=010802 bar0=16K:64 bar2=32:io "
		"bar4=128G:64:prefetch msix=65@4 msi=8 pin=B rev=a1 express=no\n"
		"group 8\n"
		"fail map 3 ENOMEM\n"
		"fail unmap all 5";
	struct model_error error;
	struct model_host host;
	struct model_group *g;

	(void)state;
	assert_int_equal(parse(&host, text, &error), 0);
	assert_int_equal(host.kernel, MODEL_KERNEL(5, 4));
	assert_string_equal(host.cpu, "GenuineIntel");
	assert_int_equal(host.physbits, 39);
	assert_int_equal(host.entry_limit, 100);
	assert_int_equal(host.memlock, 64 << 20);
	assert_int_equal(host.nr_groups, 2);
	g = &host.groups[0];
	assert_int_equal(g->aperture.last, 0x7fffffffff);
	assert_int_equal(g->pgsizes, 0x1000);
	assert_true(g->precise);
	assert_int_equal(g->nr_regions, 2);
	assert_int_equal(g->regions[0].range.first, 0x1000);
	assert_int_equal(g->regions[0].range.last, 0x2fff);
	assert_int_equal(g->nr_devices, 1);
	assert_int_equal(g->devices[0].bar[4].size, (uint64_t)128 << 30);
	assert_int_equal(g->devices[0].class, 0x010802);
	assert_int_equal(g->devices[0].pin, 2);
	assert_int_equal(host.groups[1].pgsizes, 0x201000);
	assert_int_equal(host.nr_faults, 2);
	assert_int_equal(host.faults[0].call, MODEL_CALL_MAP);
	assert_int_equal(host.faults[0].nth, 3);
	assert_int_equal(host.faults[1].nth, 0);
	model_host_release(&host);
}

static const struct {
	const char *text, *error;
} wrong[] = {
	{"kernle 6.12", "h:1:1: 'kernle' is not a keyword: "},
	{"\n  kernel six", "h:2:10: 'six' is not a kernel version such as 6.12"},
	{"kernel", "h:1:7: kernel wants a value"},
	{"physbits 8", "h:1:10: physical addresses have 32 to 64 bits"},
	{"entries 5 6", "h:1:11: '6' is one word too many: remove it"},
	{"memlock 5X", "h:1:9: '5X' is not a size: "},
	{"aperture 0x10-0x1", "h:1:10: the range ends before it starts: "},
	{"pagesizes 4K,3K", "h:1:14: a page size is a power of two"},
	{"reserved 0x0-0xfff msi", "h:1:1: reserved belongs to a group: put 'group N' before it"},
	{"group 1\nreserved 0x0-0xfff mis", "h:2:20: 'mis' should be direct, "},
	{"group 1\nreserved 0-g msi", "h:2:10: '0-g' is not a range: "},
	{"group 1\ngroup 1", "h:2:7: group 1 is described twice: "},
	{"group 1\ndevice 00:05.0 8086:1", "h:2:8: '00:05.0' is not a PCI address such as "},
	{"group 1\ndevice 0000:00:05.0 8086", "h:2:21: vendor and device should be "},
	{"group 1\ndevice 0000:00:05.0 1:1 bar0=3K", "h:2:30: a BAR's size is a power of two"},
	{"group 1\ndevice 0000:00:05.0 1:1 bar0=4G", "h:2:30: a BAR above 2G needs 64 bits"},
	{"group 1\ndevice 0000:00:05.0 1:1 bar0=4K:64 bar1=4K", "h:2:8: bar0 has 64 bits "},
	{"group 1\ndevice 0000:00:05.0 1:1 msix=5", "h:2:8: bar0 is too small for 5 MSI-X"},
	{"group 1\ndevice 0000:00:05.0 1:1 bar0=4K msix=256", "h:2:8: bar0 is too small for 256 "},
	{"group 1\ndevice 0000:00:05.0 1:1 baz=5", "h:2:25: 'baz=5' should be class=, "},
	{"group 1\ndevice 0000:00:05.0 1:1\ngroup 2\ndevice 0000:00:05.0 1:1",
		"h:4:8: device 0000:00:05.0 is described twice: "},
	{"fail mop 1 EIO", "h:1:6: 'mop' is not a call: "},
	{"fail map 0 EIO", "h:1:10: calls are counted from 1; "},
	{"fail map 1 EFOO", "h:1:12: 'EFOO' is not an error: "},
};

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct model_error error;
		struct model_host host;

		assert_int_equal(parse(&host, wrong[i].text, &error), -22);
		if (strncmp(error.text, wrong[i].error, strlen(wrong[i].error)))
			fail_msg("row %zu: %s", i, error.text);
	}
}

static void test_shipped(void **state)
{
	static const char *const names[] = {"amd", "intel39", "intel48"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct model_error error;
		struct model_host host;
		char path[64];

		snprintf(path, sizeof(path), "src/model/hosts/%s.host", names[i]);
		if (model_host_load(&host, path, &error))
			fail_msg("%s", error.text);
		assert_non_null(model_host_group(&host, 3));
		model_host_release(&host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
