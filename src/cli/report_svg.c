/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pictures as SVG: on a page of HTML, or as a file of their own. */
#include "report_render.h"

#include <string.h>

/* In the picture's own units, which are pixels at its full width. */
enum {
	WIDTH = 980,
	HEAD = 34,
	STRIP_X = 4,
	STRIP_WIDTH = 16,
	STRIPS_END = STRIP_X + 2 * STRIP_WIDTH + 4,
	FAN_END = 78,
	ADDRESS_END = 212,
	SIZE_END = 290,
	LANES_X = 302,
	TIGHT_BANDS = 48 /* from so many on, bands are lower */
};
static const double lane_x[LANES] = {302, 450, 648}, lane_width[LANES] = {140, 190, 328};

const char *report_look_class(enum look look)
{
	static const char *const classes[LOOKS] = {[LOOK_RAM] = "ram",
		[LOOK_BAR] = "bar",
		[LOOK_GONE] = "gone",
		[LOOK_REFUSED] = "refused",
		[LOOK_PIECE] = "piece",
		[LOOK_GUARDED] = "guarded",
		[LOOK_OPEN] = "open",
		[LOOK_OVER] = "over",
		[LOOK_HOST] = "host",
		[LOOK_POLICY] = "policy",
		[LOOK_PAST] = "past"};

	return classes[look];
}

void report_markup(FILE *to, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", to);
			break;
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		case '\'':
			fputs("&#39;", to);
			break;
		default:
			fputc(*text, to);
		}
	}
}

static double band_height(const struct layout *layout, size_t i)
{
	if (layout->n_bands > TIGHT_BANDS)
		return 20;
	return layout->bands[i].empty ? 30 : 44;
}

static double band_y(const struct layout *layout, size_t i)
{
	double y = HEAD;

	for (size_t k = 0; k < i; k++)
		y += band_height(layout, k);
	return y;
}

static double svg_height(const struct layout *layout)
{
	return band_y(layout, layout->n_bands) + 12;
}

/* Of a sans-serif font, in ems, rather too wide than too narrow; byte by byte, where what follows
 * in a character of several bytes counts nothing. */
static double width_of(unsigned char c)
{
	if ((c & 0xc0) == 0x80)
		return 0;
	if (c >= 0xe0)
		return 1.05;
	if (strchr("mwMW@%", c))
		return 0.95;
	if (strchr("ijl.,:;|!'()[] ftIr", c))
		return 0.4;
	return c >= 'a' && c <= 'z' ? 0.6 : 0.68;
}

/* @text, cut to @room pixels with "…". */
static void put_cut(FILE *to, const char *text, double room, double size)
{
	char part[512];
	double width = 0;
	size_t n = 0, fits = 0;

	for (; text[n]; n++) {
		if ((text[n] & 0xc0) != 0x80 && width + size <= room)
			fits = n;
		width += size * width_of((unsigned char)text[n]);
	}
	if (width <= room) {
		report_markup(to, text);
		return;
	}
	if (fits >= sizeof(part))
		fits = 0;
	memcpy(part, text, fits);
	part[fits] = 0;
	report_markup(to, part);
	fputs("\u2026", to);
}

static void put_line(
	FILE *to, double y, const char *class, const char *text, double room, double size)
{
	fprintf(to, "<text class=\"%s\" x=\"8\" y=\"%.1f\">", class, y);
	put_cut(to, text, room, size);
	fputs("</text>", to);
}

static void put_item(FILE *to, const struct layout *layout, enum lane lane,
	const struct layout_item *item, size_t id)
{
	double y = band_y(layout, item->from) + 1, end = band_y(layout, item->to + 1) - 1;
	double height = end - y, width = lane_width[lane], room = width - 16;
	const char *look = report_look_class(item->look);

	/* An element of its own, which hides whatever would reach beyond it. */
	fprintf(to,
		"<svg x=\"%.0f\" y=\"%.1f\" width=\"%.0f\" height=\"%.1f\" class=\"item\"><title>",
		lane_x[lane], y, width, height);
	report_markup(to, item->label);
	if (*item->more) {
		fputs(", ", to);
		report_markup(to, item->more);
	}
	fprintf(to,
		"</title><rect class=\"box %s\" x=\"0.75\" y=\"0.75\" width=\"%.2f\" "
		"height=\"%.2f\" "
		"rx=\"3\"/>"
		"<rect fill=\"url(#%s-%zu)\" x=\"0.75\" y=\"0.75\" width=\"%.2f\" height=\"%.2f\" "
		"rx=\"3\"/>",
		look, width - 1.5, height - 1.5, look, id, width - 1.5, height - 1.5);
	if (height < 38 || !*item->more) {
		put_line(to, height < 60 ? height / 2 + 4.5 : 19, look, item->label, room, 13);
	} else {
		put_line(to, 18, look, item->label, room, 13);
		fputs("<g class=\"more\">", to);
		put_line(to, 34, look, item->more, room, 12);
		fputs("</g>", to);
	}
	fputs("</svg>\n", to);
}

