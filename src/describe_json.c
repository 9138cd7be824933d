/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events as JSON, one object a line; docs/event-log.md has the schema. */
#include "describe.h"

#include <inttypes.h>
#include <string.h>

/* Lists are cut where the line would outgrow its buffer, their counts are always whole; a path of
 * 4 KiB is cut before it crowds the rest out. */
enum { SCHEMA = 1, LIST_ITEM = 384, TAIL = 512, STRING = 512 };

void describe_json_begin(struct text *text, const struct describe_stamp *stamp, const char *event)
{
	text_add(text, "{\"v\":%d,\"time\":%lld.%06ld,\"pid\":%d,\"event\":\"%s\"", SCHEMA,
		stamp->seconds, stamp->micros, stamp->pid, event);
}

static void add_string(struct text *text, const char *string)
{
	struct text part = *text;

	if (part.room - part.length > STRING)
		part.room = part.length + STRING;
	text_add_json(&part, string);
	text->length = part.length;
}

static void add_range(struct text *text, const char *key, struct range range)
{
	text_add(text, ",\"%s\":\"", key);
	text_add_range(text, range);
	text_add(text, "\"");
}

static void add_result(struct text *text, int result)
{
	text_add(text, ",\"result\":\"");
	if (result < 0)
		text_add_errno(text, -result);
	else
		text_add(text, "ok");
	text_add(text, "\"");
}

void describe_json_start(
	struct text *text, const struct describe_stamp *stamp, const struct describe_host *host)
{
	describe_json_begin(text, stamp, "start");
	text_add(text, ",\"version\":\"%s\",\"vmm\":", IOVASHIM_VERSION);
	add_string(text, host->vmm);
	text_add(text, ",\"kernel\":");
	add_string(text, host->kernel);
	text_add(text, ",\"cpu\":");
	add_string(text, host->vendor);
	text_add(text, ",\"policy\":");
	add_string(text, host->policy);
	text_add(
		text, ",\"mode\":\"%s\",\"guard\":%s}", host->mode, host->guard ? "true" : "false");
}

static void add_hole(struct text *text, const struct hole *hole)
{
	static const char *const types[] = {"direct", "reserved", "msi"};

	text_add(text, "{\"range\":\"");
	text_add_range(text, hole->range);
	switch (hole->source) {
	case HOLE_SYSFS:
		text_add(text, "\",\"from\":\"sysfs\",\"group\":%d,\"type\":\"%s\"}", hole->group,
			types[hole->type]);
		break;
	case HOLE_KERNEL:
		text_add(text, "\",\"from\":\"kernel\"}");
		break;
	case HOLE_POLICY:
		text_add(text, "\",\"from\":\"policy\",\"name\":");
		add_string(text, hole->name);
		text_add(text, ",\"file\":");
		add_string(text, hole->file);
		text_add(text, ",\"line\":%u}", hole->line);
		break;
	}
}

static bool add_hole_if_fits(struct text *text, const struct hole *hole, bool first)
{
	char bytes[3 * STRING];
	struct text item = text_start(bytes, sizeof(bytes));
	bool fits;

	add_hole(&item, hole);
	fits = text_fits(text, item.length + 1 + TAIL);
	if (fits)
		text_add(text, "%s%s", first ? "" : ",", bytes);
	return fits;
}

static void add_holes(struct text *text, const struct event *event, bool touched_alone)
{
	size_t n = 0;
	bool first = true;

	text_add(text, ",\"holes\":[");
	for (size_t i = 0; i < event->holes->n_holes; i++) {
		const struct hole *hole = &event->holes->holes[i];
		struct range whole = range_align_outwards(hole->range, event->holes->page);

		if (touched_alone && !range_overlaps(whole, event->iova))
			continue;
		if (add_hole_if_fits(text, hole, first))
			first = false;
		n++;
	}
	text_add(text, "],\"n_holes\":%zu", n);
}

static void add_piece_result(struct text *text, const struct event *event, struct range piece)
{
	if (!event->result)
		text_add(text, "ok");
	else if (event->refusal != REFUSED_BY_KERNEL || piece.first > event->failed.first)
		text_add(text, "not tried");
	else if (piece.first < event->failed.first)
		text_add(text, "undone");
	else
		text_add_errno(text, event->failed_errno);
}

static void add_pieces(struct text *text, const struct event *event)
{
	struct dma_split walk = dma_split_start(event->holes, event->iova);
	struct dma_part part;
	size_t n = 0;

	text_add(text, ",\"pieces\":[");
	for (; dma_split_next_piece(&walk, &part); n++) {
		if (!text_fits(text, LIST_ITEM + TAIL))
			continue;
		text_add(text, "%s{\"iova\":\"", n ? "," : "");
		text_add_range(text, part.iova);
		text_add(text, "\",\"result\":\"");
		add_piece_result(text, event, part.iova);
		text_add(text, "\"}");
	}
	text_add(text, "],\"n_pieces\":%zu", n);
}

