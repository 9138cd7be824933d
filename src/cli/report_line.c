/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of an event log: an event of version 1, or why it is none. */
#include "report.h"

#include <string.h>

int64_t report_time_of(const json_t *event)
{
	const json_t *time = json_object_get(event, "time");
	double seconds = json_number_value(time);

	/* Until the year 9999. */
	if (!json_is_number(time) || !(seconds >= 0) || seconds > 253402300799.0)
		return -1;
	return (int64_t)(seconds * 1e6 + 0.5);
}

static json_t *parse(const char *line, size_t length, bool whole, struct report_why *why)
{
	json_error_t error;
	json_t *event;

	if (length > REPORT_LONGEST_LINE) {
		snprintf(why->text, sizeof(why->text), "longer than any line of an event log");
		return NULL;
	}
	event = json_loadb(line, length, 0, &error);
	/* Sizes go up to 2^64, and jansson's integers to 2^63. */
	if (!event && json_error_code(&error) == json_error_numeric_overflow)
		event = json_loadb(line, length, JSON_DECODE_INT_AS_REAL, &error);
	if (!event && whole)
		snprintf(why->text, sizeof(why->text), "not JSON: %s", error.text);
	else if (!event)
		snprintf(why->text, sizeof(why->text), "cut short: the file ends within the line");
	return event;
}

/* NULL if it is an event. */
static const char *what_is_wrong(const json_t *event)
{
	if (!json_is_object(event))
		return "JSON, but no event";
	if (!json_is_string(json_object_get(event, "event")) ||
		!json_is_number(json_object_get(event, "pid")) || report_time_of(event) < 0)
		return "no event of iovashim: it needs \"event\", \"pid\" and \"time\"";
	if (report_number_field(event, "v", 0) != 1)
		return "an event of another schema than version 1";
	return NULL;
}

json_t *report_parse_line(const char *line, size_t length, bool whole, struct report_why *why)
{
	json_t *event = parse(line, length, whole, why);
	const char *wrong = event ? what_is_wrong(event) : NULL;

	if (!wrong)
		return event;
	snprintf(why->text, sizeof(why->text), "%s", wrong);
	json_decref(event);
	return NULL;
}

bool report_is_blank(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr(" \t\r", line[i]) || !line[i])
			return false;
	return true;
}
