/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer: any bytes as a policy. The first byte chooses the host; included files are the parts
 * of the input that NUL bytes separate. */
#include "fuzz.h"
#include "policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct policy_host hosts[] = {
	{"AuthenticAMD", 5, 3},
	{"HygonGenuine", 6, 12},
	{"GenuineIntel", 4, 19},
	{"", 0, 0},
};

struct input {
	const char *bytes;
	size_t length;
};

/* Part @n of the input, the policy itself being part 0. False if there are fewer. */
static bool find_part(const struct input *input, size_t n, struct input *part)
{
	const char *at = input->bytes, *end = at + input->length;

	for (;;) {
		const char *nul = memchr(at, '\0', (size_t)(end - at));

		if (!n--) {
			*part = (struct input){at, (size_t)((nul ? nul : end) - at)};
			return true;
		}
		if (!nul)
			return false;
		at = nul + 1;
	}
}

/* File names end in a digit: the part's number. */
static int read_part(void *context, const char *path, char **text, size_t *length)
{
	size_t n = (size_t)path[strlen(path) - 1] - '0';
	struct input part;

	if (n > 9 || !find_part(context, n, &part))
		return -ENOENT;
	*text = malloc(part.length + 1);
	check(*text);
	memcpy(*text, part.bytes, part.length);
	*length = part.length;
	return 0;
}

/* "FILE:LINE:COLUMN: message", FILE being a path that the input chose or "fuzz.conf". */
static void check_error(const char *text)
{
	char *end;

	check(strlen(text) < sizeof(struct policy_error) - 1);
	for (const char *c = text; *c; c++)
		check((unsigned char)*c >= ' ' && *c != 0x7f);
	for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
		if (!strtoul(colon + 1, &end, 10) || *end != ':')
			continue;
		if (strtoul(end + 1, &end, 10) && end[0] == ':' && end[1] == ' ' && end[2])
			return;
	}
	check(!"position in error");
}

static void check_policy(const struct policy *policy)
{
	check(policy->crossing != CROSSING_DEFAULT && policy->crossing <= CROSSING_REFUSE);
	check(policy->inside != INSIDE_DEFAULT && policy->inside <= INSIDE_REFUSE);
	check(policy->bar <= BAR_REFUSE);
	for (size_t i = 0; i < policy->n_holes; i++) {
		const struct hole *hole = &policy->holes[i];

		check(hole->range.first <= hole->range.last);
		check(hole->source == HOLE_POLICY && hole->line && *hole->file);
		check(hole->crossing <= CROSSING_REFUSE && hole->inside <= INSIDE_REFUSE);
		check(strlen(hole->name) < 64 && !strpbrk(hole->name, " \t\"\\#"));
	}
}

static void check_same(const struct policy *a, const struct policy *b)
{
	check(a->source_sysfs == b->source_sysfs && a->source_kernel == b->source_kernel);
	check(a->crossing == b->crossing && a->inside == b->inside);
	check(a->bar == b->bar && a->guard == b->guard && a->n_holes == b->n_holes);
	for (size_t i = 0; i < a->n_holes; i++) {
		const struct hole *h = &a->holes[i], *k = &b->holes[i];

		check(h->range.first == k->range.first && h->range.last == k->range.last);
		check(h->crossing == k->crossing && h->inside == k->inside);
		check(h->line == k->line && !strcmp(h->name, k->name) && !strcmp(h->file, k->file));
	}
}

/* What RAM in or across holes gets is never "pass", what a vIOMMU translates never split. */
static void check_decisions(const struct policy *policy)
{
	size_t n = policy->n_holes < 64 ? policy->n_holes : 64;
	void *memory = malloc(hole_set_bytes(n));
	struct hole_set *set;

	check(memory);
	set = hole_set_build(memory, policy->holes, n, 4096);
	for (size_t i = 0; i < set->n_merged; i++) {
		struct range hole = set->merged[i];
		struct range wider = {hole.first ? hole.first - 4096 : 0, hole.last};
		enum verdict inside = policy_decide(policy, set, hole, MEMORY_RAM);
		enum verdict crossing = policy_decide(policy, set, wider, MEMORY_RAM);
		enum verdict translated = policy_decide(policy, set, wider, MEMORY_TRANSLATED);

		check(inside != VERDICT_PASS && inside != VERDICT_SPLIT);
		check(crossing != VERDICT_PASS && (crossing != VERDICT_SKIP || !hole.first));
		check(translated == VERDICT_OBSERVE || translated == VERDICT_REFUSE);
	}
	free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data + 1, size - 1}, root;
	const struct policy_reader reader = {read_part, &input};
	struct policy_error error = {""}, error_again = {""};
	struct policy policy, again;
	int rc, rc_again;

	if (!size)
		return 0;
	/* A NUL in the policy itself is tried now and then, else it ends the part. */
	if (data[0] & 4)
		root = input;
	else
		check(find_part(&input, 0, &root));
	rc = policy_parse(&policy, "fuzz.conf", root.bytes, root.length, &hosts[data[0] & 3],
		&reader, &error);
	rc_again = policy_parse(&again, "fuzz.conf", root.bytes, root.length, &hosts[data[0] & 3],
		&reader, &error_again);
	check(rc == rc_again && (rc == 0 || rc == -EINVAL));
	if (rc) {
		check(!strcmp(error.text, error_again.text));
		check_error(error.text);
		return 0;
	}
	check_policy(&policy);
	check_same(&policy, &again);
	check_decisions(&policy);
	policy_free(&policy);
	policy_free(&again);
	return 0;
}
