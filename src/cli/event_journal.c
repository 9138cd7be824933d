/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events to journald: a line for people, and each field of the event as IOVASHIM_FIELD. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "event_stream.h"
#include "cli.h"
#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

/* Journald takes 1024, with names of at most 64 characters; an event has some 30. */
enum { MOST_FIELDS = 64, LONGEST_NAME = 64 };

struct message {
	struct iovec fields[MOST_FIELDS];
	int n;
	bool failed; /* no memory */
};

/* Takes over @text, a malloc'ed NAME=value, or NULL. */
static void add(struct message *message, char *text, size_t length)
{
	if (!text)
		message->failed = true;
	else if (message->n == MOST_FIELDS)
		free(text);
	else
		message->fields[message->n++] = (struct iovec){text, length};
}

__attribute__((format(printf, 2, 3))) static void add_words(
	struct message *message, const char *format, ...)
{
	va_list arguments;
	char *text;
	int n;

	va_start(arguments, format);
	n = vasprintf(&text, format, arguments);
	va_end(arguments);
	add(message, n < 0 ? NULL : text, n < 0 ? 0 : (size_t)n);
}

/* "IOVASHIM_FAILED_ERRNO"; empty for what no field can be called. */
static void name_field(const char *key, char name[LONGEST_NAME + 1])
{
	int n = snprintf(name, LONGEST_NAME + 1, "IOVASHIM_%s", key);

	if (n > LONGEST_NAME)
		name[0] = 0;
	for (char *c = name; *c; c++) {
		if (*c == '-')
			*c = '_';
		*c = (char)toupper((unsigned char)*c);
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", *c)) {
			name[0] = 0;
			return;
		}
	}
}

/* Text as it is, with any bytes; numbers, lists and flags as in the log. */
static void add_field(struct message *message, const char *key, const json_t *value)
{
	char name[LONGEST_NAME + 1];
	char *dump = NULL;

	name_field(key, name);
	if (!name[0])
		return;
	if (!json_is_string(value)) {
		dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(16));
		if (dump)
			add_words(message, "%s=%s", name, dump);
		else
			message->failed = true;
		free(dump);
		return;
	}
	add_words(message, "%s=%s", name, json_string_value(value));
}

/* As in syslog(3): 3 an error, 4 a warning, 5 a notice, 6 information. */
static int priority_of(enum severity severity)
{
	static const int priorities[] = {
		[BAD] = 3, [WARN] = 4, [NOTE] = 5, [GOOD] = 6, [PLAIN] = 6};

	return priorities[severity];
}

/* As the report's timeline has it. False with a line on stderr if the event has no sense. */
static void add_message(struct message *message, const json_t *event, int64_t time)
{
	struct report report = {0};
	const char *wrong = report_take_event(&report, 0, 0, event, time);
	const struct report_entry *entry = report.entries;

	if (wrong)
		add_words(message, "MESSAGE=%s", wrong);
	else
		add_words(message, "MESSAGE=%s%s%s", entry->asked, *entry->done ? ": " : "",
			entry->done);
	add_words(message, "PRIORITY=%d", wrong ? 4 : priority_of(entry->severity));
	report_free(&report);
}

int event_journal_take(void *unused, const json_t *event, int64_t time)
{
	struct message message = {.n = 0};
	const char *key;
	json_t *value;
	int err = -ENOMEM;

	(void)unused;
	add_message(&message, event, time);
	add_words(&message, "SYSLOG_IDENTIFIER=iovashim");
	json_object_foreach((json_t *)(uintptr_t)event, key, value) add_field(&message, key, value);
	if (!message.failed)
		err = sd_journal_sendv(message.fields, message.n);
	for (int i = 0; i < message.n; i++)
		free(message.fields[i].iov_base);
	return err ? cli_fail("cannot write to the journal: %s", strerror(-err)) : 0;
}

/* sd_journal_sendv() says nothing if there is no journal. */
int event_journal_open(void)
{
	static const char socket[] = "/run/systemd/journal/socket";

	if (!access(socket, W_OK))
		return 0;
	return cli_fail("no journal to write to: %s: %s; is systemd-journald running?", socket,
		strerror(errno));
}
