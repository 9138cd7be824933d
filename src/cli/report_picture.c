/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The picture of a container's addresses, in characters. */
#include "report_render.h"

#include <stdlib.h>

/* From so many bands on, a band is one line and its edges are not drawn. */
enum { MANY_BANDS = 48 };

struct frame {
	const struct screen *screen;
	struct report *report;
	const struct layout *layout;
	struct canvas *canvas;
	size_t address;		       /* columns of the addresses */
	size_t at[LANES], room[LANES]; /* of the lanes, with their sides */
	bool tight;
};

static const enum style styles[LOOKS] = {[LOOK_RAM] = STYLE_RAM,
	[LOOK_BAR] = STYLE_BAR,
	[LOOK_GONE] = STYLE_DIM,
	[LOOK_REFUSED] = STYLE_BAD,
	[LOOK_PIECE] = STYLE_RAM,
	[LOOK_GUARDED] = STYLE_GOOD,
	[LOOK_OPEN] = STYLE_BAD,
	[LOOK_OVER] = STYLE_BAD,
	[LOOK_HOST] = STYLE_HOLE,
	[LOOK_POLICY] = STYLE_POLICY,
	[LOOK_PAST] = STYLE_DIM};

/* What a box is filled with behind its words. */
static uint32_t fill_of(enum look look)
{
	switch (look) {
	case LOOK_HOST:
	case LOOK_POLICY:
		return 0x2591;
	case LOOK_GUARDED:
		return 0x2592;
	case LOOK_OPEN:
	case LOOK_OVER:
	case LOOK_REFUSED:
		return '!';
	default:
		return ' ';
	}
}

static void place_lanes(struct frame *f)
{
	size_t width = f->screen->width, lanes;

	f->address = (size_t)f->layout->digits + 2;
	if (f->address < 13)
		f->address = 13;
	lanes = width - f->address - 1 - (LANES - 1);
	f->room[LANE_GUEST] = lanes * 26 / 100;
	f->room[LANE_DEVICES] = lanes * 38 / 100;
	f->room[LANE_RESERVED] = lanes - f->room[LANE_GUEST] - f->room[LANE_DEVICES];
	f->at[LANE_GUEST] = f->address + 1;
	f->at[LANE_DEVICES] = f->at[LANE_GUEST] + f->room[LANE_GUEST] + 1;
	f->at[LANE_RESERVED] = f->at[LANE_DEVICES] + f->room[LANE_DEVICES] + 1;
}

/* The row of the edge above band @i; its content is the row after, unless edges are left out. */
static size_t row_of(const struct frame *f, size_t i)
{
	return f->tight ? i : 2 * i;
}

static void draw_row(struct frame *f, size_t row, enum lane lane, uint32_t left, uint32_t middle,
	uint32_t right, enum style style)
{
	size_t at = f->at[lane], end = at + f->room[lane] - 1;

	canvas_char(f->canvas, row, at, left, style);
	for (size_t column = at + 1; column < end; column++)
		canvas_char(f->canvas, row, column, middle, style);
	canvas_char(f->canvas, row, end, right, style);
}

/* Where one box ends and the next begins, they share the line. */
static void draw_edge(
	struct frame *f, size_t row, enum lane lane, bool above, bool below, enum style style)
{
	draw_row(f, row, lane,
		above && below ? 0x251c
		: above	       ? 0x2514
			       : 0x250c,
		0x2500,
		above && below ? 0x2524
		: above	       ? 0x2518
			       : 0x2510,
		style);
}

static void draw_words(
	struct frame *f, size_t row, enum lane lane, const char *words, enum style style)
{
	size_t room = f->room[lane] - 4, at = f->at[lane] + 2, n;

	n = canvas_text(f->canvas, f->screen, row, at, room, words, style);
	canvas_char(f->canvas, row, at - 1, ' ', style);
	if (n < room)
		canvas_char(f->canvas, row, at + n, ' ', style);
}

/* The words of an item: on one line if they fit, or if there is but one. */
static void draw_label(struct frame *f, enum lane lane, const struct layout_item *item, size_t row,
	size_t rows, enum style style)
{
	const char *both =
		report_words(f->report, "%s%s%s", item->label, *item->more ? ", " : "", item->more);

	if (rows == 1 || !*item->more || screen_columns(f->screen, both) <= f->room[lane] - 4) {
		draw_words(f, row, lane,
			rows == 1 && screen_columns(f->screen, both) > f->room[lane] - 4
				? item->label
				: both,
			style);
		return;
	}
	draw_words(f, row, lane, item->label, style);
	draw_words(f, row + 1, lane, item->more, style);
}

static void draw_item(struct frame *f, enum lane lane, const struct layout_item *item, bool joined)
{
	enum style style = styles[item->look];
	size_t first = row_of(f, item->from) + !f->tight;
	size_t last = row_of(f, item->to) + !f->tight;

	if (!f->tight)
		draw_edge(f, first - 1, lane, joined, true, style);
	for (size_t row = first; row <= last; row++)
		draw_row(f, row, lane, 0x2502, fill_of(item->look), 0x2502, style);
	if (!f->tight)
		draw_edge(f, last + 1, lane, true, false, style);
	draw_label(f, lane, item, first, last - first + 1, style);
}

