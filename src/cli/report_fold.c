/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Repeats folded into one with a count, and the entries of all processes merged by their time. */
#include "report.h"

#include <string.h>

/* Guard, map, lift, unmap, again and again: runs of so many entries are looked for. */
enum { LONGEST_RUN = 8 };

static bool same(
	const struct report *report, const struct report_process *process, size_t a, size_t b)
{
	const struct report_entry *x = &report->entries[process->entries[a]],
				  *y = &report->entries[process->entries[b]];

	return !strcmp(x->key, y->key);
}

/* How often the @run entries at @at stand there one after the other. */
static size_t repeats(
	const struct report *report, const struct report_process *process, size_t at, size_t run)
{
	size_t n = at + run;

	while (n < process->n_entries && same(report, process, n - run, n))
		n++;
	return (n - at) / run;
}

/* The run at @at that folds most away; its length is 1 if there is none. */
static size_t best_run(
	const struct report *report, const struct report_process *process, size_t at, size_t *times)
{
	size_t best = 1, saved = 0;

	*times = 1;
	for (size_t run = 1; run <= LONGEST_RUN; run++) {
		size_t n = repeats(report, process, at, run);

		if (n < 2 || (n - 1) * run <= saved)
			continue;
		saved = (n - 1) * run;
		best = run;
		*times = n;
	}
	return best;
}

static void fold_process(struct report *report, struct report_process *process)
{
	size_t kept = 0;

	for (size_t at = 0, times, run; at < process->n_entries; at += run * times) {
		run = best_run(report, process, at, &times);
		for (size_t i = 0; i < run; i++) {
			size_t first = process->entries[at + i];
			size_t last = process->entries[at + i + (times - 1) * run];

			report->entries[first].count = times;
			report->entries[first].last = report->entries[last].time;
			process->entries[kept++] = first;
		}
	}
	process->n_entries = kept;
}

/* Of those that come next in their processes; NULL after the last. */
static const struct report_entry *earliest(const struct report *report, const size_t *next)
{
	const struct report_entry *first = NULL;

	for (size_t i = 0; i < report->n_processes; i++) {
		const struct report_process *process = &report->processes[i];
		const struct report_entry *entry;

		if (next[i] >= process->n_entries)
			continue;
		entry = &report->entries[process->entries[next[i]]];
		if (!first || entry->time < first->time)
			first = entry;
	}
	return first;
}

/* A process's entries stay in their order, whatever its clock did. */
static void merge(struct report *report)
{
	size_t n = 0, *next = report_alloc(report, report->n_processes * sizeof(*next));
	const struct report_entry *first;
	struct report_entry *merged;

	for (size_t i = 0; i < report->n_processes; i++)
		n += report->processes[i].n_entries;
	merged = report_alloc(report, n * sizeof(*merged));
	for (size_t k = 0; (first = earliest(report, next)) != NULL; k++) {
		merged[k] = *first;
		next[first->process]++;
	}
	report->entries = merged;
	report->n_entries = n;
}

void report_fold(struct report *report)
{
	for (size_t i = 0; i < report->n_processes; i++)
		fold_process(report, &report->processes[i]);
	merge(report);
}
