/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a mapping failed, what that means and what to change, as fields of its line in the log. */
#include "describe.h"

#include <inttypes.h>

enum { TAIL = 64, ITEM = 1536 };

static void add_bar(struct text *text, const struct circumstances *facts)
{
	if (facts->device[0]) {
		text_add(text, ",\"device\":");
		text_add_json(text, facts->device);
	}
	if (facts->region >= 0)
		text_add(text, ",\"region\":%d", facts->region);
}

static void add_memlock(struct text *text, const struct diagnosis *why)
{
	if (!why->facts.memlock_known)
		return;
	text_add(text, ",\"may_lock\":%s,\"locked\":%" PRIu64 ",\"need\":%" PRIu64,
		why->facts.may_lock ? "true" : "false", why->facts.locked, why->size);
	if (why->facts.memlock != UINT64_MAX)
		text_add(text, ",\"memlock\":%" PRIu64, why->facts.memlock);
}

static void add_misaligned(struct text *text, unsigned int misaligned)
{
	static const char *const names[] = {"iova", "vaddr", "size"};
	const char *comma = "";

	text_add(text, ",\"misaligned\":[");
	for (unsigned int i = 0; i < 3; i++) {
		if (!(misaligned & 1u << i))
			continue;
		text_add(text, "%s\"%s\"", comma, names[i]);
		comma = ",";
	}
	text_add(text, "]");
}

static void add_range(struct text *text, const char *key, struct range range)
{
	text_add(text, ",\"%s\":\"", key);
	text_add_range(text, range);
	text_add(text, "\"");
}

static void add_numbers(struct text *text, const struct diagnosis *why)
{
	switch (why->cause) {
	case CAUSE_WIDTH:
		text_add(text, ",\"bits\":%u,\"needed_bits\":%u", why->bits, why->needed);
		break;
	case CAUSE_MISALIGNED:
		add_misaligned(text, why->misaligned);
		break;
	case CAUSE_OVERLAP:
		if (why->split_known)
			add_range(text, "overlaps", why->other);
		break;
	case CAUSE_MEMLOCK:
	case CAUSE_MEMORY:
		add_memlock(text, why);
		break;
	case CAUSE_ENTRIES:
		if (why->facts.entries)
			text_add(text, ",\"entries\":%" PRIu64, why->facts.entries);
		break;
	case CAUSE_UNMAPPED:
	case CAUSE_ACCESS:
	case CAUSE_GUARDED:
		add_range(text, "where", why->facts.where);
		break;
	default:
		break;
	}
}

struct list {
	struct text *text;
	size_t n;
	bool cut;
};

static void add_item(void *context, const struct advice_item *item)
{
	struct list *list = context;
	char bytes[ITEM];
	struct text text = text_start(bytes, sizeof(bytes));

	text_add(&text, "%s{\"to\":\"%s\",\"change\":", list->n ? "," : "", item->to);
	text_add_json(&text, item->change);
	text_add(&text, ",\"why\":");
	text_add_json(&text, item->why);
	text_add(&text, ",\"cost\":");
	text_add_json(&text, item->cost);
	text_add(&text, "}");
	list->cut |= !text_fits(&text, 8) || !text_fits(list->text, text.length + TAIL);
	if (!list->cut)
		text_add(list->text, "%s", bytes);
	list->n++;
}

void describe_json_why(
	struct text *text, const struct event *event, const struct describe_host *host)
{
	const struct diagnosis *why = event->why;
	struct advice advice;
	struct list list = {.text = text};

	if (!why)
		return;
	text_add(text, ",\"cause\":\"%s\"", diagnosis_word(why->cause));
	if (event->memory == MEMORY_BAR)
		add_bar(text, &why->facts);
	add_numbers(text, why);
	if (!event->result)
		return;
	text_add(text, ",\"effect\":\"%s\",\"advice\":[",
		knowledge_effect(knowledge_outcome(
			knowledge_find(host->vmm), why->cause, event->memory, why->facts.guest_ran)
					 .effect));
	advice = describe_advice(event, host);
	advice_changes(&advice, add_item, &list);
	text_add(text, "],\"n_advice\":%zu", list.n);
}
