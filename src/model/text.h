/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words and numbers of a host description, with the place where they stand. */
#ifndef IOVAMODEL_TEXT_H
#define IOVAMODEL_TEXT_H

#include "host_text.h"

/* A piece of one line. Never empty, except the word that stands for the line's end. */
struct text_word {
	const char *at;
	size_t len;
	unsigned int line;
	unsigned int column;
};

struct text {
	const char *file;
	const char *at;
	const char *end;
	const char *line_start;
	unsigned int line;
	struct model_error *error;
};

void text_start(
	struct text *t, const char *file, const char *text, size_t size, struct model_error *error);

/* Moves to the next line that has a word; false at the end of the text. */
bool text_next_line(struct text *t);

/* The next word of the line; one of length 0 where a comment or the line's end is. */
struct text_word text_word(struct text *t);

bool text_is(struct text_word word, const char *s);

/* Cuts @word at the first @separator: the part before it, leaving the rest (maybe empty). */
struct text_word text_cut(struct text_word *word, char separator);

/* Sets the error "FILE:LINE:COLUMN: ..." at @word and returns -EINVAL. */
int text_fail(struct text *t, struct text_word word, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Numbers: 0x.. or decimal; hexadecimal digits alone; bytes with K, M, G or T. 0 or -EINVAL. */
int text_number(struct text *t, struct text_word word, uint64_t max, uint64_t *out);
int text_hex(struct text *t, struct text_word word, uint64_t max, uint64_t *out);
int text_bytes(struct text *t, struct text_word word, uint64_t *out);
/* FIRST-LAST, inclusive. */
int text_range(struct text *t, struct text_word word, struct model_range *out);
int text_yes(struct text *t, struct text_word word, bool *out);

#endif
