/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report as JSON: what the other renderers draw, for programs. */
#include "report_render.h"
#include "text.h"

#include <stdlib.h>

/* json_pack() returns NULL without memory, or for text that is not UTF-8, of which there is none.
 */
static json_t *checked(json_t *value)
{
	if (value)
		return value;
	fputs("iovashim report: out of memory\n", stderr);
	_Exit(125);
}

static json_t *range_json(struct range range)
{
	char room[64];
	struct text text = text_start(room, sizeof(room));

	text_add_range(&text, range);
	return checked(json_string(room));
}

static json_t *ranges_json(const struct range *ranges, size_t n)
{
	json_t *list = checked(json_array());

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, range_json(ranges[i]));
	return list;
}

/* As in the log: seconds since 1970. */
static json_t *time_json(int64_t time)
{
	return checked(json_real((double)time / 1e6));
}

/* Jansson's integers end at 2^63. */
static json_t *size_json(uint64_t bytes)
{
	if (bytes && bytes <= INT64_MAX)
		return checked(json_integer((json_int_t)bytes));
	return checked(json_real(bytes ? (double)bytes : 18446744073709551616.0));
}

static json_t *sources_json(const struct report *report)
{
	json_t *list = checked(json_array());

	for (size_t i = 0; i < report->n_sources; i++) {
		const struct report_source *source = &report->sources[i];

		json_array_append_new(list,
			checked(json_pack("{s:s, s:I, s:I, s:I}", "name", source->name, "lines",
				(json_int_t)source->lines, "events", (json_int_t)source->events,
				"unread", (json_int_t)source->unread)));
	}
	return list;
}

static json_t *problems_json(const struct report *report)
{
	json_t *list = checked(json_array());

	for (size_t i = 0; i < report->n_problems; i++) {
		const struct report_problem *problem = &report->problems[i];

		json_array_append_new(
			list, checked(json_pack("{s:s, s:I, s:s}", "source", problem->source,
				      "line", (json_int_t)problem->line, "what", problem->what)));
	}
	return list;
}

static json_t *hole_json(const struct report_hole *hole)
{
	return checked(json_pack("{s:s, s:o, s:o, s:s, s:s, s:b, s:b}", "label", hole->label,
		"range", range_json(hole->range), "size", size_json(range_size(hole->range)),
		"brief", hole->brief, "owners", hole->owners, "by_host", hole->by_host, "now",
		hole->now));
}

static json_t *mapping_json(const struct report_mapping *mapping)
{
	static const char *const kinds[] = {[KIND_RAM] = "ram",
		[KIND_VIOMMU] = "viommu",
		[KIND_BAR] = "bar",
		[KIND_OTHER] = "other"};
	static const char *const actions[] = {[ACTION_SPLIT] = "split",
		[ACTION_SKIP] = "skip",
		[ACTION_REFUSE] = "refuse",
		[ACTION_OBSERVE] = "observe",
		[ACTION_PASS] = "pass",
		[ACTION_OTHER] = "other"};
	json_t *object = checked(json_pack(
		"{s:s, s:o, s:o, s:s, s:s, s:s, s:b, s:b, s:o, s:I, s:o, "
		"s:o, s:o}",
		"label", mapping->label, "iova", range_json(mapping->iova), "size",
		size_json(range_size(mapping->iova)), "kind", kinds[mapping->kind], "action",
		actions[mapping->action], "result", mapping->result, "guarded", mapping->guarded,
		"live", mapping->ok && !mapping->gone, "since", time_json(mapping->since), "times",
		(json_int_t)mapping->times, "unreachable",
		mapping->unreachable ? size_json(mapping->unreachable) : checked(json_integer(0)),
		"pieces", ranges_json(mapping->pieces, mapping->n_pieces), "gaps",
		ranges_json(mapping->gaps, mapping->n_gaps)));

	if (mapping->cause != CAUSE_NONE)
		json_object_set_new(
			object, "cause", checked(json_string(diagnosis_word(mapping->cause))));
	if (mapping->what)
		json_object_set_new(object, "what", checked(json_string(mapping->what)));
	if (mapping->gone) {
		json_object_set_new(object, "until", time_json(mapping->until));
		json_object_set_new(object, "how_gone", checked(json_string(mapping->how_gone)));
	}
	return object;
}

