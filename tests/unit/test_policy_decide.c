/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decisions as lines of text: policy, hole of the host, mapping, verdicts. */
#include "policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int read_nothing(void *context, const char *path, char **text, size_t *length)
{
	(void)context, (void)path, (void)text, (void)length;
	return -ENOENT;
}

static void parse_ok(struct policy *policy, const char *text)
{
	static const struct policy_reader reader = {read_nothing, NULL};
	static const struct policy_host host = {"AuthenticAMD", 5, 4};
	struct policy_error error;

	if (policy_parse(policy, "t.conf", text, strlen(text), &host, &reader, &error))
		fail_msg("%s", error.text);
}

static const char *const verdict_words[] = {"pass", "observe", "split", "skip", "refuse"};

/* Decisions: the policy's lines, the range that sysfs reports (or ""), the mapping, and the
 * verdicts on it as RAM, as translated RAM and as a BAR. */
static const struct {
	const char *text;
	const char *sysfs;
	const char *mapping;
	const char *verdicts;
} decisions[] = {
	{"", "", "0-0xfff", "pass pass pass"},
	{"", "0x3000-0x3fff", "0x1000-0x2fff", "pass pass pass"},

	/* the defaults and each answer */
	{"", "0x3000-0x3fff", "0x1000-0x5fff", "split refuse observe"},
	{"", "0x3000-0x3fff", "0x3000-0x3fff", "refuse refuse observe"},
	{"crossing refuse\nbar refuse", "0x3000-0x3fff", "0x1000-0x5fff", "refuse refuse refuse"},
	{"crossing observe\nbar skip", "0x3000-0x3fff", "0x1000-0x5fff", "observe observe skip"},
	{"crossing observe\nbar skip", "0x3000-0x4fff", "0x3000-0x3fff", "refuse refuse skip"},
	{"inside skip\nbar refuse", "0x3000-0x4fff", "0x3000-0x3fff", "skip refuse refuse"},
	{"inside observe", "0x3000-0x4fff", "0x3000-0x3fff", "observe observe observe"},
	{"inside observe", "0x3000-0x4fff", "0x3000-0x5fff", "split refuse observe"},

	/* a hole's own answer, stricter or laxer than the default */
	{"hole 0x3000-0x3fff crossing=refuse", "", "0x1000-0x5fff", "refuse refuse observe"},
	{"hole 0x3000-0x3fff crossing=observe", "", "0x1000-0x5fff", "observe observe observe"},
	{"crossing refuse\nhole 0x3000-0x3fff crossing=split", "", "0x1000-0x5fff",
		"split refuse observe"},
	{"hole 0x3000-0x3fff inside=skip", "", "0x3000-0x3fff", "skip refuse observe"},
	{"hole 0x3000-0x3fff inside=observe", "", "0x3000-0x3fff", "observe observe observe"},
	{"hole 0x3000-0x3fff inside=skip", "", "0x1000-0x5fff", "split refuse observe"},
	{"hole 0x3000-0x3fff crossing=refuse", "", "0x3000-0x3fff", "refuse refuse observe"},

	/* several holes: the strictest of those touched */
	{"hole 0x2000-0x2fff crossing=observe\nhole 0x4000-0x4fff crossing=refuse", "",
		"0x1000-0x5fff", "refuse refuse observe"},
	{"hole 0x2000-0x2fff crossing=observe\nhole 0x6000-0x6fff crossing=refuse", "",
		"0x1000-0x5fff", "observe observe observe"},
	{"hole 0x2000-0x2fff crossing=refuse\nhole 0x6000-0x6fff crossing=observe", "",
		"0x4000-0x7fff", "observe observe observe"},
	{"hole 0x2000-0x2fff crossing=observe", "0x4000-0x4fff", "0x1000-0x5fff",
		"observe observe observe"},
	{"crossing refuse\nhole 0x2000-0x2fff crossing=split", "0x4000-0x4fff", "0x1000-0x5fff",
		"refuse refuse observe"},
	{"hole 0x2000-0x2fff inside=skip\nhole 0x3000-0x3fff", "", "0x2000-0x3fff",
		"refuse refuse observe"},
	{"inside skip\nhole 0x2000-0x2fff\nhole 0x3000-0x3fff inside=observe", "", "0x2000-0x3fff",
		"observe observe observe"},
	{"hole 0x1000-0x8fff crossing=refuse\nhole 0x2000-0x2fff", "", "0x5000-0x9fff",
		"refuse refuse observe"},

	/* a rule that covers what the host reports answers for it; one that does not, does not */
	{"crossing refuse\nhole 0x3000-0x3fff crossing=split", "0x3000-0x3fff", "0x1000-0x5fff",
		"split refuse observe"},
	{"crossing refuse\nhole 0x2000-0x4fff crossing=split", "0x3000-0x3fff", "0x1000-0x5fff",
		"split refuse observe"},
	{"crossing refuse\nhole 0x3000-0x3fff crossing=split", "0x3000-0x4fff", "0x1000-0x5fff",
		"refuse refuse observe"},
	{"crossing refuse\nhole 0x3800-0x38ff crossing=split", "0x3000-0x3fff", "0x1000-0x5fff",
		"split refuse observe"},
	{"hole 0x3000-0x3fff inside=skip", "0x3000-0x3fff", "0x3000-0x3fff", "skip refuse observe"},
	{"hole 0x3000-0x3fff inside=skip\nhole 0x3000-0x3fff", "0x3000-0x3fff", "0x3000-0x3fff",
		"skip refuse observe"},

	/* unaligned holes count by the pages they touch */
	{"hole 0x3fff-0x4000 crossing=refuse", "", "0x4000-0x5fff", "refuse refuse observe"},
	{"hole 0x3fff-0x4000 crossing=refuse", "", "0x1000-0x3fff", "refuse refuse observe"},
	{"hole 0x3fff-0x4000 inside=skip", "", "0x3000-0x4fff", "skip refuse observe"},
	{"hole 0x3800-0x38ff crossing=observe", "", "0x1000-0x5fff", "observe observe observe"},

	/* the ends of the address space */
	{"", "0xfffffffffffff000-0xffffffffffffffff", "0xffffffffffffe000-0xffffffffffffffff",
		"split refuse observe"},
	{"hole 0-0xffffffffffffffff inside=skip", "", "0-0xffffffffffffffff",
		"skip refuse observe"},
};

