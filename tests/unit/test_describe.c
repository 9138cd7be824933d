/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events word for word, for people and as JSON. */
#include "describe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char qemu[] = "/usr/bin/qemu-system-x86_64";

static struct host_group groups[] = {
	{.number = 3, .devices = "0000:00:05.0 0000:00:05.1"}, {.number = 4, .devices = ""}};
static struct container container = {.id = 2, .page = 4096, .n_groups = 2, .groups = groups};

/* One of each kind, by their place in the table of events. */
static const struct hole holes[] = {
	{.range = {0xfd00000000, 0xffffffffff},
		.source = HOLE_SYSFS,
		.type = REGION_RESERVED,
		.group = 3},
	{.range = {0xfee00000, 0xfeefffff}, .source = HOLE_SYSFS, .type = REGION_MSI, .group = 4},
	{.range = {0xe0800, 0xfffff}, .source = HOLE_SYSFS, .type = REGION_DIRECT, .group = 9},
	{.range = {0x8000000000, UINT64_MAX}, .source = HOLE_KERNEL},
	{.range = {0x1000, 0x1fff}, .source = HOLE_KERNEL},
	{.range = {0x4000, 0x4fff},
		.source = HOLE_POLICY,
		.name = "old-host",
		.file = "/etc/iovashim/holes.conf",
		.line = 7},
	{.range = {0x4000, 0x4fff}, .source = HOLE_POLICY, .name = "", .file = "x", .line = 1},
};

static const struct {
	int hole;
	const char *owner;
} owners[] = {
	{0, "a reserved region of group 3 (0000:00:05.0 0000:00:05.1)"},
	{1, "the MSI window of group 4"},
	{2, "a direct-mapped region of group 9"},
	{3, "beyond the IOMMU's 39 bits"},
	{4, "not among the kernel's valid IOVA ranges"},
	{5, "policy rule old-host (/etc/iovashim/holes.conf:7)"},
	{6, "policy rule (x:1)"},
};

static void test_owners(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(owners) / sizeof(*owners); i++) {
		char bytes[256];
		struct text text = text_start(bytes, sizeof(bytes));

		describe_owner(&text, &holes[owners[i].hole], &container);
		assert_string_equal(bytes, owners[i].owner);
	}
}

#define HT	 "0x000000fd00000000-0x000000ffffffffff"
#define HT_OWNER ", a reserved region of group 3 (0000:00:05.0 0000:00:05.1)"
#define RAM	 "guest RAM at 0x0000000100000000-0x0000010000000fff (1020.00 GiB) crosses " HT HT_OWNER
#define INSIDE	 "guest RAM at 0x000000fd00000000-0x000000fd1fffffff (512 MiB) lies in " HT HT_OWNER
#define BAR	 "device BAR at 0x000000fd00000000-0x000000fd1fffffff (512 MiB) lies in " HT HT_OWNER
#define CROSSES	 .iova = {0x100000000, 0x10000000fff}
#define LIES_IN	 .iova = {0xfd00000000, 0xfd1fffffff}

