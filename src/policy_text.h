/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of holes.conf: its words, its numbers, and what is said of mistakes in it. Pure. */
#ifndef IOVASHIM_POLICY_TEXT_H
#define IOVASHIM_POLICY_TEXT_H

#include "policy.h"

struct policy_line {
	const char *file;
	unsigned int number; /* from 1; 0: errors name the file alone */
	const char *start;
	const char *end; /* one past the last byte, line end not counted */
	const char *at;	 /* where the next word is looked for */
	struct policy_error *error;
};

/* A stretch of a line, not terminated. */
struct policy_word {
	const char *at;
	size_t length;
};

/* A word of the language; tables of them end with a NULL word. */
struct policy_keyword {
	const char *word;
	int value;
	const struct policy_keyword *values; /* what may follow, or NULL */
};

/* Fills line->error with "FILE:LINE:COLUMN: " and the message; the column is that of @at, counted
 * in bytes from 1. Returns -EINVAL. */
__attribute__((format(printf, 3, 4))) int policy_fail(
	const struct policy_line *line, const char *at, const char *format, ...);

/* Likewise, says that memory ran out. Returns -ENOMEM. */
int policy_fail_memory(const struct policy_line *line);

/* Likewise, says that @path could not be read, and why: @code is -errno, as a policy_reader
 * returns it. @path is line->file itself where no line names it. Returns @code if that is -ENOMEM,
 * else -EINVAL. */
int policy_fail_read(const struct policy_line *line, const char *at, const char *path, int code);

/* @word in quotes, cut to a length that leaves room for the rest of a message. */
struct policy_quote {
	char text[72];
};
struct policy_quote policy_quote(struct policy_word word);

/* Refuses control bytes, so that the other functions meet none. Returns 0 or -EINVAL. */
int policy_check_bytes(const struct policy_line *line);

/* The next word. At the line's end it is empty and starts where the missing word would. */
struct policy_word policy_next_word(struct policy_line *line);

/* Refuses anything that follows. Returns 0 or -EINVAL. */
int policy_end_of_line(struct policy_line *line);

/* The entry of @table that @word spells. Else NULL, with an error that suggests the nearest entry
 * or lists them all; it says that the word stands after @after, unless that is NULL. */
const struct policy_keyword *policy_choose(const struct policy_line *line, struct policy_word word,
	const char *after, const struct policy_keyword *table);

/* @word as a range: FIRST-LAST or SIZE@START. Returns 0 or -EINVAL. */
int policy_range(const struct policy_line *line, struct policy_word word, struct range *range);

#endif
