/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came of a process, and what to do: the first lines that somebody in a hurry reads. */
#include "report.h"
#include "advice.h"

#include <string.h>

/* As in the library's own summary (journal.c). */
enum { MOST_GAPS = 32 };

struct judging {
	struct report *report;
	struct report_process *process;
	size_t index;
	struct range gaps[MOST_GAPS]; /* of guest RAM, as it is mapped: disjoint, ascending */
	size_t n_gaps;
	struct range ram, hole; /* the largest that crossed one, as in struct advice */
	uint64_t ram_size;
	enum cause cause; /* of that */
	bool cut;	  /* a list of gaps in the log is not whole */
	bool told;	  /* the guest, of all of them, by its firmware */
};

static void add(struct judging *j, enum severity severity, const char *text)
{
	*REPORT_PUSH(j->report, j->process->verdicts, j->process->n_verdicts) =
		(struct report_verdict){severity, text};
}

static void add_advice(void *context, const char *line)
{
	struct judging *j = context;

	*REPORT_PUSH(j->report, j->process->advice, j->process->n_advice) =
		report_clean(j->report, line);
}

/* @gap joins the list, which stays disjoint and ascending. What finds no room is left out. */
static void add_gap(struct judging *j, struct range gap)
{
	size_t at = 0, end;

	while (at < j->n_gaps && j->gaps[at].last < gap.first)
		at++;
	for (end = at; end < j->n_gaps && j->gaps[end].first <= gap.last; end++) {
		if (j->gaps[end].first < gap.first)
			gap.first = j->gaps[end].first;
		if (j->gaps[end].last > gap.last)
			gap.last = j->gaps[end].last;
	}
	if (at == end && j->n_gaps == MOST_GAPS)
		return;
	memmove(&j->gaps[at + 1], &j->gaps[end], (j->n_gaps - end) * sizeof(j->gaps[0]));
	j->n_gaps = j->n_gaps + 1 - (end - at);
	j->gaps[at] = gap;
}

/* What the advice is about: the largest RAM that touches a hole. */
static void weigh(struct judging *j, const struct report_mapping *mapping)
{
	uint64_t size = range_size(mapping->iova);

	if (mapping->kind != KIND_RAM || !mapping->n_holes || size <= j->ram_size ||
		mapping->n_changes)
		return;
	j->cause = mapping->cause ? mapping->cause : CAUSE_RESERVED;
	j->ram_size = size;
	j->ram = mapping->iova;
	j->hole = mapping->holes[0];
}

/* PLAIN: nothing to say of it. */
static enum severity severity_of(const struct report_mapping *mapping)
{
	bool bar = mapping->kind == KIND_BAR;

	if (!mapping->ok)
		return mapping->failure;
	if (mapping->action == ACTION_OBSERVE)
		return bar ? NOTE : BAD;
	if (bar || mapping->action == ACTION_OTHER || !mapping->unreachable)
		return PLAIN;
	return mapping->guarded ? GOOD : WARN;
}

static const char *words_of(struct report *report, const struct report_mapping *mapping)
{
	const char *kind = report_memory(mapping);
	const char *range = report_sized(report, mapping->iova);

	if (!mapping->ok)
		return report_words(report, "%s at %s was not mapped: the VMM got %s%s%s", kind,
			range, mapping->result, mapping->why ? "; " : "",
			mapping->why ? mapping->why : "");
	if (mapping->action == ACTION_OBSERVE)
		return report_words(report,
			"%s at %s lies over reserved addresses, and the kernel took it: devices "
			"that use those fail or lose data",
			kind, range);
	return report_words(report, "%s at %s: %s of it is cut off from devices, %s%s", kind, range,
		report_size(report, mapping->unreachable),
		mapping->guarded ? "guarded: a guest that uses that is stopped"
				 : "NOT guarded: a guest that uses that for DMA reads wrong data",
		mapping->gone ? report_words(report, " (%s since)", mapping->how_gone) : "");
}

static void weigh_all(struct judging *j)
{
	for (size_t i = 0; i < j->report->n_spaces; i++) {
		const struct report_space *space = &j->report->spaces[i];

		for (size_t k = 0; space->process == j->index && k < space->n_mappings; k++) {
			const struct report_mapping *mapping = &space->mappings[k];

			weigh(j, mapping);
			j->cut |= mapping->cut;
			if (!mapping->ok || mapping->kind != KIND_RAM)
				continue;
			if (mapping->action == ACTION_SKIP)
				add_gap(j, mapping->iova);
			for (size_t g = 0; g < mapping->n_gaps; g++)
				add_gap(j, mapping->gaps[g]);
		}
	}
}

/* Adds those of @severity until *@room is used up; returns how many more there are. */
static size_t judge_mappings(struct judging *j, enum severity severity, size_t *room)
{
	size_t left_out = 0;

	for (size_t i = 0; i < j->report->n_spaces; i++) {
		const struct report_space *space = &j->report->spaces[i];

		for (size_t k = 0; space->process == j->index && k < space->n_mappings; k++) {
			if (severity_of(&space->mappings[k]) != severity)
				continue;
			if (!*room) {
				left_out++;
				continue;
			}
			(*room)--;
			add(j, severity, words_of(j->report, &space->mappings[k]));
		}
	}
	return left_out;
}

/* Of many, the worst. */
static void judge_spaces(struct judging *j)
{
	size_t room = 8, left_out = 0;

	weigh_all(j);
	for (int severity = BAD; severity > PLAIN; severity--)
		left_out += judge_mappings(j, (enum severity)severity, &room);
	for (size_t i = 0; i < j->report->n_spaces; i++)
		if (j->report->spaces[i].process == j->index)
			left_out += j->report->spaces[i].mappings_left_out;
	if (left_out)
		add(j, NOTE,
			report_words(j->report, "%s more: see the ranges and the timeline",
				report_plural(j->report, left_out, "mapping", "mappings")));
}