/* Over the first hole alone. */
static const struct {
	struct event event;
	const char *vmm, *words, *json;
} maps[] = {
	{{CROSSES, .verdict = VERDICT_SPLIT, .guarded = true}, qemu,
		RAM ": mapped in 2 pieces; 12 GiB of it is out of the devices' reach, guarded: a "
		    "guest that uses that is stopped",
		"\"kind\":\"ram\",\"action\":\"split\",\"iova\":\"0x0000000100000000-"
		"0x0000010000000fff\",\"size\":1095216664576,\"vaddr\":\"0x0\",\"flags\":0,"
		"\"guarded\":true,\"unreachable\":12884901888,\"result\":\"ok\",\"holes\":[{"
		"\"range\":\"" HT "\",\"from\":\"sysfs\",\"group\":3,\"type\":\"reserved\"}],"
		"\"n_holes\":1,\"pieces\":[{\"iova\":\"0x0000000100000000-0x000000fcffffffff\","
		"\"result\":\"ok\"},{\"iova\":\"0x0000010000000000-0x0000010000000fff\","
		"\"result\":\"ok\"}],\"n_pieces\":2,\"gaps\":[\"" HT "\"],\"n_gaps\":1"},
	{{CROSSES, .verdict = VERDICT_SPLIT}, qemu,
		RAM ": mapped in 2 pieces; 12 GiB of it is out of the devices' reach, NOT "
		    "GUARDED: a guest that uses that loses data in silence",
		NULL},
	{{.iova = {0xfd00000000, 0x100000000ff}, .verdict = VERDICT_SPLIT, .guarded = true}, qemu,
		"guest RAM at 0x000000fd00000000-0x00000100000000ff (12.00 GiB) crosses " HT
			HT_OWNER
		": mapped in 1 piece; 12 GiB of it is out of the devices' reach, guarded: a guest "
		"that uses that is stopped",
		NULL},
	/* a piece fails */
	{{CROSSES, .verdict = VERDICT_SPLIT, .result = -ENOMEM, .refusal = REFUSED_BY_KERNEL,
		 .failed = {0x10000000000, 0x10000000fff}, .failed_errno = ENOMEM,
		 .vaddr = 0x7f0000000000, .flags = 3},
		qemu,
		RAM ": split, but the kernel refused the piece "
		    "0x0000010000000000-0x0000010000000fff (ENOMEM); nothing is left mapped; is "
		    "RLIMIT_MEMLOCK large enough for all guest RAM?",
		"\"kind\":\"ram\",\"action\":\"split\",\"iova\":\"0x0000000100000000-"
		"0x0000010000000fff\",\"size\":1095216664576,\"vaddr\":\"0x7f0000000000\","
		"\"flags\":"
		"3,\"guarded\":false,\"unreachable\":12884901888,\"result\":\"ENOMEM\",\"reason\":"
		"\"kernel\",\"failed\":\"0x0000010000000000-0x0000010000000fff\",\"failed_errno\":"
		"\"ENOMEM\",\"holes\":[{\"range\":\"" HT
		"\",\"from\":\"sysfs\",\"group\":3,\"type\":\"reserved\"}],\"n_holes\":1,"
		"\"pieces\":"
		"[{\"iova\":\"0x0000000100000000-0x000000fcffffffff\",\"result\":\"undone\"},{"
		"\"iova\":\"0x0000010000000000-0x0000010000000fff\",\"result\":\"ENOMEM\"}],"
		"\"n_pieces\":2,\"gaps\":[\"" HT "\"],\"n_gaps\":1"},
	{{CROSSES, .verdict = VERDICT_SPLIT, .result = -ENOSPC, .refusal = REFUSED_BY_KERNEL,
		 .failed = {0x100000000, 0xfcffffffff}, .failed_errno = ENOSPC},
		qemu,
		RAM ": split, but the kernel refused the piece "
		    "0x0000000100000000-0x000000fcffffffff (ENOSPC); nothing is left mapped; the "
		    "container's mappings are used up (dma_entry_limit)",
		NULL},
	/* no piece failed: out of memory for the books */
	{{CROSSES, .verdict = VERDICT_SPLIT, .result = -ENOMEM, .refusal = REFUSED_BY_KERNEL}, qemu,
		RAM ": refused (ENOMEM), since iovashim itself has run out of memory; nothing is "
		    "left mapped",
		NULL},
	{{LIES_IN, .verdict = VERDICT_SKIP, .result = -ENOMEM, .refusal = REFUSED_BY_KERNEL}, qemu,
		INSIDE
		": refused (ENOMEM), since iovashim itself has run out of memory; nothing is "
		"left mapped",
		NULL},
	/* skipped, refused */
	{{LIES_IN, .verdict = VERDICT_SKIP, .guarded = true}, qemu,
		INSIDE ": reported as mapped, devices cannot reach any of it, guarded", NULL},
	{{LIES_IN, .verdict = VERDICT_SKIP, .memory = MEMORY_BAR}, qemu,
		BAR ": reported as mapped, devices cannot reach any of it",
		"\"kind\":\"bar\",\"action\":\"skip\",\"iova\":\"0x000000fd00000000-"
		"0x000000fd1fffffff\",\"size\":536870912,\"vaddr\":\"0x0\",\"flags\":0,\"guarded\":"
		"false,\"unreachable\":536870912,\"result\":\"ok\",\"holes\":[{\"range\":\"" HT
		"\",\"from\":\"sysfs\",\"group\":3,\"type\":\"reserved\"}],\"n_holes\":1"},
	{{LIES_IN, .verdict = VERDICT_REFUSE, .result = -EINVAL, .refusal = REFUSED_BY_POLICY},
		qemu,
		INSIDE
		": refused (EINVAL), since no device could reach any of it (policy: `inside`)",
		"\"kind\":\"ram\",\"action\":\"refuse\",\"iova\":\"0x000000fd00000000-"
		"0x000000fd1fffffff\",\"size\":536870912,\"vaddr\":\"0x0\",\"flags\":0,\"guarded\":"
		"false,\"unreachable\":536870912,\"result\":\"EINVAL\",\"reason\":\"policy\","
		"\"holes\":[{\"range\":\"" HT
		"\",\"from\":\"sysfs\",\"group\":3,\"type\":\"reserved\"}],\"n_holes\":1"},
	{{CROSSES, .verdict = VERDICT_REFUSE, .result = -EINVAL, .memory = MEMORY_TRANSLATED,
		 .refusal = REFUSED_TRANSLATED},
		qemu,
		RAM
		": refused (EINVAL), since a vIOMMU in the guest chose this IOVA and nothing can "
		"be guarded there",
		NULL},
	{{CROSSES, .verdict = VERDICT_REFUSE, .result = -EINVAL, .refusal = REFUSED_IN_USE,
		 .failed = {0xfd00000000, 0xffffffffff}, .failed_errno = EBUSY},
		qemu,
		RAM ": refused (EINVAL), since the guest already uses memory in " HT
		    ", which devices cannot reach; tell it to keep off, reboot it, then add the "
		    "device again",
		NULL},
	{{CROSSES, .verdict = VERDICT_REFUSE, .result = -EINVAL, .refusal = REFUSED_NO_GUARD,
		 .failed = {0xfd00000000, 0xffffffffff}, .failed_errno = EINVAL},
		qemu,
		RAM ": refused (EINVAL), since " HT
		    " cannot be guarded (EINVAL); huge pages have to fit the hole's edges",
		NULL},
	{{CROSSES, .verdict = VERDICT_REFUSE, .result = -EINVAL, .refusal = REFUSED_NO_GUARD,
		 .failed = {0xfd00000000, 0xffffffffff}, .failed_errno = EMFILE},
		qemu, RAM ": refused (EINVAL), since " HT " cannot be guarded (EMFILE)", NULL},
	{{CROSSES, .verdict = VERDICT_REFUSE, .result = -EFAULT, .refusal = REFUSED_BY_KERNEL,
		 .failed = {0xfd00000000, 0xffffffffff}, .failed_errno = EFAULT},
		qemu, RAM ": refused (EFAULT), since " HT " is not accessible memory of the VMM",
		NULL},
	/* observed */
	{{LIES_IN, .verdict = VERDICT_OBSERVE, .memory = MEMORY_BAR, .result = -EINVAL}, qemu,
		BAR ": passed to the kernel unchanged, which refused it (EINVAL)",
		"\"kind\":\"bar\",\"action\":\"observe\",\"iova\":\"0x000000fd00000000-"
		"0x000000fd1fffffff\",\"size\":536870912,\"vaddr\":\"0x0\",\"flags\":0,\"guarded\":"
		"false,\"unreachable\":536870912,\"result\":\"EINVAL\",\"holes\":[{\"range\":\"" HT
		"\",\"from\":\"sysfs\",\"group\":3,\"type\":\"reserved\"}],\"n_holes\":1"},
	{{CROSSES, .verdict = VERDICT_OBSERVE}, qemu,
		RAM
		": passed to the kernel unchanged, which accepted it: devices cannot reach it all "
		"the same, and what they write there is lost in silence",
		NULL},
	{{CROSSES, .verdict = VERDICT_OBSERVE, .result = -EINVAL}, qemu,
		RAM ": passed to the kernel unchanged, which refused it (EINVAL)", NULL},
};

