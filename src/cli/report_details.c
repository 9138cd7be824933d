/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an event says in words of its own, or in fields that came after this was written: shown as
 * it stands, so that a report leaves nothing out that a younger iovashim knows. */
#include "report.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DETAILS = 40, LONGEST_DUMP = 300 };

/* What the report's own words, totals and pictures are made of. */
static bool is_used(const char *key)
{
	static const char *const used[] = {"v", "time", "pid", "event", "container", "version",
		"vmm", "kernel", "cpu", "policy", "mode", "guard", "page", "groups", "n_groups",
		"holes", "n_holes", "kind", "action", "iova", "size", "vaddr", "flags", "guarded",
		"unreachable", "result", "reason", "failed", "failed_errno", "pieces", "n_pieces",
		"gaps", "n_gaps", "kernel_size", "set", "given_back", "by", "what", "splits",
		"skips", "refusals", "observed", "folded", "cut", "memmap", "failures", "cause",
		"device", "region", "bits", "needed_bits", "overlaps", "memlock", "locked", "need",
		"may_lock", "where", "effect", "advice", "n_advice", "told", "firmware", "done",
		"of", "error", "seconds"};

	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		if (!strcmp(key, used[i]))
			return true;
	return false;
}

static void add_detail(
	struct report *report, struct report_entry *entry, const char *key, const char *text)
{
	if (entry->n_details < MOST_DETAILS)
		*REPORT_PUSH(report, entry->details, entry->n_details) =
			report_words(report, "%s: %s", key, text);
}

static void add_value(
	struct report *report, struct report_entry *entry, const char *key, const json_t *value)
{
	const char *text = json_string_value(value);
	char *dump = NULL;

	if (!text)
		text = dump =
			json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
	if (dump && strlen(dump) > LONGEST_DUMP)
		memcpy(dump + LONGEST_DUMP - 4, "...", 4);
	add_detail(report, entry, key, report_clean(report, text ? text : "?"));
	free(dump);
}

void report_details(struct report *report, struct report_entry *entry, const json_t *event)
{
	const char *key, **changes;
	json_t *value;
	size_t n;

	changes = report_changes(report, event, &n);
	for (size_t i = 0; i < n && i < MOST_DETAILS; i++)
		*REPORT_PUSH(report, entry->details, entry->n_details) = changes[i];
	entry->n_changes = entry->n_details;
	json_object_foreach((json_t *)(uintptr_t)event, key, value)
	{
		const char *name;
		json_t *item;
		size_t i;

		if (is_used(key) || json_is_null(value))
			continue;
		name = report_clean(report, key);
		if (!json_is_array(value)) {
			add_value(report, entry, name, value);
			continue;
		}
		json_array_foreach(value, i, item) add_value(report, entry, name, item);
	}
}
