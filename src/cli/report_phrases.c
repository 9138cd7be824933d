/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of a report that several of its renderers use. */
#include "report_render.h"

#include <inttypes.h>
#include <string.h>

int64_t report_begin(const struct report *report)
{
	int64_t begin = INT64_MAX;

	for (size_t i = 0; i < report->n_processes; i++)
		if (report->processes[i].first < begin)
			begin = report->processes[i].first;
	return report->n_processes ? begin : 0;
}

static int64_t end_of(const struct report *report)
{
	int64_t end = 0;

	for (size_t i = 0; i < report->n_processes; i++)
		if (report->processes[i].last > end)
			end = report->processes[i].last;
	return end;
}

/* "+16.1 s" without its sign. */
const char *report_title(struct report *report)
{
	size_t events = 0, files = report->n_sources;
	int64_t begin = report_begin(report);
	const char *what;

	for (size_t i = 0; i < files; i++)
		events += report->sources[i].events;
	what = files == 1 ? report->sources[0].name
			  : report_words(report, "%s and %s",
				    files ? report->sources[0].name : "nothing",
				    report_plural(report, files - 1, "other log", "other logs"));
	return report_words(report, "%s: %s of %s, from %s, over %s", what,
		report_plural(report, events, "event", "events"),
		report_plural(report, report->n_processes, "process", "processes"),
		report_day(report, begin), report_since(report, begin, end_of(report)) + 1);
}

const char *report_head(struct report *report, const struct report_process *process)
{
	if (!process->version)
		return report_words(report, "pid %" PRId64 "; no start line: %s", process->pid,
			process->awaits_start ? "it opened no VFIO container"
					      : "a child made by fork, or the log began later");
	return report_words(report,
		"pid %" PRId64 "; kernel %s%s%s; iovashim %s; policy %s, mode %s, guard %s",
		process->pid, process->kernel ? process->kernel : "unknown",
		process->cpu && *process->cpu ? ", " : "", process->cpu ? process->cpu : "",
		process->version, process->policy ? process->policy : "unknown",
		process->mode ? process->mode : "unknown", process->guard ? "on" : "off");
}

static const char *add(
	struct report *report, const char *words, size_t n, const char *one, const char *many)
{
	if (!n)
		return words;
	return report_words(
		report, "%s%s%s", words, *words ? ", " : "", report_plural(report, n, one, many));
}

const char *report_totals(struct report *report, const struct report_process *process)
{
	const struct report_totals *t = &process->totals;
	const char *words = "";

	if (t->splits)
		words = report_words(report, "%s (%s)",
			report_plural(report, t->splits, "mapping split", "mappings split"),
			report_plural(report, t->pieces, "piece", "pieces"));
	words = add(report, words, t->skips, "left out", "left out");
	words = add(report, words, t->observed, "passed on over reserved addresses",
		"passed on over reserved addresses");
	words = add(report, words, t->failed, "failed", "failed");
	words = add(report, words, t->unmaps, "unmapped", "unmapped");
	words = add(report, words, t->guards_set, "guard set", "guards set");
	words = add(report, words, t->guards_lifted, "lifted", "lifted");
	words = add(report, words, t->hits, "use of guarded memory", "uses of guarded memory");
	words = add(
		report, words, t->faults, "fault of iovashim's own", "faults of iovashim's own");
	if (t->given_back)
		words = report_words(report, "%s; %s of zero pages given back to the host", words,
			report_size(report, t->given_back));
	return *words ? words : "nothing was changed";
}

const char *report_repeats(struct report *report, const struct report_entry *entry)
{
	if (entry->count < 2)
		return "";
	return report_words(report, "%zu times, last %s", entry->count,
		report_since(report, report_begin(report), entry->last));
}

const char *report_state(struct report *report, const struct report_mapping *mapping, int64_t from)
{
	const char *times = mapping->times > 1
				    ? report_words(report, "; asked for %zu times", mapping->times)
				    : "";
	const char *since = report_since(report, from, mapping->since), *state;

	if (!mapping->ok)
		return report_words(
			report, "not mapped (%s) at %s%s", mapping->result, since, times);
	if (mapping->action == ACTION_SKIP)
		state = "left out";
	else if (mapping->n_pieces)
		state = report_words(report, "mapped in %s",
			report_plural(report, mapping->n_pieces, "piece", "pieces"));
	else
		state = "mapped";
	if (mapping->gone)
		return report_words(report, "%s at %s, %s at %s%s", state, since, mapping->how_gone,
			report_since(report, from, mapping->until), times);
	return report_words(report, "%s at %s, still there%s", state, since, times);
}

const char *report_severity(enum severity severity)
{
	static const char *const names[] = {[PLAIN] = "plain",
		[GOOD] = "good",
		[NOTE] = "note",
		[WARN] = "warning",
		[BAD] = "bad"};

	return names[severity];
}