static struct hole_set *set_of(const struct hole *of, size_t n)
{
	return hole_set_build(malloc(hole_set_bytes(n)), of, n, 4096);
}

static const struct describe_stamp stamp = {.seconds = 1700000000, .micros = 42, .pid = 123};
static const struct describe_host host = {.vmm = qemu};
#define STAMP(event) "{\"v\":1,\"time\":1700000000.000042,\"pid\":123,\"event\":\"" event "\""

static void test_maps(void **state)
{
	struct hole_set *set = set_of(holes, 1);

	(void)state;
	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		struct event event = maps[i].event;
		char bytes[4096], expected[4096];
		struct text text = text_start(bytes, sizeof(bytes));

		event.kind = EVENT_MAP;
		event.container = &container;
		event.holes = set;
		describe_map(&text, &event, maps[i].vmm);
		assert_string_equal(bytes, maps[i].words);
		if (!maps[i].json)
			continue;
		text = text_start(bytes, sizeof(bytes));
		describe_json(&text, &stamp, &event, &host);
		snprintf(expected, sizeof(expected), STAMP("map") ",\"container\":2,%s}",
			maps[i].json);
		assert_string_equal(bytes, expected);
	}
	free(set);
}

/* Of several holes the words name one that says why, before the kernel's own word. */
static void test_first_hole(void **state)
{
	static const struct hole both[] = {{.range = {0x1000, 0x4fff}, .source = HOLE_KERNEL},
		{.range = {0x2800, 0x28ff}, .source = HOLE_SYSFS, .group = 4, .type = REGION_MSI}};
	struct hole_set *set = set_of(both, 2);
	struct event event = {.holes = set, .container = &container, .verdict = VERDICT_SKIP};
	char bytes[256];
	struct text text = text_start(bytes, sizeof(bytes));

	(void)state;
	event.iova = (struct range){0x2000, 0x2fff};
	describe_map(&text, &event, qemu);
	assert_non_null(strstr(bytes, "0x0000000000002800-0x00000000000028ff, the MSI window"));
	event.iova = (struct range){0x3000, 0x3fff};
	text = text_start(bytes, sizeof(bytes));
	describe_map(&text, &event, qemu);
	assert_non_null(strstr(bytes, "not among the kernel's valid IOVA ranges"));
	free(set);
}

