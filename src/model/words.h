/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words and numbers of a host description, with the place where they stand. */
#ifndef IOVAMODEL_WORDS_H
#define IOVAMODEL_WORDS_H

#include "host_text.h"

/* A piece of one line. Never empty, except the word that stands for the line's end. */
struct word {
	const char *at;
	size_t len;
	unsigned int line;
	unsigned int column;
};

struct words {
	const char *file;
	const char *at;
	const char *end;
	const char *line_start;
	unsigned int line;
	struct model_error *error;
};

void words_start(struct words *t, const char *file, const char *text, size_t size,
	struct model_error *error);

/* Moves to the next line that has a word; false at the end of the text. */
bool words_next_line(struct words *t);

/* The next word of the line; one of length 0 where a comment or the line's end is. */
struct word words_next(struct words *t);

bool words_is(struct word word, const char *s);

/* Cuts @word at the first @separator: the part before it, leaving the rest (maybe empty). */
struct word words_cut(struct word *word, char separator);

/* Sets the error "FILE:LINE:COLUMN: ..." at @word and returns -EINVAL. */
int words_fail(struct words *t, struct word word, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Numbers: 0x.. or decimal; hexadecimal digits alone; bytes with K, M, G or T. 0 or -EINVAL. */
int words_number(struct words *t, struct word word, uint64_t max, uint64_t *out);
int words_hex(struct words *t, struct word word, uint64_t max, uint64_t *out);
int words_bytes(struct words *t, struct word word, uint64_t *out);
/* FIRST-LAST, inclusive. */
int words_range(struct words *t, struct word word, struct model_range *out);
int words_yes(struct words *t, struct word word, bool *out);

#endif
