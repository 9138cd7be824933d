/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event logs, line by line as they come, for what keeps none of them: metrics, the journal. */
#ifndef IOVASHIM_EVENT_STREAM_H
#define IOVASHIM_EVENT_STREAM_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct event_stream {
	/* Called for each event, which is the caller's, in the order of the files; @time is in
	 * microseconds since 1970. Returns 0; or an exit status, and the reading ends. */
	int (*take)(void *context, const json_t *event, int64_t time);
	void *context;
	size_t unread; /* lines that are no events, and files that could not be read to their end */
};

/* Reads the log @path, "-" being standard input, up to its end; says on stderr what cannot be read.
 * Returns 0, or what @take returned. */
int event_stream_read(struct event_stream *stream, const char *path);

/* --- event_metrics.c: what the events add up to, for Prometheus */
struct event_metrics;

struct event_metrics *event_metrics_new(void); /* NULL without memory; to free() */
int event_metrics_take(void *metrics, const json_t *event, int64_t time);
/* Returns 0. */
int event_metrics_print(FILE *to, const void *metrics);
void event_metrics_unread(struct event_metrics *metrics, size_t lines);

/* --- event_journal.c: to journald */
/* Says so on stderr if there is no journal: returns 0 or an exit status, as event_journal_take()
 * does. */
int event_journal_open(void);
int event_journal_take(void *unused, const json_t *event, int64_t time);

#endif