static const struct {
	struct event event;
	const char *json;
} others[] = {
	{{.kind = EVENT_CONTAINER},
		STAMP("container") ",\"container\":2,\"page\":4096,\"groups\":[{\"group\":3,"
				   "\"devices\":\"0000:00:05.0 0000:00:05.1\"},{\"group\":4,"
				   "\"devices\":\"\"}],\"n_groups\":2,\"holes\":[{\"range\":"
				   "\"0x0000000000001000-"
				   "0x0000000000001fff\",\"from\":\"kernel\"},{\"range\":"
				   "\"0x0000000000004000-0x0000000000004fff\",\"from\":\"policy\","
				   "\"name\":\"old-host\",\"file\":\"/etc/iovashim/holes.conf\","
				   "\"line\":7}],\"n_holes\":2}"},
	{{.kind = EVENT_UNMAP,
		 .iova = {0, 0x4fff},
		 .flags = 4,
		 .reported = 0x5000,
		 .kernel_bytes = 0x4000},
		STAMP("unmap") ",\"container\":2,\"iova\":\"0x0000000000000000-"
			       "0x0000000000004fff\","
			       "\"flags\":4,\"size\":20480,\"kernel_size\":16384}"},
	{{.kind = EVENT_GUARD,
		 .iova = {0x4000, 0x4fff},
		 .vaddr = 0x7f0000000000,
		 .set = true,
		 .given_back = 4096},
		STAMP("guard") ",\"container\":2,\"set\":true,\"iova\":\"0x0000000000004000-"
			       "0x0000000000004fff\",\"vaddr\":\"0x00007f0000000000-"
			       "0x00007f0000000fff\",\"size\":4096,\"given_back\":4096}"},
	{{.kind = EVENT_GUARD, .iova = {0x4000, 0x4fff}, .vaddr = 0x7f0000000000},
		STAMP("guard") ",\"container\":2,\"set\":false,\"iova\":\"0x0000000000004000-"
			       "0x0000000000004fff\",\"vaddr\":\"0x00007f0000000000-"
			       "0x00007f0000000fff\",\"size\":4096}"},
	{{.kind = EVENT_FAULT, .iova = {0x4000, 0x4fff}, .result = -EIO, .what = "cannot \"tell\""},
		STAMP("fault") ",\"container\":2,\"iova\":\"0x0000000000004000-"
			       "0x0000000000004fff\",\"what\":\"cannot \\\"tell\\\"\","
			       "\"result\":\"EIO\"}"},
};

