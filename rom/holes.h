/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The holes that the reservation ROM is given, as text. Pure; both halves and the tests share it.
 */
#ifndef IOVASHIM_ROM_HOLES_H
#define IOVASHIM_ROM_HOLES_H

#include "range.h"

#include <stddef.h>

enum { ROM_MOST_HOLES = 32, ROM_MOST_TEXT = 2048 };

/* Why a text is no list of holes. */
enum holes_error {
	HOLES_OK,
	HOLES_NONE,	/* not one range in it */
	HOLES_ADDRESS,	/* an address was expected: 0x and up to 16 hexadecimal digits */
	HOLES_DASH,	/* a dash was expected */
	HOLES_REVERSED, /* the range ends before it begins */
	HOLES_GARBAGE,	/* a comma, a blank or the end was expected */
	HOLES_TOO_MANY, /* more than ROM_MOST_HOLES that do not touch each other */
};

/* In whole pages, ascending; no two overlap or touch. */
struct holes {
	struct range range[ROM_MOST_HOLES];
	unsigned int count;
};

/* Reads "0xFIRST-0xLAST", ends inclusive, separated by commas, blanks or line ends, in any order.
 * Ranges grow outwards to whole pages; those that overlap or touch become one. On an error @holes
 * is of no use, and *@at says where: an offset in bytes, from 0. */
enum holes_error holes_parse(const char *text, size_t length, struct holes *holes, size_t *at);

/* What is wrong, in words that go on after "the holes are wrong at byte N: ". */
const char *holes_error_text(enum holes_error error);

#endif