static void add_gaps(struct text *text, const struct event *event)
{
	struct dma_split walk = dma_split_start(event->holes, event->iova);
	struct dma_part part;
	size_t n = 0;

	text_add(text, ",\"gaps\":[");
	for (; dma_split_next_gap(&walk, &part); n++) {
		if (!text_fits(text, 64 + TAIL))
			continue;
		text_add(text, n ? ",\"" : "\"");
		text_add_range(text, part.iova);
		text_add(text, "\"");
	}
	text_add(text, "],\"n_gaps\":%zu", n);
}

static void add_refusal(struct text *text, const struct event *event)
{
	static const char *const reasons[] = {[REFUSED_BY_POLICY] = "policy",
		[REFUSED_TRANSLATED] = "viommu",
		[REFUSED_IN_USE] = "in-use",
		[REFUSED_NO_GUARD] = "no-guard",
		[REFUSED_BY_KERNEL] = "kernel",
		[REFUSED_OVERLAP] = "overlap"};

	if (event->refusal == REFUSED_NOT)
		return;
	text_add(text, ",\"reason\":\"%s\"", reasons[event->refusal]);
	if (!event->failed_errno)
		return;
	add_range(text, "failed", event->failed);
	text_add(text, ",\"failed_errno\":\"");
	text_add_errno(text, event->failed_errno);
	text_add(text, "\"");
}

static void add_map(struct text *text, const struct event *event, const struct describe_host *host)
{
	static const char *const kinds[] = {[MEMORY_RAM] = "ram",
		[MEMORY_TRANSLATED] = "viommu",
		[MEMORY_BAR] = "bar",
		[MEMORY_UNKNOWN] = "unknown"};
	static const char *const actions[] = {[VERDICT_PASS] = "pass",
		[VERDICT_OBSERVE] = "observe",
		[VERDICT_SPLIT] = "split",
		[VERDICT_SKIP] = "skip",
		[VERDICT_REFUSE] = "refuse"};
	bool planned = event->verdict == VERDICT_SPLIT;

	text_add(text, ",\"container\":%d,\"kind\":\"%s\",\"action\":\"%s\"", event->container->id,
		kinds[event->memory], actions[event->verdict]);
	add_range(text, "iova", event->iova);
	text_add(text, ",\"size\":%" PRIu64 ",\"vaddr\":\"0x%" PRIx64 "\",\"flags\":%" PRIu32,
		event->why ? event->why->asked : range_size(event->iova), event->vaddr,
		event->flags);
	text_add(text, ",\"guarded\":%s,\"unreachable\":%" PRIu64,
		event->guarded ? "true" : "false", dma_split_gap_bytes(event->holes, event->iova));
	add_result(text, event->result);
	add_refusal(text, event);
	add_holes(text, event, true);
	if (planned) {
		add_pieces(text, event);
		add_gaps(text, event);
	}
	describe_json_why(text, event, host);
}

static void add_guard(struct text *text, const struct event *event)
{
	struct range vaddr = {event->vaddr, event->vaddr + range_size(event->iova) - 1};

	text_add(text, ",\"container\":%d,\"set\":%s", event->container->id,
		event->set ? "true" : "false");
	add_range(text, "iova", event->iova);
	add_range(text, "vaddr", vaddr);
	text_add(text, ",\"size\":%" PRIu64, range_size(event->iova));
	if (event->set)
		text_add(text, ",\"given_back\":%" PRIu64, event->given_back);
}

static void add_container(struct text *text, const struct event *event)
{
	const struct container *container = event->container;

	text_add(text, ",\"container\":%d,\"page\":%" PRIu64 ",\"groups\":[", container->id,
		container->page);
	for (size_t i = 0; i < container->n_groups && text_fits(text, LIST_ITEM + TAIL); i++) {
		text_add(text, "%s{\"group\":%d,\"devices\":", i ? "," : "",
			container->groups[i].number);
		add_string(text, container->groups[i].devices);
		text_add(text, "}");
	}
	text_add(text, "],\"n_groups\":%zu", container->n_groups);
	add_holes(text, event, false);
}

void describe_json(struct text *text, const struct describe_stamp *stamp, const struct event *event,
	const struct describe_host *host)
{
	static const char *const names[] = {[EVENT_CONTAINER] = "container",
		[EVENT_MAP] = "map",
		[EVENT_UNMAP] = "unmap",
		[EVENT_GUARD] = "guard",
		[EVENT_FAULT] = "fault"};

	describe_json_begin(text, stamp, names[event->kind]);
	switch (event->kind) {
	case EVENT_CONTAINER:
		add_container(text, event);
		break;
	case EVENT_MAP:
		add_map(text, event, host);
		break;
	case EVENT_UNMAP:
		text_add(text, ",\"container\":%d", event->container->id);
		add_range(text, "iova", event->iova);
		text_add(text,
			",\"flags\":%" PRIu32 ",\"size\":%" PRIu64 ",\"kernel_size\":%" PRIu64,
			event->flags, event->reported, event->kernel_bytes);
		break;
	case EVENT_GUARD:
		add_guard(text, event);
		break;
	case EVENT_FAULT:
		if (event->container) {
			text_add(text, ",\"container\":%d", event->container->id);
			add_range(text, "iova", event->iova);
		}
		text_add(text, ",\"what\":");
		add_string(text, event->what);
		add_result(text, event->result);
		break;
	}
	text_add(text, "}");
}
