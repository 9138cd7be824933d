/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text put together in a fixed buffer. */
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct text text_start(char *bytes, size_t room)
{
	bytes[0] = 0;
	return (struct text){.bytes = bytes, .room = room};
}

void text_add(struct text *text, const char *format, ...)
{
	size_t left = text->room - text->length;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(text->bytes + text->length, left, format, arguments);
	va_end(arguments);
	if (n > 0)
		text->length += (size_t)n < left ? (size_t)n : left - 1;
}

bool text_fits(const struct text *text, size_t more)
{
	return text->room - text->length > more;
}

void text_add_range(struct text *text, struct range range)
{
	text_add(text, "0x%016" PRIx64 "-0x%016" PRIx64, range.first, range.last);
}

void text_add_size(struct text *text, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	uint64_t unit = 1024;
	size_t i = 0;

	if (!bytes) {
		text_add(text, "16 EiB");
		return;
	}
	if (bytes < unit) {
		text_add(text, "%" PRIu64 " bytes", bytes);
		return;
	}
	while (i + 2 < sizeof(units) && bytes >= unit * 1024) {
		unit *= 1024;
		i++;
	}
	if (bytes % unit)
		text_add(text, "%.2f %ciB", (double)bytes / (double)unit, units[i]);
	else
		text_add(text, "%" PRIu64 " %ciB", bytes / unit, units[i]);
}

void text_add_json(struct text *text, const char *string)
{
	text_add(text, "\"");
	for (; *string && text_fits(text, 16); string++) {
		unsigned char c = (unsigned char)*string;

		if (c == '"' || c == '\\')
			text_add(text, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			text_add(text, "\\u%04x", c);
		else
			text_add(text, "%c", c);
	}
	text_add(text, "\"");
}

void text_add_errno(struct text *text, int number)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{EPERM, "EPERM"},
		{ENOENT, "ENOENT"},
		{EINTR, "EINTR"},
		{EIO, "EIO"},
		{ENXIO, "ENXIO"},
		{E2BIG, "E2BIG"},
		{EBADF, "EBADF"},
		{EAGAIN, "EAGAIN"},
		{ENOMEM, "ENOMEM"},
		{EACCES, "EACCES"},
		{EFAULT, "EFAULT"},
		{EBUSY, "EBUSY"},
		{EEXIST, "EEXIST"},
		{ENODEV, "ENODEV"},
		{EISDIR, "EISDIR"},
		{EINVAL, "EINVAL"},
		{EMFILE, "EMFILE"},
		{ENOTTY, "ENOTTY"},
		{ENOSPC, "ENOSPC"},
		{ERANGE, "ERANGE"},
		{EOVERFLOW, "EOVERFLOW"},
		{EOPNOTSUPP, "EOPNOTSUPP"},
		{EADDRINUSE, "EADDRINUSE"},
		{ENOSYS, "ENOSYS"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number != number)
			continue;
		text_add(text, "%s", names[i].name);
		return;
	}
	text_add(text, "errno %d", number);
}
