// SPDX-License-Identifier: GPL-2.0-or-later
/* The lexical half of host descriptions. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "words.h"

void words_start(
	struct words *t, const char *file, const char *text, size_t size, struct model_error *error)
{
	*t = (struct words){
		.file = file,
		.at = text,
		.end = text + size,
		.line_start = text,
		.error = error,
	};
	error->text[0] = '\0';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct words *t)
{
	while (t->at < t->end && is_blank(*t->at))
		t->at++;
}

static bool at_line_end(const struct words *t)
{
	return t->at == t->end || *t->at == '\n' || *t->at == '#';
}

bool words_next_line(struct words *t)
{
	while (t->at < t->end) {
		if (t->line) {
			while (t->at < t->end && *t->at != '\n')
				t->at++;
			if (t->at == t->end)
				return false;
			t->at++;
		}
		t->line++;
		t->line_start = t->at;
		skip_blanks(t);
		if (!at_line_end(t))
			return true;
	}
	return false;
}

struct word words_next(struct words *t)
{
	struct word word;

	skip_blanks(t);
	word = (struct word){
		.at = t->at,
		.line = t->line,
		.column = (unsigned int)(t->at - t->line_start) + 1,
	};
	while (!at_line_end(t) && !is_blank(*t->at))
		t->at++;
	word.len = (size_t)(t->at - word.at);
	return word;
}

bool words_is(struct word word, const char *s)
{
	return strlen(s) == word.len && !memcmp(word.at, s, word.len);
}

struct word words_cut(struct word *word, char separator)
{
	struct word head = *word;
	const char *found = word->len ? memchr(word->at, separator, word->len) : NULL;
	size_t skip;

	head.len = found ? (size_t)(found - word->at) : word->len;
	skip = head.len + (found ? 1 : 0);
	word->at += skip;
	word->len -= skip;
	word->column += (unsigned int)skip;
	return head;
}

int words_fail(struct words *t, struct word word, const char *format, ...)
{
	char *out = t->error->text;
	size_t room = sizeof(t->error->text);
	va_list args;
	int used = snprintf(out, room, "%s:%u:%u: ", t->file, word.line, word.column);

	if (used < 0 || (size_t)used >= room)
		return -EINVAL;
	va_start(args, format);
	vsnprintf(out + used, room - (size_t)used, format, args);
	va_end(args);
	return -EINVAL;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 16;
}

/* All of @word in @base, at most @max. */
static bool read_number(struct word word, unsigned int base, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!word.len)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		unsigned int d = (unsigned int)digit(word.at[i]);

		if (d >= base || d > max || value > (max - d) / base)
			return false;
		value = value * base + d;
	}
	*out = value;
	return true;
}

static bool any_number(struct word word, uint64_t max, uint64_t *out)
{
	if (word.len > 2 && word.at[0] == '0' && (word.at[1] | 0x20) == 'x') {
		word.at += 2;
		word.len -= 2;
		return read_number(word, 16, max, out);
	}
	return read_number(word, 10, max, out);
}

int words_number(struct words *t, struct word word, uint64_t max, uint64_t *out)
{
	if (any_number(word, max, out))
		return 0;
	return words_fail(t, word,
		"'%.*s' is not a number up to %llu (decimal, or hexadecimal with 0x)",
		(int)word.len, word.at, (unsigned long long)max);
}

int words_hex(struct words *t, struct word word, uint64_t max, uint64_t *out)
{
	if (read_number(word, 16, max, out))
		return 0;
	return words_fail(t, word, "'%.*s' is not a hexadecimal number up to %llx", (int)word.len,
		word.at, (unsigned long long)max);
}

static unsigned int unit_shift(char c)
{
	switch (c | 0x20) {
	case 'k':
		return 10;
	case 'm':
		return 20;
	case 'g':
		return 30;
	case 't':
		return 40;
	default:
		return 0;
	}
}

int words_bytes(struct words *t, struct word word, uint64_t *out)
{
	struct word digits = word;
	unsigned int shift = word.len > 1 ? unit_shift(word.at[word.len - 1]) : 0;

	if (shift)
		digits.len--;
	if (!any_number(digits, UINT64_MAX >> shift, out))
		return words_fail(t, word,
			"'%.*s' is not a size: a number, with K, M, G or T after it", (int)word.len,
			word.at);
	*out <<= shift;
	return 0;
}

int words_range(struct words *t, struct word word, struct model_range *out)
{
	struct word whole = word, first = words_cut(&word, '-');

	if (!any_number(first, UINT64_MAX, &out->first) ||
		!any_number(word, UINT64_MAX, &out->last))
		return words_fail(t, whole,
			"'%.*s' is not a range: first and last address, 0xfee00000-0xfeefffff",
			(int)whole.len, whole.at);
	if (out->first > out->last)
		return words_fail(
			t, whole, "the range ends before it starts: put the lower address first");
	return 0;
}

int words_yes(struct words *t, struct word word, bool *out)
{
	*out = words_is(word, "yes");
	if (*out || words_is(word, "no"))
		return 0;
	return words_fail(t, word, "'%.*s' should be yes or no", (int)word.len, word.at);
}
