/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of an event: what is not there, or not of its type, is as if it were not there. */
#include "report.h"

#include <inttypes.h>
#include <string.h>

const char *report_text_field(struct report *report, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? report_clean(report, text) : NULL;
}

/* Numbers that only fit in a double come as one. */
int64_t report_number_field(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(object, key);
	double real;

	if (json_is_integer(value))
		return json_integer_value(value);
	if (!json_is_real(value))
		return otherwise;
	real = json_real_value(value);
	return real >= 0 && real < 9e18 ? (int64_t)real : otherwise;
}

bool report_flag_field(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* "0x" and 1 to 16 hexadecimal digits; moves *@at behind them. */
static bool read_address(const char **at, uint64_t *address)
{
	static const char digits[] = "0123456789abcdef";
	const char *from = *at + 2, *end = from;

	if (strncmp(*at, "0x", 2) != 0)
		return false;
	*address = 0;
	for (const char *d; *end && (d = strchr(digits, *end)); end++)
		*address = *address << 4 | (uint64_t)(d - digits);
	*at = end;
	return end > from && end - from <= 16;
}

bool report_range_of(const json_t *value, struct range *range)
{
	const char *at = json_string_value(value);

	return at && read_address(&at, &range->first) && *at++ == '-' &&
	       read_address(&at, &range->last) && !*at && range->first <= range->last;
}

bool report_range_field(const json_t *object, const char *key, struct range *range)
{
	return report_range_of(json_object_get(object, key), range);
}
