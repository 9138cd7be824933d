/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report for terminals: what came of it first, then the picture, then how it went. */
#include "report_render.h"

#include <inttypes.h>
#include <string.h>

struct page {
	const struct screen *screen;
	struct report *report;
	int64_t begin;
	size_t who; /* columns of the processes' numbers in the timeline; 0: there is but one */
};

static enum style style_of(enum severity severity)
{
	static const enum style styles[] = {[PLAIN] = STYLE_PLAIN,
		[GOOD] = STYLE_GOOD,
		[NOTE] = STYLE_NOTE,
		[WARN] = STYLE_WARN,
		[BAD] = STYLE_BAD};

	return styles[severity];
}

/* Told without colour too. */
static const char *mark_of(enum severity severity)
{
	static const char *const marks[] = {[PLAIN] = " ",
		[GOOD] = "\u2713",
		[NOTE] = "\u00b7",
		[WARN] = "!",
		[BAD] = "\u2715"};

	return marks[severity];
}

static void print_mark(const struct page *page, enum severity severity)
{
	screen_style(page->screen, style_of(severity));
	screen_put(page->screen, mark_of(severity));
	fputc(' ', page->screen->to);
	screen_style(page->screen, severity >= WARN ? style_of(severity) : STYLE_PLAIN);
}

static void heading(const struct page *page, const char *text)
{
	fputc('\n', page->screen->to);
	screen_style(page->screen, STYLE_BOLD);
	screen_wrap(page->screen, text, 0, 0);
	screen_style(page->screen, STYLE_PLAIN);
}

static void line(const struct page *page, size_t indent, const char *text)
{
	fprintf(page->screen->to, "%*s", (int)indent, "");
	screen_wrap(page->screen, text, indent, indent + 2);
}

/* Not wrapped: what is to be pasted stays whole. */
static void print_advice(const struct page *page, const struct report_process *process)
{
	if (!process->n_advice)
		return;
	fputc('\n', page->screen->to);
	line(page, 0, "What to change:");
	for (size_t i = 0; i < process->n_advice; i++) {
		fputs("  ", page->screen->to);
		screen_put(page->screen, process->advice[i]);
		fputc('\n', page->screen->to);
	}
}

static void print_hole(const struct page *page, const struct report_hole *hole)
{
	struct report *report = page->report;

	screen_style(page->screen, hole->by_host ? STYLE_HOLE : STYLE_POLICY);
	fprintf(page->screen->to, "  %-4s ", hole->label);
	screen_style(page->screen, STYLE_PLAIN);
	screen_wrap(page->screen,
		report_words(report, "%s  %s%s", report_sized(report, hole->range), hole->owners,
			hole->now ? "" : "; no longer"),
		7, 9);
}

static void print_mapping(const struct page *page, const struct report_mapping *mapping)
{
	struct report *report = page->report;
	const char *out = "";

	if (mapping->ok && mapping->unreachable)
		out = report_words(report, "; %s cut off, %s",
			report_size(report, mapping->unreachable),
			mapping->guarded ? "guarded" : "NOT guarded");
	screen_style(page->screen, mapping->kind == KIND_BAR ? STYLE_BAR : STYLE_RAM);
	fprintf(page->screen->to, "  %-4s ", mapping->label);
	screen_style(page->screen, STYLE_PLAIN);
	screen_wrap(page->screen,
		report_words(report, "%s  %s: %s%s", report_sized(report, mapping->iova),
			report_memory(mapping), report_state(report, mapping, page->begin), out),
		7, 9);
}

static void print_space(const struct page *page, const struct layout *layout)
{
	struct report *report = page->report;
	const struct report_space *space = layout->space;

	fputc('\n', page->screen->to);
	line(page, 0,
		report_words(report, "Addresses of %s%s%s", layout->containers,
			*space->groups ? ": " : "", space->groups));
	if (!layout->n_bands) {
		line(page, 2, "nothing reserved, nothing mapped that is in the log");
		return;
	}
	fputc('\n', page->screen->to);
	report_picture(page->screen, report, layout);
	fputc('\n', page->screen->to);
	for (size_t i = 0; i < space->n_mappings; i++)
		print_mapping(page, &space->mappings[i]);
	for (size_t i = 0; i < space->n_holes; i++)
		print_hole(page, &space->holes[i]);
	if (space->holes_missing)
		line(page, 2,
			report_words(report, "and %s more: the list is cut in the log",
				report_plural(report, space->holes_missing, "reserved range",
					"reserved ranges")));
	if (space->mappings_left_out)
		line(page, 2,
			report_words(report, "and %s more",
				report_plural(
					report, space->mappings_left_out, "mapping", "mappings")));
}