/* What tells the looks from each other without colour. */
static void put_patterns(FILE *to, const struct layout *layout, size_t id)
{
	static const char *const lines[LOOKS] = {[LOOK_HOST] = "M-2 10L10 -2M4 16L16 4",
		[LOOK_POLICY] = "M0 4H12M0 10H12",
		[LOOK_PAST] = "M0 4H12",
		[LOOK_GUARDED] = "M-2 2L10 14M4 -4L16 8M-2 10L10 -2M4 16L16 4",
		[LOOK_OPEN] = "M-2 2L10 14M4 -4L16 8",
		[LOOK_OVER] = "M-2 2L10 14M4 -4L16 8",
		[LOOK_REFUSED] = "M-2 2L10 14M4 -4L16 8"};

	fputs("<defs>", to);
	for (enum look look = 0; look < LOOKS; look++)
		if (layout_has(layout, look))
			fprintf(to,
				"<pattern id=\"%s-%zu\" width=\"12\" height=\"12\" "
				"patternUnits=\"userSpaceOnUse\"><path class=\"hatch %s\" "
				"d=\"%s\"/></pattern>",
				report_look_class(look), id, report_look_class(look),
				lines[look] ? lines[look] : "M0 0");
	fputs("</defs>\n", to);
}

static void put_edge(FILE *to, struct report *report, const struct layout *layout, size_t i)
{
	double y = band_y(layout, i);

	fprintf(to,
		"<path class=\"edge\" d=\"M%d %.1fH%d\"/><text class=\"address\" x=\"%d\" "
		"y=\"%.1f\">%s</text>\n",
		ADDRESS_END + 6, y, WIDTH - 4, ADDRESS_END, y + 4, layout_edge(report, layout, i));
}

static void put_band(FILE *to, const struct layout *layout, size_t i)
{
	double middle = band_y(layout, i) + band_height(layout, i) / 2 + 4;

	fprintf(to, "<text class=\"size\" x=\"%d\" y=\"%.1f\">%s</text>", SIZE_END, middle,
		layout->bands[i].size);
	if (layout->bands[i].empty)
		fprintf(to, "<text class=\"none\" x=\"%d\" y=\"%.1f\">nothing in the log</text>",
			LANES_X + 8, middle);
	fputc('\n', to);
}

static double strip_y(const struct layout *layout, uint64_t address)
{
	double height = band_y(layout, layout->n_bands) - HEAD;

	if (address > layout->scale_last)
		return HEAD + height;
	return HEAD + (double)((long double)address / ((long double)layout->scale_last + 1) *
			       (long double)height);
}

/* Beside the bands, the same to scale: what the guest has on the left, what is reserved on the
 * right; from there lines lead to the bands. */
static void put_strip(FILE *to, const struct layout *layout, enum lane lane, double x)
{
	fprintf(to, "<rect class=\"strip\" x=\"%.1f\" y=\"%d\" width=\"%d\" height=\"%.1f\"/>\n", x,
		HEAD, STRIP_WIDTH, band_y(layout, layout->n_bands) - HEAD);
	for (size_t i = 0; i < layout->lanes[lane].n; i++) {
		const struct layout_item *item = &layout->lanes[lane].items[i];
		double y = strip_y(layout, layout->bands[item->from].range.first);
		double end = strip_y(layout, layout->bands[item->to].range.last);

		if (end - y < 1.5)
			end = y + 1.5;
		fprintf(to,
			"<rect class=\"mark %s\" x=\"%.1f\" y=\"%.2f\" width=\"%d\" "
			"height=\"%.2f\"/>\n",
			report_look_class(item->look), x, y, STRIP_WIDTH, end - y);
	}
}

/* Of many lines, those that would run into each other on the strip are left out. */
static void put_fan(FILE *to, const struct layout *layout)
{
	double least = layout->n_bands >= TIGHT_BANDS ? 8 : 0, before = -least;

	for (size_t i = 0; i <= layout->n_bands; i++) {
		double y = band_y(layout, i), from = y;

		if (i < layout->n_bands)
			from = strip_y(layout, layout->bands[i].range.first);
		if (from - before < least)
			continue;
		before = from;
		fprintf(to, "<path class=\"fan\" d=\"M%d %.2fL%d %.1f\"/>\n", STRIPS_END, from,
			FAN_END, y);
	}
}

static void put_scale(FILE *to, const struct layout *layout)
{
	fprintf(to, "<text class=\"head\" x=\"%d\" y=\"20\">to scale</text>\n", STRIP_X);
	put_strip(to, layout, LANE_GUEST, STRIP_X);
	put_strip(to, layout, LANE_RESERVED, STRIP_X + STRIP_WIDTH + 2);
	put_fan(to, layout);
}