/* Whether the guest was told when it last started; once all gaps are known. */
static void judge_rom(struct judging *j)
{
	const struct report_rom *rom = &j->process->rom;

	j->told = rom->state == ROM_TOLD && !j->cut && report_rom_keeps(rom, j->gaps, j->n_gaps);
	if (rom->state == ROM_NOT_TOLD)
		add(j, BAD,
			report_words(
				j->report, "the guest was NOT told of its holes: %s", rom->words));
	else if (rom->state == ROM_SILENT)
		add(j, WARN,
			report_words(j->report,
				"the guest was not told of its holes, as far as can be seen: no "
				"ROM reported (%s)",
				rom->words));
	else if (rom->state == ROM_TOLD && !j->told)
		add(j, WARN,
			"the guest was told of other holes than those that its memory was cut at: "
			"look at the timeline");
	else if (j->told)
		add(j, GOOD,
			report_words(j->report, "the guest was told of its holes: %s", rom->words));
}

/* What is as bad keeps its order. */
static void worst_first(struct report_verdict *verdicts, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct report_verdict moved = verdicts[i];
		size_t at = i;

		for (; at && verdicts[at - 1].severity < moved.severity; at--)
			verdicts[at] = verdicts[at - 1];
		verdicts[at] = moved;
	}
}

static bool was_given(const struct report_process *process, const char *line)
{
	for (size_t i = 0; i < process->n_advice; i++)
		if (!strcmp(process->advice[i], line))
			return true;
	return false;
}

/* For what failed, the log has its own advice, made where more was known. */
static void advise_failed(struct judging *j, const struct report_mapping *mapping)
{
	bool headed = false;

	for (size_t i = 0; i < mapping->n_changes; i++) {
		const char *line = report_words(j->report, "  %s", mapping->changes[i]);

		if (was_given(j->process, line))
			continue;
		if (!headed)
			add_advice(j,
				report_words(j->report, "for %s at %s%s:", report_memory(mapping),
					report_sized(j->report, mapping->iova),
					mapping->n_changes > 1 ? ", any one of these" : ""));
		headed = true;
		add_advice(j, line);
	}
}

/* Of those that failed as @severity. */
static void advise_spaces(struct judging *j, enum severity severity)
{
	enum { MOST_LINES = 100 };

	for (size_t i = 0; i < j->report->n_spaces; i++) {
		const struct report_space *space = &j->report->spaces[i];

		for (size_t k = 0; space->process == j->index && k < space->n_mappings; k++) {
			if (space->mappings[k].ok || space->mappings[k].failure != severity)
				continue;
			if (j->process->n_advice < MOST_LINES)
				advise_failed(j, &space->mappings[k]);
		}
	}
}

/* Only what the log has no advice for of its own is thought about again here; the VMM's arguments
 * are not in the log. */
static void advise(struct judging *j)
{
	struct advice advice = {.gaps = j->gaps,
		.n_gaps = j->n_gaps,
		.ram = j->ram,
		.hole = j->hole,
		.vmm = j->process->vmm ? j->process->vmm : "",
		.cause = j->cause};

	if (j->cut && j->process->memmap && !j->told)
		add_advice(j, report_words(j->report, "Linux guest, kernel command line:  %s",
				      j->process->memmap));
	if (j->ram_size && !j->told)
		advice_give(&advice, add_advice, j);
	for (int severity = BAD; severity > PLAIN; severity--)
		advise_spaces(j, (enum severity)severity);
}

static bool agrees(const struct report_process *process, const char *key, size_t counted)
{
	return report_number_field(process->summary, key, (int64_t)counted) == (int64_t)counted;
}

static bool counts_agree(const struct report_process *process)
{
	const struct report_totals *totals = &process->totals;

	return agrees(process, "splits", totals->splits) &&
	       agrees(process, "pieces", totals->pieces) &&
	       agrees(process, "skips", totals->skips) &&
	       agrees(process, "refusals", totals->refusals) &&
	       agrees(process, "observed", totals->observed);
}

static bool nothing_touched(const struct report_totals *totals)
{
	return !totals->splits && !totals->skips && !totals->observed && !totals->failed &&
	       !totals->guards_set;
}

void report_judge(struct report *report, size_t index)
{
	struct report_process *process = &report->processes[index];
	struct judging *j = report_alloc(report, sizeof(*j));

	*j = (struct judging){.report = report, .process = process, .index = index};
	if (process->hit_by_guest)
		add(j, BAD,
			"the guest used guarded memory and was stopped: it was not told to keep "
			"off "
			"the reserved range. No data was corrupted");
	if (process->hit_by_vmm)
		add(j, BAD, "the VMM itself used guarded memory and got SIGSEGV");
	judge_spaces(j);
	judge_rom(j);
	if (process->totals.faults)
		add(j, WARN,
			report_words(report,
				"iovashim itself failed at something %s: see the timeline",
				report_plural(report, process->totals.faults, "time", "times")));
	if (!process->n_verdicts && nothing_touched(&process->totals))
		add(j, GOOD, "no mapping that is in the log touched a reserved range");
	if (process->summary && !counts_agree(process))
		add(j, NOTE,
			"the process's own summary counts other than this log has: the log is not "
			"whole");
	if (!process->ended)
		add(j, NOTE,
			"no summary line: it still runs, was killed, became another program, or "
			"the "
			"log is cut");
	worst_first(process->verdicts, process->n_verdicts);
	advise(j);
}