static void draw_lane(struct frame *f, enum lane lane)
{
	size_t n = f->layout->lanes[lane].n;

	for (size_t i = 0; i < n; i++) {
		const struct layout_item *item = &f->layout->lanes[lane].items[i];

		draw_item(f, lane, item, i && item[-1].to + 1 == item->from);
	}
}

static void draw_addresses(struct frame *f)
{
	const struct layout *layout = f->layout;

	for (size_t i = 0; i <= layout->n_bands; i++) {
		const char *edge = layout_edge(f->report, layout, i);
		size_t columns = screen_columns(f->screen, edge);

		canvas_text(f->canvas, f->screen, row_of(f, i), f->address - columns, columns, edge,
			STYLE_PLAIN);
		if (i < layout->n_bands && !f->tight) {
			const char *size = layout->bands[i].size;

			columns = screen_columns(f->screen, size);
			canvas_text(f->canvas, f->screen, row_of(f, i) + 1, f->address - columns,
				columns, size, STYLE_DIM);
		}
		if (i < layout->n_bands && layout->bands[i].empty)
			canvas_char(f->canvas, row_of(f, i) + !f->tight,
				f->at[LANE_GUEST] + (f->tight ? 0 : 1), 0x22ee, STYLE_DIM);
	}
}

static void print_heads(const struct frame *f)
{
	struct canvas *canvas = canvas_new(1, f->screen->width);
	const char *first = f->tight ? "from" : "address";

	canvas_text(canvas, f->screen, 0, f->address - screen_columns(f->screen, first), 12, first,
		STYLE_DIM);
	for (enum lane lane = 0; lane < LANES; lane++)
		canvas_text(canvas, f->screen, 0, f->at[lane] + 1, f->room[lane] - 1,
			layout_lane_name(lane), STYLE_DIM);
	canvas_print(canvas, f->screen);
	free(canvas);
}

/* The column of a strip to scale where @address is. */
static size_t strip_column(const struct layout *layout, uint64_t address, size_t columns)
{
	size_t at = (size_t)((long double)address / ((long double)layout->scale_last + 1) *
			     (long double)columns);

	return at < columns ? at : columns - 1;
}

static void print_strip(struct frame *f, enum lane lane)
{
	const struct layout *layout = f->layout;
	size_t left = 11, columns = f->screen->width - left - 1;
	struct canvas *canvas = canvas_new(1, f->screen->width);

	canvas_text(canvas, f->screen, 0, 2, 8, layout_lane_name(lane), STYLE_DIM);
	canvas_char(canvas, 0, left - 1, 0x2502, STYLE_DIM);
	canvas_char(canvas, 0, left + columns, 0x2502, STYLE_DIM);
	for (size_t i = 0; i < layout->lanes[lane].n; i++) {
		const struct layout_item *item = &layout->lanes[lane].items[i];
		uint64_t first = layout->bands[item->from].range.first;
		uint64_t last = layout->bands[item->to].range.last;
		size_t from, to;

		if (first > layout->scale_last)
			continue;
		from = strip_column(layout, first, columns);
		to = strip_column(
			layout, last < layout->scale_last ? last : layout->scale_last, columns);
		for (size_t column = from; column <= to; column++)
			canvas_char(canvas, 0, left + column,
				lane == LANE_RESERVED ? 0x2592 : 0x2588, styles[item->look]);
	}
	canvas_print(canvas, f->screen);
	free(canvas);
}

static void print_strips(struct frame *f)
{
	struct report *report = f->report;
	uint64_t size = f->layout->scale_last + 1;

	if (!f->layout->scale_last)
		return;
	fputc('\n', f->screen->to);
	screen_wrap(f->screen,
		report_words(report,
			"  To scale, 0 to 0x%llx (%s); what is thinner than a column "
			"is drawn one wide:",
			(unsigned long long)size, report_size(report, size)),
		0, 2);
	print_strip(f, LANE_GUEST);
	print_strip(f, LANE_RESERVED);
}

void report_picture(const struct screen *screen, struct report *report, const struct layout *layout)
{
	struct frame f = {.screen = screen,
		.report = report,
		.layout = layout,
		.tight = layout->n_bands > MANY_BANDS};

	place_lanes(&f);
	f.canvas = canvas_new(row_of(&f, layout->n_bands) + 1, screen->width);
	print_heads(&f);
	draw_addresses(&f);
	for (enum lane lane = 0; lane < LANES; lane++)
		draw_lane(&f, lane);
	canvas_print(f.canvas, screen);
	free(f.canvas);
	if (layout->some_left_out)
		screen_wrap(screen,
			report_words(report, "  too much for a picture: left out from 0x%llx on",
				(unsigned long long)layout->left_out.first),
			0, 2);
	print_strips(&f);
}
