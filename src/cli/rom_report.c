/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the reservation ROM says at its port, line by line. */
#include "rom_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char start[] = "iovashim-rom: ";

/* What follows @word and a blank in @line, or NULL. */
static const char *after(const char *line, const char *word)
{
	size_t length = strlen(word);

	return !strncmp(line, word, length) && line[length] == ' ' ? line + length + 1 : NULL;
}

/* Of a guest's bytes only those that a terminal shows as they are. */
static void copy(char *to, size_t room, const char *from)
{
	size_t n = 0;

	for (; n + 1 < room && from[n]; n++)
		to[n] = from[n] >= ' ' && from[n] <= '~' ? from[n] : '?';
	to[n] = '\0';
}

static void take_hole(struct rom_report *report, const char *words)
{
	struct rom_hole hole;
	const char *why;
	int end = 0;

	if (report->n_holes == ROM_REPORT_HOLES ||
		sscanf(words, "0x%16" SCNx64 "-0x%16" SCNx64 " %n", &hole.range.first,
			&hole.range.last, &end) != 2 ||
		!end || hole.range.first > hole.range.last)
		return;
	words += end;
	why = after(words, "not-reserved");
	hole.state = why			  ? ROM_HOLE_LEFT
		     : !strcmp(words, "reserved") ? ROM_HOLE_RESERVED
						  : ROM_HOLE_EMPTY;
	if (hole.state == ROM_HOLE_EMPTY && strcmp(words, "empty") != 0)
		return;
	copy(hole.why, sizeof(hole.why), why ? why : "");
	report->holes[report->n_holes++] = hole;
}

static enum rom_line take_done(struct rom_report *report, const char *words)
{
	unsigned int done, of;

	if (sscanf(words, "%4u of %4u", &done, &of) != 2)
		return ROM_LINE_OTHER;
	report->done = done;
	report->of = of;
	return ROM_LINE_DONE;
}

enum rom_line rom_report_take(struct rom_report *report, const char *line)
{
	const char *words;

	if (strncmp(line, start, sizeof(start) - 1) != 0)
		return ROM_LINE_OTHER;
	line += sizeof(start) - 1;
	if ((words = after(line, "version"))) {
		size_t length = strcspn(words, " ");

		*report = (struct rom_report){0};
		copy(report->firmware, sizeof(report->firmware),
			words + length + (words[length] == ' '));
		copy(report->version,
			length < sizeof(report->version) ? length + 1 : sizeof(report->version),
			words);
	} else if ((words = after(line, "hole"))) {
		take_hole(report, words);
	} else if ((words = after(line, "error"))) {
		copy(report->error, sizeof(report->error), words);
	} else if ((words = after(line, "done"))) {
		return take_done(report, words);
	} else if (!strncmp(line, "stop: ", 6) || !strncmp(line, "the boot goes on, ", 18)) {
		return ROM_LINE_AFTER;
	} else {
		return ROM_LINE_OTHER;
	}
	return ROM_LINE_PART;
}

static size_t count(const struct rom_report *report, enum rom_hole_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n_holes; i++)
		n += report->holes[i].state == state;
	return n;
}

bool rom_report_is_told(const struct rom_report *report, size_t n_asked)
{
	return !*report->error && n_asked && report->of == n_asked && report->done == n_asked &&
	       report->n_holes == n_asked && !count(report, ROM_HOLE_LEFT);
}

void rom_report_describe(struct text *text, const struct rom_report *report)
{
	size_t empty = count(report, ROM_HOLE_EMPTY);
	const char *comma = "";

	if (*report->error) {
		text_add(text, "%s", report->error);
		return;
	}
	for (size_t i = 0; i < report->n_holes; i++) {
		const struct rom_hole *hole = &report->holes[i];

		if (hole->state != ROM_HOLE_LEFT)
			continue;
		text_add(text, "%s", comma);
		text_add_range(text, hole->range);
		text_add(text, " not reserved: %s", hole->why);
		comma = "; ";
	}
	if (*comma)
		return;
	text_add(text, "%u of %u hole%s reserved", report->done, report->of,
		report->of == 1 ? "" : "s");
	if (empty)
		text_add(text, " (%zu without RAM in %s)", empty, empty == 1 ? "it" : "them");
}

void rom_report_json(struct text *text, const struct rom_report *report, bool told)
{
	static const char *const states[] = {"reserved", "empty", "not-reserved"};

	text_add(text, ",\"told\":%s,\"firmware\":", told ? "true" : "false");
	text_add_json(text, report->firmware);
	text_add(text, ",\"version\":");
	text_add_json(text, report->version);
	text_add(text, ",\"done\":%u,\"of\":%u", report->done, report->of);
	if (*report->error) {
		text_add(text, ",\"error\":");
		text_add_json(text, report->error);
	}
	text_add(text, ",\"holes\":[");
	for (size_t i = 0; i < report->n_holes && text_fits(text, 256); i++) {
		const struct rom_hole *hole = &report->holes[i];

		text_add(text, "%s{\"range\":\"", i ? "," : "");
		text_add_range(text, hole->range);
		text_add(text, "\",\"state\":\"%s\"", states[hole->state]);
		if (hole->state == ROM_HOLE_LEFT) {
			text_add(text, ",\"why\":");
			text_add_json(text, hole->why);
		}
		text_add(text, "}");
	}
	text_add(text, "],\"n_holes\":%zu", report->n_holes);
}

bool rom_lines_add(struct rom_lines *lines, char byte)
{
	if (byte == '\n') {
		lines->line[lines->length] = '\0';
		lines->length = 0;
		return true;
	}
	if (byte && byte != '\r' && lines->length < ROM_REPORT_LINE)
		lines->line[lines->length++] = byte;
	return false;
}
