/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a mapping failed, what that means and what to change, as the log says it, in words. */
#include "report.h"
#include "diagnosis.h"

#include <inttypes.h>
#include <string.h>

/* What needs no numbers. */
static const char *const plain[CAUSES] = {[CAUSE_NO_IOMMU] = "the container has no IOMMU set",
	[CAUSE_ARGSZ] = "the request's struct is too short",
	[CAUSE_FLAGS] = "flags that the kernel does not know, or that do not go together",
	[CAUSE_SIZE] = "size 0",
	[CAUSE_WRAP] = "it goes past 2^64",
	[CAUSE_MISALIGNED] = "not aligned to the IOMMU's page",
	[CAUSE_LIVE_UPDATE] = "no mapping of that range waits for a new address",
	[CAUSE_OVERLAP] = "another mapping is there",
	[CAUSE_ENTRIES] = "the container's mappings are used up (dma_entry_limit)",
	[CAUSE_MEMLOCK] = "RLIMIT_MEMLOCK is too low",
	[CAUSE_MEMORY] = "the kernel, a cgroup or iovashim has no memory left",
	[CAUSE_UNMAPPED] = "the VMM has no memory there",
	[CAUSE_ACCESS] = "the VMM may not access that memory so",
	[CAUSE_GUARDED] = "that memory is guarded: it lies in a hole of another mapping",
	[CAUSE_BAR] = "memory of a device that cannot be pinned",
	[CAUSE_UNPINNABLE] = "memory that cannot be pinned: a file on a disk",
	[CAUSE_NO_TYPE1] = "no type1 IOMMU behind the container",
	[CAUSE_UNKNOWN] = "nothing known explains it"};

enum cause report_cause(const json_t *event)
{
	const char *word = json_string_value(json_object_get(event, "cause"));

	for (enum cause cause = 0; word && cause < CAUSES; cause++)
		if (!strcmp(word, diagnosis_word(cause)))
			return cause;
	return CAUSE_NONE;
}

static const char *memlock_words(struct report *report, const json_t *event)
{
	int64_t limit = report_number_field(event, "memlock", -1);
	int64_t locked = report_number_field(event, "locked", 0);
	int64_t need = report_number_field(event, "need", -1);

	if (limit < 0 || need < 0)
		return plain[CAUSE_MEMLOCK];
	return report_words(report, "RLIMIT_MEMLOCK is %s: %s are locked, %s more are needed",
		limit ? report_size(report, (uint64_t)limit) : "0",
		locked ? report_size(report, (uint64_t)locked) : "0 bytes",
		need ? report_size(report, (uint64_t)need) : "0 bytes");
}

const char *report_cause_words(struct report *report, const json_t *event)
{
	enum cause cause = report_cause(event);
	struct range range;

	if (cause == CAUSE_WIDTH)
		return report_words(report,
			"it needs %" PRId64 " address bits, the IOMMU has %" PRId64,
			report_number_field(event, "needed_bits", 0),
			report_number_field(event, "bits", 0));
	if (cause == CAUSE_MEMLOCK)
		return memlock_words(report, event);
	if (cause == CAUSE_OVERLAP && report_range_field(event, "overlaps", &range))
		return report_words(
			report, "%s: %s", plain[CAUSE_OVERLAP], report_range(report, range));
	if (plain[cause] && report_range_field(event, "where", &range))
		return report_words(
			report, "%s: %s in the VMM", plain[cause], report_range(report, range));
	return plain[cause];
}

static bool is_effect(const json_t *event, const char *word)
{
	const char *effect = json_string_value(json_object_get(event, "effect"));

	return effect && !strcmp(effect, word);
}

const char *report_effect_words(const json_t *event)
{
	if (is_effect(event, "harmless"))
		return "harmless: this VMM goes on, and nothing is amiss";
	if (is_effect(event, "lost"))
		return "this VMM goes on, and what devices do there fails";
	if (is_effect(event, "fatal"))
		return "fatal: this VMM ends, or does not get what it wanted";
	return NULL;
}

enum severity report_failure(const json_t *event, bool bar)
{
	if (is_effect(event, "harmless"))
		return NOTE;
	if (is_effect(event, "lost"))
		return WARN;
	return bar && !is_effect(event, "fatal") ? WARN : BAD;
}

/* "BAR 0 of 0000:00:05.0"; NULL if the log does not tell. */
const char *report_device_words(struct report *report, const json_t *event)
{
	enum { ROM = 6 };
	const char *device = report_text_field(report, event, "device");
	int64_t region = report_number_field(event, "region", -1);

	if (!device)
		return NULL;
	if (region < 0)
		return report_words(report, "a BAR of %s", device);
	if (region == ROM)
		return report_words(report, "ROM of %s", device);
	return report_words(report, "BAR %" PRId64 " of %s", region, device);
}

const char **report_changes(struct report *report, const json_t *event, size_t *n)
{
	const json_t *list = json_object_get(event, "advice");
	const char **changes = NULL;
	size_t i;
	json_t *item;

	*n = 0;
	json_array_foreach((json_t *)(uintptr_t)list, i, item)
	{
		const char *to = report_text_field(report, item, "to");
		const char *change = report_text_field(report, item, "change");
		const char *why = report_text_field(report, item, "why");
		const char *cost = report_text_field(report, item, "cost");
		bool both = why && *why && cost && *cost, any = (why && *why) || (cost && *cost);

		if (!change)
			continue;
		*REPORT_PUSH(report, changes, *n) = report_words(report, "%s:  %s%s%s%s%s%s",
			to ? to : "?", change, any ? "  (" : "", why ? why : "", both ? "; " : "",
			cost ? cost : "", any ? ")" : "");
	}
	return changes;
}
