/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A terminal, or a file that is as wide as one: wrapped lines, and a canvas of characters. */
#include "report_screen.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { USUAL_WIDTH = 80, LEAST_WIDTH = 40, MOST_WIDTH = 160 };

static size_t width_of_stdout(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	size_t width = 0;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		width = size.ws_col;
	else if (columns)
		width = strtoul(columns, NULL, 10);
	if (!width)
		width = USUAL_WIDTH;
	return width < LEAST_WIDTH ? LEAST_WIDTH : width > MOST_WIDTH ? MOST_WIDTH : width;
}

struct screen screen_of_stdout(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	bool terminal = isatty(STDOUT_FILENO);

	return (struct screen){.to = stdout,
		.width = width_of_stdout(),
		.unicode = terminal && !strcmp(nl_langinfo(CODESET), "UTF-8"),
		.colour =
			terminal && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0};
}

void screen_style(const struct screen *screen, enum style style)
{
	static const char *const codes[STYLES] = {[STYLE_PLAIN] = "0",
		[STYLE_BOLD] = "0;1",
		[STYLE_DIM] = "0;2",
		[STYLE_GOOD] = "0;32",
		[STYLE_NOTE] = "0;36",
		[STYLE_WARN] = "0;1;33",
		[STYLE_BAD] = "0;1;31",
		[STYLE_RAM] = "0;34",
		[STYLE_BAR] = "0;35",
		[STYLE_HOLE] = "0;33",
		[STYLE_POLICY] = "0;36"};

	if (screen->colour)
		fprintf(screen->to, "\033[%sm", codes[style]);
}

/* The text is clean, and so good UTF-8 (report_clean()). */
static uint32_t next_point(const char **at)
{
	const unsigned char *s = (const unsigned char *)*at;
	size_t more = s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
	uint32_t point = more ? s[0] & (0x3fU >> more) : s[0];

	(*at)++;
	for (size_t i = 0; i < more && **at; i++)
		point = point << 6 | ((unsigned char)*(*at)++ & 0x3f);
	return point;
}

/* What ASCII has for those that the report itself draws with; other characters are escaped. */
static const char *in_ascii(uint32_t point, char room[static 16])
{
	static const struct {
		uint32_t point;
		const char *ascii;
	} known[] = {{0x2026, "~"}, {0xd7, "x"}, {0x2192, "->"}, {0x2500, "-"}, {0x2502, "|"},
		{0x2588, "#"}, {0x2591, "."}, {0x2592, "%"}, {0x258f, "|"}, {0x254c, "-"},
		{0x22ee, ":"}, {0xb7, "."}, {0x2715, "x"}, {0x2713, "+"}, {0x25b2, "^"},
		{0x2595, "|"}, {0x2577, "|"}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].point == point)
			return known[i].ascii;
	if (point >= 0x250c && point <= 0x254b)
		return "+";
	snprintf(room, 16, "\\u{%x}", (unsigned int)point);
	return room;
}

static size_t columns_of(const struct screen *screen, uint32_t point)
{
	char room[16];
	int width;

	if (point < 0x80)
		return 1;
	if (!screen->unicode)
		return strlen(in_ascii(point, room));
	width = wcwidth((wchar_t)point);
	return width < 0 ? 1 : (size_t)width;
}

static void put_point(const struct screen *screen, uint32_t point)
{
	char room[16];

	if (point < 0x80)
		fputc((int)point, screen->to);
	else if (!screen->unicode)
		fputs(in_ascii(point, room), screen->to);
	else if (point < 0x800)
		fprintf(screen->to, "%c%c", 0xc0 | point >> 6, 0x80 | (point & 0x3f));
	else if (point < 0x10000)
		fprintf(screen->to, "%c%c%c", 0xe0 | point >> 12, 0x80 | (point >> 6 & 0x3f),
			0x80 | (point & 0x3f));
	else
		fprintf(screen->to, "%c%c%c%c", 0xf0 | point >> 18, 0x80 | (point >> 12 & 0x3f),
			0x80 | (point >> 6 & 0x3f), 0x80 | (point & 0x3f));
}

size_t screen_columns(const struct screen *screen, const char *text)
{
	size_t columns = 0;

	while (*text)
		columns += columns_of(screen, next_point(&text));
	return columns;
}

void screen_put(const struct screen *screen, const char *text)
{
	while (*text)
		put_point(screen, next_point(&text));
}

static void new_line(const struct screen *screen, size_t indent)
{
	fprintf(screen->to, "\n%*s", (int)indent, "");
}