static struct range range_of(const char *text)
{
	struct policy policy;
	struct range range;
	char line[64];

	snprintf(line, sizeof(line), "hole %s", text);
	parse_ok(&policy, line);
	range = policy.holes[0].range;
	policy_free(&policy);
	return range;
}

static struct hole_set *holes_of(const struct policy *policy, const char *sysfs)
{
	struct hole holes[8];
	size_t n = policy->n_holes;

	assert_true(n < 8);
	if (n)
		memcpy(holes, policy->holes, n * sizeof(*holes));
	if (*sysfs)
		holes[n++] = (struct hole){.range = range_of(sysfs), .source = HOLE_SYSFS};
	return hole_set_build(malloc(hole_set_bytes(n)), holes, n, 4096);
}

static void test_decisions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(decisions) / sizeof(*decisions); i++) {
		struct policy policy;
		struct hole_set *holes;
		struct range iova = range_of(decisions[i].mapping);
		char text[64];

		parse_ok(&policy, decisions[i].text);
		holes = holes_of(&policy, decisions[i].sysfs);
		snprintf(text, sizeof(text), "%s %s %s",
			verdict_words[policy_decide(&policy, holes, iova, MEMORY_RAM)],
			verdict_words[policy_decide(&policy, holes, iova, MEMORY_TRANSLATED)],
			verdict_words[policy_decide(&policy, holes, iova, MEMORY_BAR)]);
		if (strcmp(text, decisions[i].verdicts))
			fail_msg("row %zu: %s | %s | %s: got %s, expected %s", i, decisions[i].text,
				decisions[i].sysfs, decisions[i].mapping, text,
				decisions[i].verdicts);
		free(holes);
		policy_free(&policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
