/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event logs, from a file to events: reads what can be read, says of the rest where it is. */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* So that a report of /dev/zero ends. */
static const size_t largest = (size_t)1 << 30;

void report_problem(struct report *report, size_t source, size_t line, const char *format, ...)
{
	char what[1400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	*REPORT_PUSH(report, report->problems, report->n_problems) = (struct report_problem){
		report->sources[source].name, line, report_clean(report, what)};
}

static void line_problem(struct report *report, size_t source, size_t line, const char *what)
{
	struct report_source *of = &report->sources[source];

	of->unread++;
	if (of->unread <= REPORT_PROBLEMS_SHOWN)
		report_problem(report, source, line, "%s", what);
}

static struct report_source *new_source(struct report *report, const char *name)
{
	struct report_source *source = REPORT_PUSH(report, report->sources, report->n_sources);

	*source = (struct report_source){.name = report_clean(report, name), .bytes = ""};
	return source;
}

void report_read_file(struct report *report, const char *name, FILE *file)
{
	struct report_source *source = new_source(report, name);
	size_t index = report->n_sources - 1, room = 0, length = 0, got = 1;
	char *bytes = NULL;

	while (got && length < largest) {
		if (length == room) {
			char *wider = report_alloc(report, room ? 2 * room : 16384);

			if (room)
				memcpy(wider, bytes, room);
			bytes = wider;
			room = room ? 2 * room : 16384;
		}
		got = fread(bytes + length, 1, room - length, file);
		length += got;
	}
	if (ferror(file)) {
		source->failed = !length;
		report_problem(report, index, 0, "cannot read%s: %s", length ? " all of it" : "",
			strerror(errno));
	} else if (got) {
		report_problem(report, index, 0, "longer than 1 GiB: the rest is not read");
		source->unread++;
	}
	source->bytes = bytes;
	source->length = length;
}

void report_read_bytes(struct report *report, const char *name, const char *bytes, size_t length)
{
	struct report_source *source = new_source(report, name);

	source->bytes = bytes;
	source->length = length;
}

/* The line at *@at; moves on behind it. False at the end. */
static bool next_line(const struct report_source *source, size_t *at, const char **line,
	size_t *length, bool *whole)
{
	const char *from = source->bytes + *at, *end;

	if (*at >= source->length)
		return false;
	end = memchr(from, '\n', source->length - *at);
	*whole = end != NULL;
	*line = from;
	*length = end ? (size_t)(end - from) : source->length - *at;
	*at += *length + 1;
	return true;
}

static void digest_source(struct report *report, size_t index)
{
	size_t at = 0, length, number = 0;
	const char *line;
	bool whole;

	while (next_line(&report->sources[index], &at, &line, &length, &whole)) {
		struct report_why why;
		const char *wrong = why.text;
		json_t *event;

		number++;
		if (report_is_blank(line, length))
			continue;
		report->sources[index].lines++;
		event = report_parse_line(line, length, whole, &why);
		if (event)
			wrong = report_take_event(
				report, index, number, event, report_time_of(event));
		if (wrong)
			line_problem(report, index, number, wrong);
		else
			report->sources[index].events++;
		json_decref(event);
	}
}

static int64_t first_time(const struct report_source *source)
{
	size_t at = 0, length;
	const char *line;
	bool whole;

	while (next_line(source, &at, &line, &length, &whole)) {
		json_t *event = json_loadb(line, length, 0, NULL);
		int64_t time = report_time_of(event);

		json_decref(event);
		if (time >= 0)
			return time;
	}
	return INT64_MAX;
}

/* Logs that were rotated come in any order: a process goes on in the younger one. */
static int by_first_time(const void *a, const void *b)
{
	const struct report_source *s = a, *t = b;

	return s->first_time < t->first_time ? -1 : s->first_time > t->first_time;
}

void report_read_events(struct report *report)
{
	for (size_t i = 0; i < report->n_sources; i++)
		report->sources[i].first_time = first_time(&report->sources[i]);
	if (report->n_sources)
		qsort(report->sources, report->n_sources, sizeof(*report->sources), by_first_time);
	for (size_t i = 0; i < report->n_sources; i++) {
		const struct report_source *source = &report->sources[i];

		digest_source(report, i);
		if (source->unread > REPORT_PROBLEMS_SHOWN)
			report_problem(report, i, 0, "%zu more lines that could not be read",
				source->unread - REPORT_PROBLEMS_SHOWN);
	}
}