static void print_process(const struct page *page, size_t index)
{
	struct report *report = page->report;
	const struct report_process *process = &report->processes[index];
	struct layout *layouts;
	size_t n;

	heading(page, page->who ? report_words(report, "%zu  %s", index + 1, process->name)
				: process->name);
	line(page, 2, report_head(report, process));
	line(page, 2, report_totals(report, process));
	for (size_t i = 0; i < process->n_verdicts; i++) {
		print_mark(page, process->verdicts[i].severity);
		screen_wrap(page->screen, process->verdicts[i].text, 2, 2);
		screen_style(page->screen, STYLE_PLAIN);
	}
	print_advice(page, process);
	layouts = report_layouts(report, index, &n);
	for (size_t i = 0; i < n; i++)
		print_space(page, &layouts[i]);
}

static void print_entry(const struct page *page, const struct report_entry *entry)
{
	struct report *report = page->report;
	const char *repeats = report_repeats(report, entry);
	size_t at = 28;

	screen_style(page->screen, STYLE_DIM);
	fprintf(page->screen->to, "%s %12s ", report_clock(report, entry->time),
		report_since(report, page->begin, entry->time));
	screen_style(page->screen, STYLE_PLAIN);
	if (page->who) {
		fprintf(page->screen->to, "%*zu ", (int)page->who, entry->process + 1);
		at += page->who + 1;
	}
	print_mark(page, entry->severity);
	screen_wrap(page->screen,
		report_words(report, "%s%s%s%s%s%s", entry->asked, *entry->done ? ": " : "",
			entry->done, *repeats ? " [" : "", repeats, *repeats ? "]" : ""),
		at, at);
	screen_style(page->screen, STYLE_PLAIN);
	for (size_t i = entry->n_changes; i < entry->n_details; i++) {
		fprintf(page->screen->to, "%*s", (int)at, "");
		screen_wrap(page->screen, entry->details[i], at, at + 2);
	}
}

static void print_timeline(const struct page *page)
{
	struct report *report = page->report;
	const char *day = "";

	heading(page, "Timeline");
	for (size_t i = 0; i < report->n_entries; i++) {
		const char *now = report_day(report, report->entries[i].time);

		if (strncmp(now, day, 10) != 0) {
			day = now;
			fprintf(page->screen->to, "%.10s\n", day);
		}
		print_entry(page, &report->entries[i]);
	}
}

static void print_problems(const struct page *page)
{
	struct report *report = page->report;

	if (!report->n_problems)
		return;
	heading(page, "What could not be read");
	for (size_t i = 0; i < report->n_problems; i++) {
		const struct report_problem *problem = &report->problems[i];

		line(page, 2,
			problem->line
				? report_words(report, "%s:%zu: %s", problem->source, problem->line,
					  problem->what)
				: report_words(report, "%s: %s", problem->source, problem->what));
	}
}

void report_text(const struct screen *screen, struct report *report)
{
	struct page page = {.screen = screen, .report = report, .begin = report_begin(report)};

	if (report->n_processes > 1)
		page.who = strlen(report_words(report, "%zu", report->n_processes));
	screen_style(screen, STYLE_BOLD);
	screen_wrap(screen, report_title(report), 0, 2);
	screen_style(screen, STYLE_PLAIN);
	for (size_t i = 0; i < report->n_processes; i++)
		print_process(&page, i);
	if (report->n_entries)
		print_timeline(&page);
	print_problems(&page);
	if (report->n_entries) {
		fputc('\n', screen->to);
		screen_wrap(screen,
			"The log has mappings that touch reserved addresses, or that failed; other "
			"memory is not in these pictures. Both ends of a range are inclusive.",
			0, 0);
	}
}
