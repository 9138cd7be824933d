/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the list of holes: freestanding C for 16-bit, UEFI and the host. */
#include "holes.h"

enum { PAGE = 4096 };

/* What is left of the text. */
struct cursor {
	const char *text;
	size_t at, length;
};

static char peek(const struct cursor *c)
{
	return c->at < c->length ? c->text[c->at] : '\0';
}

static bool is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Leading zeros do not count: 17 digits of which the first is 0 still fit. */
static bool address(struct cursor *c, uint64_t *value)
{
	size_t start = c->at;

	*value = 0;
	if (peek(c) != '0' || c->at + 1 >= c->length || (c->text[c->at + 1] | 0x20) != 'x')
		return false;
	for (c->at += 2; digit(peek(c)) >= 0; c->at++) {
		if (*value >> 60) {
			c->at = start;
			return false;
		}
		*value = *value << 4 | (unsigned int)digit(peek(c));
	}
	if (c->at > start + 2)
		return true;
	c->at = start;
	return false;
}

static enum holes_error one_range(struct cursor *c, struct range *range)
{
	size_t start = c->at;

	if (!address(c, &range->first))
		return HOLES_ADDRESS;
	if (peek(c) != '-')
		return HOLES_DASH;
	c->at++;
	if (!address(c, &range->last))
		return HOLES_ADDRESS;
	if (c->at < c->length && !is_separator(peek(c)))
		return HOLES_GARBAGE;
	if (range->first <= range->last)
		return HOLES_OK;
	c->at = start;
	return HOLES_REVERSED;
}

/* True if one of them begins where the other ends, or before. */
static bool joins(struct range a, struct range b)
{
	return range_overlaps(a, b) || (b.first && a.last == b.first - 1) ||
	       (a.first && b.last == a.first - 1);
}

static void drop(struct holes *holes, unsigned int i)
{
	for (holes->count--; i < holes->count; i++)
		holes->range[i] = holes->range[i + 1];
}

/* False if it is one too many. */
static bool insert(struct holes *holes, struct range range)
{
	unsigned int i = 0;

	while (i < holes->count) {
		struct range other = holes->range[i];

		if (!joins(range, other)) {
			i++;
			continue;
		}
		if (other.first < range.first)
			range.first = other.first;
		if (other.last > range.last)
			range.last = other.last;
		drop(holes, i);
	}
	if (holes->count == ROM_MOST_HOLES)
		return false;
	for (i = holes->count++; i && holes->range[i - 1].first > range.first; i--)
		holes->range[i] = holes->range[i - 1];
	holes->range[i] = range;
	return true;
}

enum holes_error holes_parse(const char *text, size_t length, struct holes *holes, size_t *at)
{
	struct cursor c = {text, 0, length};
	enum holes_error error = HOLES_OK;
	struct range range;

	holes->count = 0;
	for (;;) {
		while (c.at < length && is_separator(peek(&c)))
			c.at++;
		*at = c.at;
		if (c.at == length)
			return holes->count ? HOLES_OK : HOLES_NONE;
		error = one_range(&c, &range);
		if (error != HOLES_OK) {
			*at = c.at;
			return error;
		}
		if (!insert(holes, range_align_outwards(range, PAGE)))
			return HOLES_TOO_MANY;
	}
}

const char *holes_error_text(enum holes_error error)
{
	switch (error) {
	case HOLES_NONE:
		return "there are none";
	case HOLES_ADDRESS:
		return "no address of the form 0x110000000";
	case HOLES_DASH:
		return "no dash between the first and the last address";
	case HOLES_REVERSED:
		return "the range ends before it begins";
	case HOLES_GARBAGE:
		return "no comma or blank after the range";
	case HOLES_TOO_MANY:
		return "more than 32 holes";
	default:
		return "nothing";
	}
}
