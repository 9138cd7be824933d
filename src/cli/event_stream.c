/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event logs, line by line as they come: a pipe from tail(1) is followed as long as it lasts. */
#include "event_stream.h"
#include "cli.h"
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct event_stream *stream;
	const char *name;    /* clean */
	struct report words; /* memory of what is said */
	FILE *file;
	char *line;
	size_t number, problems;
};

static void problem(struct reading *r, const char *what)
{
	r->stream->unread++;
	if (++r->problems <= REPORT_PROBLEMS_SHOWN)
		cli_complain("%s:%zu: %s", r->name, r->number, report_clean(&r->words, what));
}

/* The next line into r->line, which has room for one byte more than the longest: what is longer
 * is cut there, so that it is told from it. False at the end of the file. */
static bool next_line(struct reading *r, size_t *length, bool *whole)
{
	int c;

	*length = 0;
	while ((c = getc_unlocked(r->file)) != EOF && c != '\n')
		if (*length <= REPORT_LONGEST_LINE)
			r->line[(*length)++] = (char)c;
	*whole = c == '\n';
	return *whole || *length;
}

static int take_lines(struct reading *r)
{
	size_t length;
	bool whole;

	while (next_line(r, &length, &whole)) {
		struct report_why why;
		json_t *event;
		int status;

		r->number++;
		if (report_is_blank(r->line, length))
			continue;
		event = report_parse_line(r->line, length, whole, &why);
		if (!event) {
			problem(r, why.text);
			continue;
		}
		status = r->stream->take(r->stream->context, event, report_time_of(event));
		json_decref(event);
		if (status)
			return status;
	}
	return 0;
}

static int take_all(struct reading *r)
{
	int status;

	errno = 0;
	status = take_lines(r);
	if (status)
		return status;
	if (ferror(r->file)) {
		r->stream->unread++;
		cli_complain("%s: cannot read all of it: %s", r->name, strerror(errno));
	}
	if (r->problems > REPORT_PROBLEMS_SHOWN)
		cli_complain("%s: %zu more lines that could not be read", r->name,
			r->problems - REPORT_PROBLEMS_SHOWN);
	return 0;
}

static int read_file(struct event_stream *stream, const char *name, FILE *file)
{
	struct reading r = {.stream = stream, .file = file};
	int status;

	r.line = malloc(REPORT_LONGEST_LINE + 1);
	if (!r.line)
		return cli_fail("out of memory");
	r.name = report_clean(&r.words, name);
	status = take_all(&r);
	free(r.line);
	report_free(&r.words);
	return status;
}

static int cannot_open(const char *path, int error)
{
	struct report words = {0};
	int status = cli_fail("cannot open %s: %s", report_clean(&words, path), strerror(error));

	report_free(&words);
	return status;
}

int event_stream_read(struct event_stream *stream, const char *path)
{
	FILE *file;
	int status;

	if (!strcmp(path, "-"))
		return read_file(stream, "standard input", stdin);
	file = fopen(path, "re");
	if (!file)
		return cannot_open(path, errno);
	status = read_file(stream, path, file);
	fclose(file);
	return status;
}
