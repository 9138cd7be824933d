/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small words of a report: ranges, sizes, times. */
#include "report.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

const char *report_range(struct report *report, struct range range)
{
	return report_words(report, "0x%" PRIx64 "-0x%" PRIx64, range.first, range.last);
}

const char *report_size(struct report *report, uint64_t bytes)
{
	char room[32];
	struct text text = text_start(room, sizeof(room));

	text_add_size(&text, bytes);
	return report_words(report, "%s", room);
}

const char *report_sized(struct report *report, struct range range)
{
	return report_words(report, "%s (%s)", report_range(report, range),
		report_size(report, range_size(range)));
}

static struct tm local(int64_t time)
{
	time_t seconds = (time_t)(time / 1000000);
	struct tm tm = {0};

	localtime_r(&seconds, &tm);
	return tm;
}

const char *report_clock(struct report *report, int64_t time)
{
	struct tm tm = local(time);

	return report_words(report, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec,
		(int)(time % 1000000 / 1000));
}

const char *report_day(struct report *report, int64_t time)
{
	char room[64] = "";
	struct tm tm = local(time);

	strftime(room, sizeof(room), "%Y-%m-%d %H:%M:%S %Z", &tm);
	return report_words(report, "%s", room);
}

/* "+0.004 s", "+16.1 s", "+12 min 3 s", "+3 h 20 min", "+2 d 4 h"; "-" where the clock was set
 * back. */
const char *report_since(struct report *report, int64_t from, int64_t time)
{
	int64_t micros = time - from;
	char sign = micros < 0 ? '-' : '+';
	int64_t seconds;

	if (micros < 0)
		micros = -micros;
	seconds = micros / 1000000;
	if (seconds < 600)
		return report_words(report, "%c%" PRId64 ".%03" PRId64 " s", sign, seconds,
			micros % 1000000 / 1000);
	if (seconds < 3600)
		return report_words(report, "%c%" PRId64 " min %" PRId64 " s", sign, seconds / 60,
			seconds % 60);
	if (seconds < 86400)
		return report_words(report, "%c%" PRId64 " h %" PRId64 " min", sign, seconds / 3600,
			seconds % 3600 / 60);
	return report_words(report, "%c%" PRId64 " d %" PRId64 " h", sign, seconds / 86400,
		seconds % 86400 / 3600);
}

const char *report_plural(struct report *report, size_t n, const char *one, const char *many)
{
	return report_words(report, "%zu %s", n, n == 1 ? one : many);
}

const char *report_memory(const struct report_mapping *mapping)
{
	static const char *const names[] = {[KIND_RAM] = "guest RAM",
		[KIND_VIOMMU] = "guest RAM behind a vIOMMU",
		[KIND_BAR] = "a device's BAR",
		[KIND_OTHER] = "memory"};

	return mapping->what ? mapping->what : names[mapping->kind];
}
