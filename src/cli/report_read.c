/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event logs, from a file to events: reads what can be read, says of the rest where it is. */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Of each source, so that a file that is no log does not fill the screen. */
enum { PROBLEMS_SHOWN = 20 };
/* A line of the log has 4096 bytes at most; whoever adds to it later may need more. */
enum { LONGEST_LINE = 1 << 20 };
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
	if (of->unread <= PROBLEMS_SHOWN)
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

static bool is_blank(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr(" \t\r", line[i]) || !line[i])
			return false;
	return true;
}

/* A new reference, or NULL with *@why. */
static json_t *parse_line(
	struct report *report, const char *line, size_t length, bool whole, const char **why)
{
	json_error_t error;
	json_t *event;

	if (length > LONGEST_LINE) {
		*why = "longer than any line of an event log";
		return NULL;
	}
	event = json_loadb(line, length, 0, &error);
	/* Sizes go up to 2^64, and jansson's integers to 2^63. */
	if (!event && json_error_code(&error) == json_error_numeric_overflow)
		event = json_loadb(line, length, JSON_DECODE_INT_AS_REAL, &error);
	if (!event)
		*why = whole ? report_words(report, "not JSON: %s", error.text)
			     : "cut short: the file ends within the line";
	return event;
}

static int64_t time_of(const json_t *event)
{
	const json_t *time = json_object_get(event, "time");
	double seconds = json_number_value(time);

	/* Until the year 9999. */
	if (!json_is_number(time) || !(seconds >= 0) || seconds > 253402300799.0)
		return -1;
	return (int64_t)(seconds * 1e6 + 0.5);
}

static const char *take(struct report *report, size_t source, size_t line, const json_t *event)
{
	if (!json_is_object(event))
		return "JSON, but no event";
	if (!json_is_string(json_object_get(event, "event")) ||
		!json_is_number(json_object_get(event, "pid")) || time_of(event) < 0)
		return "no event of iovashim: it needs \"event\", \"pid\" and \"time\"";
	if (report_number_field(event, "v", 0) != 1)
		return "an event of another schema than version 1";
	return report_take_event(report, source, line, event, time_of(event));
}

static void digest_source(struct report *report, size_t index)
{
	size_t at = 0, length, number = 0;
	const char *line;
	bool whole;

	while (next_line(&report->sources[index], &at, &line, &length, &whole)) {
		const char *why = NULL;
		json_t *event;

		number++;
		if (is_blank(line, length))
			continue;
		report->sources[index].lines++;
		event = parse_line(report, line, length, whole, &why);
		if (event)
			why = take(report, index, number, event);
		if (why)
			line_problem(report, index, number, why);
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
		int64_t time = time_of(event);

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
		if (source->unread > PROBLEMS_SHOWN)
			report_problem(report, i, 0, "%zu more lines that could not be read",
				source->unread - PROBLEMS_SHOWN);
	}
}
