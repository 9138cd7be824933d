/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reaches stderr and the log in the course of a process's life: repeats folded, gaps merged,
 * totals and advice at the end. */
#include "journal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

enum { ROOM = 1 << 17 };

/* A journal whose stderr and log are files; what is in them since the last look. */
struct desk {
	struct journal journal;
	struct container container;
	struct hole_set *set;
	int people, log;
	char text[ROOM];
};

static struct desk desk;

/* Every other page is a hole. */
static struct hole_set *make_holes(size_t n)
{
	struct hole *holes = calloc(n, sizeof(*holes));
	struct hole_set *set = malloc(hole_set_bytes(n));

	for (size_t i = 0; i < n; i++)
		holes[i] = (struct hole){
			.range = {(2 * i + 1) * 4096, (2 * i + 2) * 4096 - 1}, .group = 3};
	set = hole_set_build(set, holes, n, 4096);
	free(holes);
	return set;
}

static int set_up(void **state)
{
	(void)state;
	memset(&desk, 0, sizeof(desk));
	desk.container.id = 1;
	desk.set = make_holes(64);
	desk.people = memfd_create("people", MFD_CLOEXEC);
	desk.log = memfd_create("log", MFD_CLOEXEC);
	desk.journal.host = (struct describe_host){.vmm = "/usr/bin/qemu-system-x86_64",
		.kernel = "6.12",
		.vendor = "AuthenticAMD",
		.policy = "built-in",
		.mode = "split",
		.guard = true};
	desk.journal.people = outlet_borrow(desk.people);
	desk.journal.log = outlet_borrow(desk.log);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(desk.people);
	close(desk.log);
	free(desk.set);
	return 0;
}

/* What was written to @fd, which is empty then. */
static const char *take(int fd)
{
	ssize_t n = pread(fd, desk.text, sizeof(desk.text) - 1, 0);

	assert_true(n >= 0);
	desk.text[n] = 0;
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return desk.text;
}

/* The log without what differs each time: {"v":1,"time":…,"pid":… becomes {. */
static const char *take_log(void)
{
	char *out = desk.text;

	for (const char *in = take(desk.log); *in;) {
		if (!strncmp(in, "{\"v\":1,\"time\":", 14)) {
			in = strstr(in, ",\"event\"") + 1;
			*out++ = '{';
		}
		*out++ = *in++;
	}
	*out = 0;
	return desk.text;
}

