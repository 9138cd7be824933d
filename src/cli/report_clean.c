/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Untrusted text made fit to be shown anywhere: a log holds paths that anybody may have chosen. */
#include "report.h"

#include <string.h>

enum { LONGEST = 1000, ESCAPE = 16 };

/* The code point at *@at, which moves on; -1 and one byte on where it is no UTF-8. */
static int32_t next_point(const char **at)
{
	const unsigned char *s = (const unsigned char *)*at;
	static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
	int more = s[0] < 0x80 ? 0 : s[0] < 0xc0 ? -1 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
	int32_t point;

	(*at)++;
	if (more < 0 || s[0] > 0xf4)
		return -1;
	point = more == 0 ? s[0] : s[0] & (0x3f >> more);
	for (int i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return -1;
		point = point << 6 | (s[i] & 0x3f);
	}
	if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return -1;
	*at += more;
	return point;
}

/* Controls, and what is not seen but turns or hides what is: bidirectional controls, joiners,
 * separators, tags. Unicode 15, general categories Cc, Cf, Zl, Zp, private use and others. */
static bool must_escape(int32_t point)
{
	static const struct {
		int32_t first, last;
	} unseen[] = {{0, 0x1f}, {0x7f, 0xa0}, {0xad, 0xad}, {0x600, 0x605}, {0x61c, 0x61c},
		{0x6dd, 0x6dd}, {0x70f, 0x70f}, {0x180b, 0x180f}, {0x2000, 0x200f},
		{0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000}, {0x3164, 0x3164},
		{0xd800, 0xf8ff}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xfff0, 0xffff},
		{0x110bd, 0x110cd}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff}};

	/* Marks that pile up on what stands before them. */
	if ((point >= 0x300 && point <= 0x36f) || (point >= 0x20d0 && point <= 0x20ff))
		return true;
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		if (point >= unseen[i].first && point <= unseen[i].last)
			return true;
	return false;
}

static bool is_utf8(const char *text)
{
	while (*text)
		if (next_point(&text) < 0)
			return false;
	return true;
}

/* The log writes each byte that is not ASCII as one character (docs/event-log.md, "text"). Where
 * those bytes were UTF-8, that is what the path was. */
static const char *as_it_was(struct report *report, const char *text)
{
	char *bytes = report_alloc(report, strlen(text) + 1), *to = bytes;

	for (const char *at = text; *at;) {
		int32_t point = next_point(&at);

		if (point < 0 || point > 0xff)
			return text;
		*to++ = (char)point;
	}
	return is_utf8(bytes) ? bytes : text;
}

static bool is_plain(const char *text)
{
	size_t n = 0;

	while (text[n] >= ' ' && text[n] < 0x7f)
		n++;
	return !text[n] && n <= LONGEST;
}

const char *report_clean(struct report *report, const char *text)
{
	const char *at = text;
	char clean[LONGEST + ESCAPE];
	size_t room = sizeof(clean), n = 0;

	if (is_plain(text))
		return report_words(report, "%s", text);
	at = as_it_was(report, text);
	while (*at && n < LONGEST) {
		const char *from = at;
		int32_t point = next_point(&at);

		if (point < 0)
			n += (size_t)snprintf(clean + n, room - n, "\\x%02x", (unsigned char)*from);
		else if (must_escape(point))
			n += (size_t)snprintf(clean + n, room - n,
				point < 0x100 ? "\\x%02x" : "\\u{%x}", (unsigned int)point);
		else {
			memcpy(clean + n, from, (size_t)(at - from));
			n += (size_t)(at - from);
		}
	}
	clean[n] = 0;
	return report_words(report, "%s%s", clean, *at ? "..." : "");
}