static void put_heads(FILE *to)
{
	static const char *const heads[LANES] = {
		"guest: what it has", "devices: what they reach", "reserved: by whom"};

	fprintf(to, "<text class=\"head address\" x=\"%d\" y=\"20\">address</text>", ADDRESS_END);
	fprintf(to, "<text class=\"head size\" x=\"%d\" y=\"20\">size</text>", SIZE_END);
	for (enum lane lane = 0; lane < LANES; lane++)
		fprintf(to, "<text class=\"head\" x=\"%.0f\" y=\"20\">%s</text>", lane_x[lane] + 2,
			heads[lane]);
	fputc('\n', to);
}

/* For those who do not see it: all that is in it, from the lowest address up. */
static void put_description(FILE *to, struct report *report, const struct layout *layout, size_t id)
{
	fprintf(to, "<title id=\"picture-%zu\">Addresses of ", id);
	report_markup(to, layout->containers);
	fprintf(to, "</title><desc id=\"words-%zu\">", id);
	for (enum lane lane = 0; lane < LANES; lane++) {
		fprintf(to, "%s: ", layout_lane_name(lane));
		for (size_t i = 0; i < layout->lanes[lane].n; i++) {
			const struct layout_item *item = &layout->lanes[lane].items[i];
			struct range range = {layout->bands[item->from].range.first,
				layout->bands[item->to].range.last};

			report_markup(to, report_words(report, "%s%s, %s", i ? "; " : "",
						  item->label, report_sized(report, range)));
		}
		fputs(layout->lanes[lane].n ? ". " : "nothing. ", to);
	}
	fputs("</desc>\n", to);
}

static void put_picture(FILE *to, struct report *report, const struct layout *layout, size_t id)
{
	put_patterns(to, layout, id);
	put_heads(to);
	if (layout->scale_last)
		put_scale(to, layout);
	for (size_t i = 0; i <= layout->n_bands; i++)
		put_edge(to, report, layout, i);
	for (size_t i = 0; i < layout->n_bands; i++)
		put_band(to, layout, i);
	for (enum lane lane = 0; lane < LANES; lane++)
		for (size_t i = 0; i < layout->lanes[lane].n; i++)
			put_item(to, layout, lane, &layout->lanes[lane].items[i], id);
}

void report_svg_picture(FILE *to, struct report *report, const struct layout *layout, size_t id)
{
	fprintf(to,
		"<svg class=\"picture\" viewBox=\"0 0 %d %.0f\" role=\"img\" "
		"aria-labelledby=\"picture-%zu\" aria-describedby=\"words-%zu\">\n",
		WIDTH, svg_height(layout), id, id);
	put_description(to, report, layout, id);
	put_picture(to, report, layout, id);
	fputs("</svg>\n", to);
}

/* A picture with its heading, at @y of the file; returns how high both are. */
static double put_figure(FILE *to, struct report *report, const struct report_process *process,
	const struct layout *layout, double y, size_t id)
{
	double height = svg_height(layout);

	fprintf(to, "<text class=\"heading\" x=\"20\" y=\"%.1f\">", y + 18);
	put_cut(to,
		report_words(report, "%s, pid %lld: %s%s%s", process->name, (long long)process->pid,
			layout->containers, *layout->space->groups ? ", " : "",
			layout->space->groups),
		WIDTH - 40, 15);
	fprintf(to,
		"</text>\n<svg class=\"picture\" x=\"10\" y=\"%.1f\" width=\"%d\" "
		"height=\"%.1f\">\n",
		y + 34, WIDTH, height);
	put_description(to, report, layout, id);
	put_picture(to, report, layout, id);
	fputs("</svg>\n", to);
	return height + 60;
}

void report_svg(FILE *to, struct report *report)
{
	double height = 20;
	size_t id = 0, n;

	for (size_t i = 0; i < report->n_processes; i++) {
		struct layout *layouts = report_layouts(report, i, &n);

		for (size_t k = 0; k < n; k++)
			height += svg_height(&layouts[k]) + 60;
	}
	fprintf(to,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
		"viewBox=\"0 0 %d %.0f\" role=\"img\">\n<title>",
		WIDTH + 20, height, WIDTH + 20, height);
	report_markup(to, report_title(report));
	fputs("</title>\n<style>\n", to);
	report_svg_style(to);
	fputs("</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n", to);
	height = 16;
	for (size_t i = 0; i < report->n_processes; i++) {
		struct layout *layouts = report_layouts(report, i, &n);

		for (size_t k = 0; k < n; k++)
			height += put_figure(
				to, report, &report->processes[i], &layouts[k], height, ++id);
	}
	fputs("</svg>\n", to);
}