/* A word that is longer than a line is cut where the line ends. */
static size_t put_word(
	const struct screen *screen, const char *word, const char *end, size_t at, size_t indent)
{
	while (word < end) {
		uint32_t point = next_point(&word);
		size_t columns = columns_of(screen, point);

		if (at + columns > screen->width && at > indent) {
			new_line(screen, indent);
			at = indent;
		}
		put_point(screen, point);
		at += columns;
	}
	return at;
}

static size_t columns_until(const struct screen *screen, const char *word, const char *end)
{
	size_t columns = 0;

	while (word < end)
		columns += columns_of(screen, next_point(&word));
	return columns;
}

/* A unit stays with its number. */
static bool is_unit(const char *word, const char *end)
{
	static const char *const units[] = {
		"s", "min", "h", "d", "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	size_t length = (size_t)(end - word);

	while (length && strchr("),;:]", word[length - 1]))
		length--;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i]) == length && !strncmp(word, units[i], length))
			return true;
	return false;
}

/* The end of the word at @text, with the unit that may follow. */
static const char *word_end(const char *text)
{
	const char *end = strchrnul(text, ' ');
	const char *next = *end ? strchrnul(end + 1, ' ') : end;

	return *end && is_unit(end + 1, next) ? next : end;
}

void screen_wrap(const struct screen *screen, const char *text, size_t at, size_t indent)
{
	bool first = true;

	while (*text) {
		const char *end = word_end(text);
		size_t columns = columns_until(screen, text, end);

		if (!first && at + 1 + columns > screen->width) {
			new_line(screen, indent);
			at = indent;
		} else if (!first) {
			fputc(' ', screen->to);
			at++;
		}
		at = put_word(screen, text, end, at, indent);
		first = false;
		text = *end ? end + 1 : end;
	}
	fputc('\n', screen->to);
}

struct canvas_cell {
	uint32_t point; /* 0: the right half of the one before */
	enum style style;
};

struct canvas {
	size_t rows, columns;
	struct canvas_cell cells[];
};

struct canvas *canvas_new(size_t rows, size_t columns)
{
	struct canvas *canvas =
		calloc(1, sizeof(*canvas) + rows * columns * sizeof(canvas->cells[0]));

	if (!canvas) {
		fputs("iovashim report: out of memory\n", stderr);
		_exit(125);
	}
	canvas->rows = rows;
	canvas->columns = columns;
	for (size_t i = 0; i < rows * columns; i++)
		canvas->cells[i].point = ' ';
	return canvas;
}

void canvas_char(struct canvas *canvas, size_t row, size_t column, uint32_t point, enum style style)
{
	if (row < canvas->rows && column < canvas->columns)
		canvas->cells[row * canvas->columns + column] = (struct canvas_cell){point, style};
}

size_t canvas_text(struct canvas *canvas, const struct screen *screen, size_t row, size_t column,
	size_t room, const char *text, enum style style)
{
	bool cut = screen_columns(screen, text) > room;
	size_t end = cut && room ? room - 1 : room, at = 0;

	while (*text) {
		uint32_t point = next_point(&text);
		size_t columns = columns_of(screen, point);
		char ascii[16];

		if (at + columns > end)
			break;
		if (!screen->unicode && point >= 0x80) {
			for (const char *c = in_ascii(point, ascii); *c; c++)
				canvas_char(canvas, row, column + at++, (uint32_t)*c, style);
			continue;
		}
		canvas_char(canvas, row, column + at, point, style);
		if (columns == 2)
			canvas_char(canvas, row, column + at + 1, 0, style);
		at += columns;
	}
	if (cut && room)
		canvas_char(canvas, row, column + at++, 0x2026, style);
	return at;
}

void canvas_print(const struct canvas *canvas, const struct screen *screen)
{
	for (size_t row = 0; row < canvas->rows; row++) {
		const struct canvas_cell *cells = &canvas->cells[row * canvas->columns];
		enum style style = STYLE_PLAIN;
		size_t end = canvas->columns;

		while (end && cells[end - 1].point == ' ')
			end--;
		for (size_t i = 0; i < end; i++) {
			if (!cells[i].point)
				continue;
			if (cells[i].style != style && cells[i].point != ' ')
				screen_style(screen, style = cells[i].style);
			put_point(screen, cells[i].point);
		}
		if (style != STYLE_PLAIN)
			screen_style(screen, STYLE_PLAIN);
		fputc('\n', screen->to);
	}
}
