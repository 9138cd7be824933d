/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A terminal, or a file that is as wide as one: wrapped lines, and a canvas of characters. */
#ifndef IOVASHIM_REPORT_SCREEN_H
#define IOVASHIM_REPORT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_NOTE,
	STYLE_WARN,
	STYLE_BAD,
	STYLE_RAM,
	STYLE_BAR,
	STYLE_HOLE,
	STYLE_POLICY,
	STYLES
};

struct screen {
	FILE *to;
	size_t width;
	bool unicode; /* else all is ASCII */
	bool colour;
};

/* What stdout is: a terminal or not, its width, whether its locale has UTF-8, NO_COLOR. */
struct screen screen_of_stdout(void);

/* Begins and ends a style; nothing without colour. */
void screen_style(const struct screen *screen, enum style style);
/* Columns that @text takes. */
size_t screen_columns(const struct screen *screen, const char *text);
/* Prints @text as it is, in ASCII if that is what the screen has. */
void screen_put(const struct screen *screen, const char *text);
/* Prints @text from column @at on, where the cursor is; wraps at words, each further line
 * indented to @indent; ends the line. */
void screen_wrap(const struct screen *screen, const char *text, size_t at, size_t indent);

/* A rectangle of characters, drawn upon and then printed. */
struct canvas;
/* To free with free(). Ends the program if there is no memory. */
struct canvas *canvas_new(size_t rows, size_t columns);
void canvas_char(
	struct canvas *canvas, size_t row, size_t column, uint32_t point, enum style style);
/* @text, cut to @room columns with "…"; returns the columns taken. */
size_t canvas_text(struct canvas *canvas, const struct screen *screen, size_t row, size_t column,
	size_t room, const char *text, enum style style);
void canvas_print(const struct canvas *canvas, const struct screen *screen);

#endif
