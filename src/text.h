/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text put together in a fixed buffer: what does not fit is cut, never written past the end. */
#ifndef IOVASHIM_TEXT_H
#define IOVASHIM_TEXT_H

#include "range.h"

#include <stddef.h>

struct text {
	char *bytes; /* always NUL-terminated */
	size_t length, room;
};

/* An empty text in @bytes, whose size is @room (at least 1). */
struct text text_start(char *bytes, size_t room);

__attribute__((format(printf, 2, 3))) void text_add(struct text *text, const char *format, ...);

/* "0x000000fd00000000-0x000000ffffffffff": first and last, as sysfs prints addresses. */
void text_add_range(struct text *text, struct range range);

/* "12 GiB", "512 MiB", "1.50 GiB", "4 KiB": binary units; 0 stands for 2^64. */
void text_add_size(struct text *text, uint64_t bytes);

/* @string as a JSON string, quotes included. Bytes that are not ASCII become \\u00XX each: any
 * path makes valid JSON. */
void text_add_json(struct text *text, const char *string);

/* "EINVAL" for 22; "errno 200" for what has no name here. */
void text_add_errno(struct text *text, int number);

/* True if there is room for @more bytes. */
bool text_fits(const struct text *text, size_t more);

#endif