static json_t *space_json(const struct report_space *space)
{
	json_t *holes = checked(json_array()), *mappings = checked(json_array());
	json_t *guards = checked(json_array());

	for (size_t i = 0; i < space->n_holes; i++)
		json_array_append_new(holes, hole_json(&space->holes[i]));
	for (size_t i = 0; i < space->n_mappings; i++)
		json_array_append_new(mappings, mapping_json(&space->mappings[i]));
	for (size_t i = 0; i < space->n_guards; i++)
		if (space->guards[i].in_force)
			json_array_append_new(guards, range_json(space->guards[i].iova));
	return checked(json_pack("{s:I, s:I, s:s, s:o, s:I, s:o, s:I, s:o}", "container",
		(json_int_t)space->container, "page", (json_int_t)space->page, "groups",
		space->groups, "holes", holes, "holes_missing", (json_int_t)space->holes_missing,
		"mappings", mappings, "mappings_left_out", (json_int_t)space->mappings_left_out,
		"guards_in_force", guards));
}

static json_t *totals_json(const struct report_totals *t)
{
	return checked(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"splits", (json_int_t)t->splits, "pieces", (json_int_t)t->pieces, "skips",
		(json_int_t)t->skips, "refusals", (json_int_t)t->refusals, "observed",
		(json_int_t)t->observed, "failed", (json_int_t)t->failed, "unmaps",
		(json_int_t)t->unmaps, "guards_set", (json_int_t)t->guards_set, "guards_lifted",
		(json_int_t)t->guards_lifted, "faults", (json_int_t)t->faults, "guard_hits",
		(json_int_t)t->hits, "given_back", (json_int_t)t->given_back));
}

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, checked(json_string(text)));
}

static json_t *process_json(const struct report *report, size_t index)
{
	const struct report_process *process = &report->processes[index];
	json_t *verdicts = checked(json_array()), *advice = checked(json_array());
	json_t *containers = checked(json_array()), *object;

	for (size_t i = 0; i < process->n_verdicts; i++)
		json_array_append_new(
			verdicts, checked(json_pack("{s:s, s:s}", "severity",
					  report_severity(process->verdicts[i].severity), "text",
					  process->verdicts[i].text)));
	for (size_t i = 0; i < process->n_advice; i++)
		json_array_append_new(advice, checked(json_string(process->advice[i])));
	for (size_t i = 0; i < report->n_spaces; i++)
		if (report->spaces[i].process == index)
			json_array_append_new(containers, space_json(&report->spaces[i]));
	object = checked(json_pack("{s:I, s:I, s:s, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o}",
		"process", (json_int_t)index + 1, "pid", (json_int_t)process->pid, "name",
		process->name, "first", time_json(process->first), "last", time_json(process->last),
		"started", process->version != NULL, "ended", process->ended, "totals",
		totals_json(&process->totals), "verdicts", verdicts, "advice", advice, "containers",
		containers));
	set_text(object, "vmm", process->vmm);
	set_text(object, "version", process->version);
	set_text(object, "kernel", process->kernel);
	set_text(object, "cpu", process->cpu);
	set_text(object, "policy", process->policy);
	set_text(object, "mode", process->mode);
	set_text(object, "memmap", process->memmap);
	return object;
}

static json_t *entry_json(const struct report *report, const struct report_entry *entry)
{
	json_t *details = checked(json_array());

	for (size_t i = 0; i < entry->n_details; i++)
		json_array_append_new(details, checked(json_string(entry->details[i])));
	return checked(json_pack("{s:o, s:o, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:o, s:s, s:I}",
		"time", time_json(entry->time), "last", time_json(entry->last), "count",
		(json_int_t)entry->count, "process", (json_int_t)entry->process + 1, "container",
		(json_int_t)entry->container, "event", entry->event, "asked", entry->asked, "done",
		entry->done, "severity", report_severity(entry->severity), "details", details,
		"source", report->sources[entry->source].name, "line", (json_int_t)entry->line));
}

void report_json(FILE *to, struct report *report)
{
	json_t *processes = checked(json_array()), *timeline = checked(json_array()), *all;

	for (size_t i = 0; i < report->n_processes; i++)
		json_array_append_new(processes, process_json(report, i));
	for (size_t i = 0; i < report->n_entries; i++)
		json_array_append_new(timeline, entry_json(report, &report->entries[i]));
	all = checked(json_pack("{s:i, s:o, s:o, s:o, s:o}", "report", 1, "sources",
		sources_json(report), "problems", problems_json(report), "processes", processes,
		"timeline", timeline));
	json_dumpf(all, to, JSON_INDENT(2) | JSON_REAL_PRECISION(16));
	fputc('\n', to);
	json_decref(all);
}