static const char fault_alone[] =
	STAMP("fault") ",\"what\":\"cannot \\\"tell\\\"\",\"result\":\"EIO\"}";

static void test_others(void **state)
{
	struct hole_set *set = set_of(&holes[4], 2);
	char bytes[4096];
	struct text text;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct event event = others[i].event;

		text = text_start(bytes, sizeof(bytes));
		event.container = &container;
		event.holes = set;
		describe_json(&text, &stamp, &event, &host);
		assert_string_equal(bytes, others[i].json);
	}
	free(set);
	text = text_start(bytes, sizeof(bytes));
	describe_json(&text, &stamp,
		&(struct event){.kind = EVENT_FAULT, .result = -EIO, .what = "cannot \"tell\""},
		&host);
	assert_string_equal(bytes, fault_alone);
}

static void test_start(void **state)
{
	struct describe_host started = {.vmm = qemu,
		.kernel = "6.12.0",
		.vendor = "AuthenticAMD",
		.policy = "built-in",
		.mode = "split",
		.guard = true};
	char bytes[1024];
	struct text text = text_start(bytes, sizeof(bytes));

	(void)state;
	describe_json_start(&text, &stamp, &started);
	assert_string_equal(bytes,
		STAMP("start") ",\"version\":\"" IOVASHIM_VERSION
			       "\",\"vmm\":\"/usr/bin/qemu-system-x86_64\",\"kernel\":\"6.12.0\","
			       "\"cpu\":\"AuthenticAMD\",\"policy\":\"built-in\",\"mode\":"
			       "\"split\","
			       "\"guard\":true}");
}

/* Quotes, brackets and braces match, outside of strings. */
static bool is_whole(const char *json)
{
	char open[16];
	size_t depth = 0;

	for (; *json; json++) {
		if (*json == '"') {
			for (json++; *json && *json != '"'; json++)
				json += *json == '\\';
			if (!*json)
				return false;
		} else if (*json == '{' || *json == '[') {
			open[depth++ % sizeof(open)] = *json;
		} else if (*json == '}' || *json == ']') {
			if (!depth-- || open[depth] != *json - 2)
				return false;
		} else if (*json == ',' && strchr(",]}", json[1])) {
			return false;
		}
	}
	return !depth;
}

/* However much there is to say, the line is whole JSON, and counts are right. */
static void test_fits(void **state)
{
	enum { MANY = 200 };
	struct hole *many = calloc(MANY, sizeof(*many));
	char path[4096], bytes[4096];
	struct describe_host started = {
		.vmm = path, .kernel = "", .vendor = "", .policy = path, .mode = "split"};
	struct text text = text_start(bytes, sizeof(bytes));
	struct event event = {.kind = EVENT_MAP,
		.container = &container,
		.iova = {0, (2 * MANY + 1) * 4096 - 1},
		.verdict = VERDICT_SPLIT};
	struct hole_set *set;

	(void)state;
	memset(path, '"', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	describe_json_start(&text, &stamp, &started);
	assert_true(is_whole(bytes));
	for (int with_path = 0; with_path < 2; with_path++) {
		for (size_t i = 0; i < MANY; i++)
			many[i] = (struct hole){.range = {(2 * i + 1) * 4096, (2 * i + 1) * 4096},
				.source = i % 2 || with_path ? HOLE_POLICY : HOLE_SYSFS,
				.name = with_path ? path : "",
				.file = with_path && i % 3 ? path : "short"};
		set = set_of(many, MANY);
		event.holes = set;
		text = text_start(bytes, sizeof(bytes));
		describe_json(&text, &stamp, &event, &host);
		assert_true(is_whole(bytes));
		assert_non_null(strstr(bytes, "\"n_holes\":200"));
		assert_non_null(strstr(bytes, "\"n_pieces\":201"));
		assert_non_null(strstr(bytes, "\"n_gaps\":200}"));
		free(set);
	}
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_first_hole),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