static size_t lines_in(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* A mapping of pages @first to @last, told of as it went. */
static void tell(uint64_t first, uint64_t last, enum verdict verdict, int result)
{
	journal_event(&desk.journal, &(struct event){.kind = EVENT_MAP,
					     .container = &desk.container,
					     .iova = {first * 4096, (last + 1) * 4096 - 1},
					     .holes = desk.set,
					     .verdict = verdict,
					     .refusal = result ? REFUSED_BY_POLICY : REFUSED_NOT,
					     .guarded = true,
					     .result = result});
}

#define OWNER ", a direct-mapped region of group 3"

static void test_lines(void **state)
{
	(void)state;
	journal_start(&desk.journal, getpid());
	assert_string_equal(take(desk.people), "");
	assert_string_equal(take_log(),
		"{\"event\":\"start\",\"version\":\"" IOVASHIM_VERSION
		"\",\"vmm\":\"/usr/bin/qemu-system-x86_64\",\"kernel\":\"6.12\",\"cpu\":"
		"\"AuthenticAMD\",\"policy\":\"built-in\",\"mode\":\"split\",\"guard\":true}\n");
	tell(0, 2, VERDICT_SPLIT, 0);
	assert_string_equal(take(desk.people),
		"iovashim: guest RAM at 0x0000000000000000-0x0000000000002fff (12 KiB) crosses "
		"0x0000000000001000-0x0000000000001fff" OWNER
		": mapped in 2 pieces; 4 KiB of it is out of the devices' reach, guarded: a guest "
		"that uses that is stopped; tell the guest: memmap=4K$0x1000\n");
	assert_int_equal(lines_in(take_log()), 1);

	journal_event(&desk.journal,
		&(struct event){.kind = EVENT_FAULT, .result = -EIO, .what = "cannot do it"});
	assert_string_equal(take(desk.people), "iovashim: cannot do it (EIO)\n");
	assert_string_equal(
		take_log(), "{\"event\":\"fault\",\"what\":\"cannot do it\",\"result\":\"EIO\"}\n");

	/* for machines alone */
	journal_event(
		&desk.journal, &(struct event){.kind = EVENT_UNMAP, .container = &desk.container});
	assert_string_equal(take(desk.people), "");
	assert_int_equal(lines_in(take_log()), 1);
	journal_fatal(&desk.journal.people, "the end");
	assert_string_equal(take(desk.people), "iovashim: the end\n");
	assert_string_equal(take_log(), "");
}

/* The same again is counted; so is all that comes after a screenful. The log has everything. */
static void test_folding(void **state)
{
	(void)state;
	journal_start(&desk.journal, getpid());
	take(desk.log);
	for (int i = 0; i < 5; i++)
		tell(0, 2, VERDICT_SPLIT, 0);
	assert_int_equal(lines_in(take(desk.people)), 1);
	tell(0, 2, VERDICT_SPLIT, -ENOMEM);
	tell(0, 2, VERDICT_REFUSE, -ENOMEM);
	tell(0, 4, VERDICT_SPLIT, 0);
	tell(1, 2, VERDICT_SPLIT, 0);
	assert_int_equal(lines_in(take(desk.people)), 4);
	assert_int_equal(desk.journal.folded, 4);
	assert_int_equal(lines_in(take(desk.log)), 9);
	for (uint64_t i = 0; i < 60; i++)
		tell(i, i + 5, VERDICT_OBSERVE, 0);
	assert_int_equal(lines_in(take(desk.people)), JOURNAL_SEEN - 5);
	assert_int_equal(desk.journal.folded, 4 + 60 - (JOURNAL_SEEN - 5));
	assert_int_equal(lines_in(take(desk.log)), 60);
}

/* Splits by their pages, and the gaps in the summary. */
static const struct {
	const char *maps, *memmap;
} merges[] = {
	{"", ""},
	{"0-2", "memmap=4K$0x1000"},
	{"0-2 0-2", "memmap=4K$0x1000"},
	{"0-2 2-4", "memmap=4K$0x1000 memmap=4K$0x3000"},
	{"2-4 0-2", "memmap=4K$0x1000 memmap=4K$0x3000"},
	{"0-4 6-8 2-6", "memmap=4K$0x1000 memmap=4K$0x3000 memmap=4K$0x5000 memmap=4K$0x7000"},
};

static void test_gaps(void **state)
{
	for (size_t i = 0; i < sizeof(merges) / sizeof(*merges); i++) {
		unsigned long long first, last;
		char expected[256];
		int used;

		tear_down(state);
		set_up(state);
		journal_start(&desk.journal, getpid());
		for (const char *at = merges[i].maps;
			sscanf(at, " %llu-%llu%n", &first, &last, &used) == 2; at += used)
			tell(first, last, VERDICT_SPLIT, 0);
		take(desk.log);
		journal_end(&desk.journal);
		snprintf(expected, sizeof(expected), "\"memmap\":\"%s\"}\n", merges[i].memmap);
		assert_non_null(strstr(take(desk.log), expected));
	}
}

/* A gap over a hole of its own: of one container at 1000-1fff, of the next one page further. */
static void tell_gap(uint64_t first, uint64_t last)
{
	struct hole hole = {.range = {first, last}};
	struct hole_set *set = hole_set_build(malloc(hole_set_bytes(1)), &hole, 1, 4096);
	struct event event = {.kind = EVENT_MAP,
		.container = &desk.container,
		.iova = {first, last},
		.holes = set,
		.verdict = VERDICT_SKIP,
		.guarded = true};

	journal_event(&desk.journal, &event);
	free(set);
}

/* Pages of gaps in the order told of, and what they merge to. */
static const struct {
	struct range gaps[4];
	const char *merged;
} touching[] = {
	{{{0x1000, 0x1fff}, {0x2000, 0x2fff}}, " 1000-2fff"},
	{{{0x2000, 0x2fff}, {0x1000, 0x1fff}}, " 1000-2fff"},
	{{{0x1000, 0x4fff}, {0x2000, 0x2fff}}, " 1000-4fff"},
	{{{0x2000, 0x2fff}, {0x1000, 0x4fff}}, " 1000-4fff"},
	{{{0x1000, 0x2fff}, {0x2000, 0x4fff}}, " 1000-4fff"},
	{{{0x1000, 0x1fff}, {0x3000, 0x3fff}, {0x2000, 0x2fff}}, " 1000-3fff"},
	{{{0x1000, 0x1fff}, {0x3000, 0x3fff}, {0x5000, 0x5fff}, {0, 0x8fff}}, " 0-8fff"},
	{{{0x1000, 0x1fff}, {0x3000, 0x3fff}, {0x5000, 0x5fff}, {0x2000, 0x3fff}},
		" 1000-3fff 5000-5fff"},
	{{{0x8000, 0x8fff}, {0, 0xfff}}, " 0-fff 8000-8fff"},
	{{{0, 0xfff}, {0x1000, 0x1fff}}, " 0-1fff"},
	{{{UINT64_MAX - 0xfff, UINT64_MAX}, {UINT64_MAX - 0x1fff, UINT64_MAX - 0x1000}},
		" ffffffffffffe000-ffffffffffffffff"},
	{{{UINT64_MAX - 0xfff, UINT64_MAX}, {0, 0xfff}},
		" 0-fff fffffffffffff000-ffffffffffffffff"},
};

static void test_touching(void **state)
{
	for (size_t i = 0; i < sizeof(touching) / sizeof(*touching); i++) {
		char bytes[256];
		struct text text = text_start(bytes, sizeof(bytes));

		tear_down(state);
		set_up(state);
		journal_start(&desk.journal, getpid());
		for (size_t j = 0; j < 4 && touching[i].gaps[j].last; j++)
			tell_gap(touching[i].gaps[j].first, touching[i].gaps[j].last);
		for (size_t j = 0; j < desk.journal.n_gaps; j++)
			text_add(&text, " %llx-%llx",
				(unsigned long long)desk.journal.gaps[j].first,
				(unsigned long long)desk.journal.gaps[j].last);
		assert_string_equal(bytes, touching[i].merged);
		assert_false(desk.journal.gaps_cut);
	}
}

static void test_too_many_gaps(void **state)
{
	(void)state;
	journal_start(&desk.journal, getpid());
	tell(0, 2 * JOURNAL_GAPS, VERDICT_SPLIT, 0);
	assert_int_equal(desk.journal.n_gaps, JOURNAL_GAPS);
	assert_false(desk.journal.gaps_cut);
	tell(0, 2 * JOURNAL_GAPS + 2, VERDICT_SPLIT, 0);
	assert_int_equal(desk.journal.n_gaps, JOURNAL_GAPS);
	assert_true(desk.journal.gaps_cut);
	/* one that closes the room between two still fits */
	tell_gap(0x2000, 0x2fff);
	assert_int_equal(desk.journal.n_gaps, JOURNAL_GAPS - 1);
	take(desk.people);
	journal_end(&desk.journal);
	assert_non_null(strstr(take(desk.log), "\"cut\":true,"));
	assert_non_null(strstr(take(desk.people), "guarded (and more: the log has them all)\n"));
}

static void test_totals(void **state)
{
	(void)state;
	journal_start(&desk.journal, getpid());
	tell(0, 4, VERDICT_SPLIT, 0);
	tell(0, 4, VERDICT_SPLIT, 0);
	tell(6, 8, VERDICT_SPLIT, -ENOMEM);
	tell(9, 9, VERDICT_SKIP, 0);
	tell(20, 22, VERDICT_REFUSE, -EINVAL);
	tell(30, 32, VERDICT_OBSERVE, -EINVAL);
	take(desk.people);
	take(desk.log);
	journal_end(&desk.journal);
	assert_string_equal(take_log(),
		"{\"event\":\"summary\",\"splits\":2,\"pieces\":6,\"skips\":1,\"refusals\":2,"
		"\"observed\":1,\"failures\":0,\"folded\":1,\"unreachable\":12288,\"cut\":false,"
		"\"guarded\":true,"
		"\"memmap\":"
		"\"memmap=4K$0x1000 memmap=4K$0x3000 memmap=4K$0x9000\"}\n");
	take(desk.people);
	assert_true(lines_in(desk.text) > 4);
	assert_ptr_equal(
		strstr(desk.text,
			"iovashim: summary: mappings split: 2 (pieces: 6), "
			"skipped: 1, refused: 2, passed on over holes: 1, failed for other "
			"reasons: 0, "
			"repeats not shown: 1; 12 KiB of guest RAM out of the devices' reach, "
			"guarded\niovashim: Linux guest, "),
		desk.text);
	assert_non_null(strstr(desk.text, "a layout that keeps off 0x1000-0x1fff by itself"));
}

/* Where another layout would not have helped, none is advised. */
static void test_no_advice(void **state)
{
	static const struct event events[] = {
		{.verdict = VERDICT_REFUSE,
			.refusal = REFUSED_TRANSLATED,
			.result = -EINVAL,
			.memory = MEMORY_TRANSLATED},
		{.verdict = VERDICT_SPLIT,
			.refusal = REFUSED_BY_KERNEL,
			.result = -ENOMEM,
			.failed_errno = ENOMEM},
		{.verdict = VERDICT_OBSERVE, .memory = MEMORY_BAR},
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		struct event event = events[i];

		tear_down(state);
		set_up(state);
		journal_start(&desk.journal, getpid());
		event.kind = EVENT_MAP;
		event.container = &desk.container;
		event.iova = (struct range){0, 0x2fff};
		event.holes = desk.set;
		journal_event(&desk.journal, &event);
		assert_int_equal(lines_in(take(desk.people)), 1);
		journal_end(&desk.journal);
		assert_int_equal(lines_in(take(desk.people)), 1);
	}
}

/* Each mapping's own advice, whichever is the largest. */
static void test_own_advice(void **state)
{
	struct hole hole = {.range = {0xfd00000000, 0xffffffffff}, .group = 3};
	struct hole_set *set = hole_set_build(malloc(hole_set_bytes(1)), &hole, 1, 4096);
	struct event event = {.kind = EVENT_MAP,
		.container = &desk.container,
		.iova = {0x100000000, 0xfd3fffffff},
		.holes = set,
		.verdict = VERDICT_SPLIT,
		.guarded = true};

	(void)state;
	journal_start(&desk.journal, getpid());
	journal_event(&desk.journal, &event);
	assert_null(strstr(take(desk.people), "DIMM"));
	event.iova.first = 0xfc00000000;
	journal_event(&desk.journal, &event);
	assert_non_null(strstr(take(desk.people), "if this is a DIMM"));
	desk.journal.host.vmm = "/usr/bin/qemu-system-aarch64";
	event.iova.first -= 4096;
	journal_event(&desk.journal, &event);
	take(desk.people);
	assert_null(strstr(desk.text, "memmap"));
	assert_non_null(strstr(desk.text, "; choose a layout that keeps off the hole\n"));
	free(set);
}

/* Nothing was done: the log says so, people are left alone. */
static void test_nothing(void **state)
{
	(void)state;
	journal_start(&desk.journal, getpid());
	journal_end(&desk.journal);
	assert_string_equal(take(desk.people), "");
	assert_int_equal(lines_in(take(desk.log)), 2);
}

/* A child that inherited the totals says nothing of them. */
static void test_child(void **state)
{
	(void)state;
	journal_start(&desk.journal, getpid());
	tell(0, 4, VERDICT_SPLIT, 0);
	take(desk.people);
	take(desk.log);
	desk.journal.pid++;
	journal_end(&desk.journal);
	assert_string_equal(take(desk.people), "");
	assert_string_equal(take(desk.log), "");
}

static void test_stopped(void **state)
{
	(void)state;
	journal_start(&desk.journal, getpid());
	take(desk.log);
	journal_guest_stopped(&desk.journal); /* for reasons of its own */
	assert_string_equal(take(desk.people), "");
	tell(0, 2, VERDICT_SPLIT, 0);
	take(desk.people);
	take(desk.log);
	journal_guest_stopped(&desk.journal);
	assert_string_equal(take(desk.people),
		"iovashim: the guest was stopped by the guard (KVM_RUN: EFAULT): it used memory "
		"that "
		"devices cannot reach. Nothing is corrupted; tell the guest: "
		"memmap=4K$0x1000\n");
	assert_string_equal(take_log(), "{\"event\":\"guard-hit\",\"by\":\"guest\"}\n");
	journal_guest_stopped(&desk.journal);
	assert_string_equal(take(desk.people), "");

	journal_vmm_stopped(&desk.journal, 0x7f0000001000);
	assert_string_equal(take(desk.people),
		"iovashim: the VMM is stopped by the guard (SIGSEGV at 0x7f0000001000): it, or an "
		"emulated CPU or device, used guest memory that passed-through devices cannot "
		"reach; tell the guest: memmap=4K$0x1000\n");
	assert_string_equal(take_log(),
		"{\"event\":\"guard-hit\",\"by\":\"vmm\",\"vaddr\":\"0x7f0000001000\"}\n");
}

/* Before the mapping is told of, there is nothing to tell the guest. */
static void test_stopped_early(void **state)
{
	(void)state;
	journal_start(&desk.journal, getpid());
	journal_vmm_stopped(&desk.journal, 0x7f0000001000);
	assert_non_null(strstr(take(desk.people), "devices cannot reach\n"));
}

/* Without its guard the memory cannot have stopped anybody. */
static void test_unguarded(void **state)
{
	struct event event = {.kind = EVENT_MAP,
		.container = &desk.container,
		.iova = {0, 0x2fff},
		.holes = desk.set,
		.verdict = VERDICT_SPLIT};

	(void)state;
	journal_start(&desk.journal, getpid());
	journal_event(&desk.journal, &event);
	take(desk.people);
	journal_guest_stopped(&desk.journal);
	assert_string_equal(take(desk.people), "");
	journal_end(&desk.journal);
	assert_non_null(strstr(take(desk.people), "reach, NOT all guarded\n"));
}

/* Quiet: the log alone. */
static void test_quiet(void **state)
{
	(void)state;
	desk.journal.people = (struct outlet){.fd = -1};
	journal_start(&desk.journal, getpid());
	tell(0, 2, VERDICT_SPLIT, 0);
	journal_end(&desk.journal);
	assert_string_equal(take(desk.people), "");
	assert_int_equal(lines_in(take(desk.log)), 3);
}

/* The VMM closes the log and opens something else there: it stays as it is, people hear of it. */
static void test_log_lost(void **state)
{
	int other = memfd_create("other", MFD_CLOEXEC);

	(void)state;
	journal_start(&desk.journal, getpid());
	assert_int_equal(dup2(other, desk.log), desk.log);
	tell(0, 2, VERDICT_SPLIT, 0);
	assert_int_equal(lines_in(take(desk.people)), 2);
	tell(0, 4, VERDICT_SPLIT, 0);
	assert_int_equal(lines_in(take(desk.people)), 1);
	assert_string_equal(take(other), "");
	close(other);
}

/* A message longer than a line is cut, and ends as one. */
static void test_long_message(void **state)
{
	char message[5000];

	(void)state;
	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = 0;
	journal_fatal(&desk.journal.people, message);
	take(desk.people);
	assert_int_equal(lines_in(desk.text), 1);
	assert_int_equal(desk.text[strlen(desk.text) - 1], '\n');
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines),
		TEST(test_folding),
		TEST(test_gaps),
		TEST(test_touching),
		TEST(test_too_many_gaps),
		TEST(test_totals),
		TEST(test_no_advice),
		TEST(test_own_advice),
		TEST(test_nothing),
		TEST(test_child),
		TEST(test_stopped),
		TEST(test_stopped_early),
		TEST(test_unguarded),
		TEST(test_quiet),
		TEST(test_log_lost),
		TEST(test_long_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
