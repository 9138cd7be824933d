/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The picture of a container's addresses, before it is drawn. */
#include "report_layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Nobody reads more in a picture; the ranges are listed all the same. */
enum { MOST_BANDS = 600 };

/* What a band has in a lane: equal in two neighbours, they are of one item. */
struct cell {
	const void *of; /* NULL: nothing */
	size_t part;	/* of it: number of the piece */
	enum look look;
};

struct edges {
	uint64_t *at;
	size_t n;
};

static void add_edges(struct report *report, struct edges *edges, struct range range)
{
	*REPORT_PUSH(report, edges->at, edges->n) = range.first;
	if (range.last != UINT64_MAX)
		*REPORT_PUSH(report, edges->at, edges->n) = range.last + 1;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static struct edges edges_of(struct report *report, const struct report_space *space)
{
	struct edges edges = {NULL, 0};
	size_t n = 0;

	*REPORT_PUSH(report, edges.at, edges.n) = 0;
	for (size_t i = 0; i < space->n_holes; i++)
		add_edges(report, &edges, space->holes[i].whole);
	for (size_t i = 0; i < space->n_mappings; i++) {
		const struct report_mapping *mapping = &space->mappings[i];

		add_edges(report, &edges, mapping->iova);
		for (size_t k = 0; k < mapping->n_pieces; k++)
			add_edges(report, &edges, mapping->pieces[k]);
		for (size_t k = 0; k < mapping->n_gaps; k++)
			add_edges(report, &edges, mapping->gaps[k]);
	}
	for (size_t i = 0; i < space->n_guards; i++)
		if (space->guards[i].in_force)
			add_edges(report, &edges, space->guards[i].iova);
	qsort(edges.at, edges.n, sizeof(*edges.at), ascending);
	for (size_t i = 0; i < edges.n; i++)
		if (!i || edges.at[i] != edges.at[n - 1])
			edges.at[n++] = edges.at[i];
	edges.n = n;
	return edges;
}

/* What is there comes before what was refused, and that before what was; younger before older. */
static bool outranks(const struct report_mapping *a, const struct report_mapping *b)
{
	int rank_a = a->gone ? 0 : a->ok ? 2 : 1, rank_b = b->gone ? 0 : b->ok ? 2 : 1;

	return rank_a != rank_b ? rank_a > rank_b : a->since > b->since;
}

static const struct report_mapping *mapping_at(const struct report_space *space, struct range band)
{
	const struct report_mapping *top = NULL;

	for (size_t i = 0; i < space->n_mappings && space->mappings[i].iova.first <= band.first;
		i++) {
		const struct report_mapping *mapping = &space->mappings[i];

		if (range_overlaps(mapping->iova, band) && (!top || outranks(mapping, top)))
			top = mapping;
	}
	return top;
}

static bool any_overlaps(const struct range *ranges, size_t n, struct range band)
{
	for (size_t i = 0; i < n; i++)
		if (range_overlaps(ranges[i], band))
			return true;
	return false;
}

/* Bands never cross the edge of a hole, so that one that touches a hole lies in it. */
static bool is_reserved(
	const struct report_space *space, const struct report_mapping *mapping, struct range band)
{
	if (any_overlaps(mapping->gaps, mapping->n_gaps, band) ||
		any_overlaps(mapping->holes, mapping->n_holes, band))
		return true;
	for (size_t i = 0; i < space->n_holes; i++)
		if (space->holes[i].now && range_overlaps(space->holes[i].whole, band))
			return true;
	return false;
}

static struct cell guest_cell(const struct report_mapping *mapping)
{
	if (!mapping)
		return (struct cell){NULL, 0, LOOKS};
	return (struct cell){mapping, 0,
		mapping->gone		    ? LOOK_GONE
		: mapping->kind == KIND_BAR ? LOOK_BAR
					    : LOOK_RAM};
}

/* Number of the piece, from 1; 0 where the log's list was cut, or the band is in none. */
static size_t piece_at(const struct report_mapping *mapping, struct range band)
{
	for (size_t i = 0; i < mapping->n_pieces; i++)
		if (range_overlaps(mapping->pieces[i], band))
			return i + 1;
	return 0;
}

static struct cell guard_cell(const struct report_space *space, struct range band)
{
	for (size_t i = 0; i < space->n_guards; i++)
		if (space->guards[i].in_force && range_overlaps(space->guards[i].iova, band))
			return (struct cell){&space->guards[i], 0, LOOK_GUARDED};
	return (struct cell){NULL, 0, LOOKS};
}

static struct cell device_cell(
	const struct report_space *space, const struct report_mapping *mapping, struct range band)
{
	enum look out;

	if (!mapping)
		return guard_cell(space, band);
	if (mapping->gone)
		return (struct cell){mapping, 0, LOOK_GONE};
	if (!mapping->ok)
		return (struct cell){mapping, 0, LOOK_REFUSED};
	out = mapping->guarded ? LOOK_GUARDED : LOOK_OPEN;
	if (mapping->action == ACTION_SKIP)
		return (struct cell){mapping, 0, out};
	if (mapping->action == ACTION_OBSERVE)
		return (struct cell){
			mapping, 0, is_reserved(space, mapping, band) ? LOOK_OVER : LOOK_PIECE};
	if (piece_at(mapping, band))
		return (struct cell){mapping, piece_at(mapping, band), LOOK_PIECE};
	if (mapping->action == ACTION_SPLIT && is_reserved(space, mapping, band))
		return (struct cell){mapping, 0, out};
	return (struct cell){mapping, 0, LOOK_PIECE};
}

/* A set of holes is told by its first and by how many there are: they are in order. */
static struct cell hole_cell(const struct report_space *space, struct range band)
{
	struct cell cell = {NULL, 0, LOOK_PAST};

	for (size_t i = 0; i < space->n_holes; i++) {
		const struct report_hole *hole = &space->holes[i];

		if (!range_overlaps(hole->whole, band))
			continue;
		cell.of = cell.of ? cell.of : hole;
		cell.part = cell.part * 31 + i + 1;
		if (hole->now && cell.look != LOOK_HOST)
			cell.look = hole->by_host ? LOOK_HOST : LOOK_POLICY;
	}
	return cell;
}

static void label_guest(
	struct report *report, const struct report_mapping *mapping, struct layout_item *item)
{
	static const char *const short_kinds[] = {[KIND_RAM] = "RAM",
		[KIND_VIOMMU] = "vIOMMU",
		[KIND_BAR] = "BAR",
		[KIND_OTHER] = "memory"};

	item->label = report_words(report, "%s %s", mapping->label, short_kinds[mapping->kind]);
	item->more = mapping->what ? report_words(report, "%s, %s", mapping->what,
					     report_size(report, range_size(mapping->iova)))
				   : report_size(report, range_size(mapping->iova));
}

static void label_devices(struct report *report, const struct cell *cell, struct layout_item *item)
{
	const struct report_mapping *mapping = cell->of;

	item->more = "";
	switch (cell->look) {
	case LOOK_GUARDED:
		item->label = "cut off, guarded";
		return;
	case LOOK_OPEN:
		item->label = "cut off, NOT guarded";
		return;
	case LOOK_OVER:
		item->label = "mapped over it: fails";
		return;
	case LOOK_REFUSED:
		item->label = report_words(report, "not mapped: %s", mapping->result);
		return;
	case LOOK_GONE:
		item->label = mapping->how_gone;
		return;
	default:
		item->label = "mapped";
		if (mapping->cut && !cell->part) {
			item->label = "mapped?";
			item->more = "the log's list was cut";
		}
		if (cell->part && mapping->n_pieces > 1 && !mapping->cut)
			item->label = report_words(
				report, "mapped, piece %zu of %zu", cell->part, mapping->n_pieces);
	}
}

static void label_holes(struct report *report, const struct report_space *space, struct range band,
	struct layout_item *item)
{
	item->label = item->more = "";
	for (size_t i = 0; i < space->n_holes; i++) {
		const struct report_hole *hole = &space->holes[i];

		if (!range_overlaps(hole->whole, band))
			continue;
		if (*item->label) {
			item->label = report_words(report, "%s + %s", item->label, hole->label);
			continue;
		}
		item->label = report_words(report, "%s %s", hole->label, hole->brief);
		item->more = hole->owners;
	}
}

static void add_cell(struct report *report, struct layout *layout, enum lane lane, size_t band,
	const struct cell *cell, struct cell *before)
{
	struct layout_item *item;

	if (cell->of && cell->of == before->of && cell->part == before->part &&
		cell->look == before->look) {
		layout->lanes[lane].items[layout->lanes[lane].n - 1].to = band;
		return;
	}
	*before = *cell;
	if (!cell->of)
		return;
	item = REPORT_PUSH(report, layout->lanes[lane].items, layout->lanes[lane].n);
	*item = (struct layout_item){.from = band, .to = band, .look = cell->look};
	if (lane == LANE_GUEST)
		label_guest(report, cell->of, item);
	else if (lane == LANE_DEVICES)
		label_devices(report, cell, item);
	else
		label_holes(report, layout->space, layout->bands[band].range, item);
}

static void fill_lanes(struct report *report, struct layout *layout)
{
	struct cell before[LANES] = {{NULL, 0, LOOKS}, {NULL, 0, LOOKS}, {NULL, 0, LOOKS}};

	for (size_t i = 0; i < layout->n_bands; i++) {
		struct range band = layout->bands[i].range;
		const struct report_mapping *mapping = mapping_at(layout->space, band);
		struct cell cells[LANES] = {[LANE_GUEST] = guest_cell(mapping),
			[LANE_DEVICES] = device_cell(layout->space, mapping, band),
			[LANE_RESERVED] = hole_cell(layout->space, band)};

		layout->bands[i].empty = true;
		for (enum lane lane = 0; lane < LANES; lane++) {
			if (cells[lane].of)
				layout->bands[i].empty = false;
			add_cell(report, layout, lane, i, &cells[lane], &before[lane]);
		}
	}
	if (layout->n_bands && layout->bands[layout->n_bands - 1].empty)
		layout->n_bands--;
}

static void cut_bands(struct report *report, struct layout *layout)
{
	struct edges edges = edges_of(report, layout->space);
	size_t n = edges.n <= MOST_BANDS ? edges.n : MOST_BANDS;

	layout->bands = report_alloc(report, n * sizeof(*layout->bands));
	layout->n_bands = n;
	for (size_t i = 0; i < n; i++) {
		struct range range = {
			edges.at[i], i + 1 < edges.n ? edges.at[i + 1] - 1 : UINT64_MAX};

		layout->bands[i].range = range;
		layout->bands[i].size = report_size(report, range_size(range));
	}
	if (n < edges.n) {
		layout->some_left_out = true;
		layout->left_out = (struct range){edges.at[n], UINT64_MAX};
	}
}

static void measure(struct layout *layout)
{
	uint64_t longest = 0;

	for (size_t i = 0; i < layout->n_bands; i++) {
		struct range range = layout->bands[i].range;

		if (range.last != UINT64_MAX)
			longest = range.last + 1;
		else if (range.first > longest)
			longest = range.first;
	}
	layout->scale_last = longest ? longest - 1 : 0;
	for (layout->digits = 8; layout->digits < 16 && longest >> (4 * layout->digits);)
		layout->digits++;
}

static struct layout lay_out(struct report *report, const struct report_space *space)
{
	struct layout layout = {.space = space, .n_containers = 1};

	cut_bands(report, &layout);
	fill_lanes(report, &layout);
	measure(&layout);
	return layout;
}

static bool alike(const struct layout *a, const struct layout *b)
{
	if (a->n_bands != b->n_bands || strcmp(a->space->groups, b->space->groups) != 0)
		return false;
	for (size_t i = 0; i < a->n_bands; i++)
		if (a->bands[i].range.first != b->bands[i].range.first)
			return false;
	for (enum lane lane = 0; lane < LANES; lane++) {
		if (a->lanes[lane].n != b->lanes[lane].n)
			return false;
		for (size_t i = 0; i < a->lanes[lane].n; i++) {
			const struct layout_item *x = &a->lanes[lane].items[i],
						 *y = &b->lanes[lane].items[i];

			if (x->from != y->from || x->to != y->to || x->look != y->look ||
				strcmp(x->label, y->label) != 0 || strcmp(x->more, y->more) != 0)
				return false;
		}
	}
	return true;
}

static void join(struct report *report, struct layout *layout, const struct report_space *space)
{
	const char *first = strchr(layout->containers, ' ') + 1;

	layout->n_containers++;
	if (layout->n_containers <= 20)
		layout->containers =
			report_words(report, "containers %s, %" PRId64, first, space->container);
	else if (layout->n_containers == 21)
		layout->containers = report_words(report, "%s and more", layout->containers);
}

struct layout *report_layouts(struct report *report, size_t process, size_t *n)
{
	struct layout *layouts = NULL;

	*n = 0;
	for (size_t i = 0; i < report->n_spaces; i++) {
		const struct report_space *space = &report->spaces[i];
		struct layout layout;
		size_t like = 0;

		if (space->process != process)
			continue;
		layout = lay_out(report, space);
		layout.containers = report_words(report, "container %" PRId64, space->container);
		while (like < *n && !alike(&layouts[like], &layout))
			like++;
		if (like < *n)
			join(report, &layouts[like], space);
		else
			*REPORT_PUSH(report, layouts, *n) = layout;
	}
	return layouts;
}

const char *layout_lane_name(enum lane lane)
{
	static const char *const names[] = {"guest", "devices", "reserved"};

	return names[lane];
}

const char *layout_look_words(enum look look)
{
	static const char *const words[LOOKS] = {[LOOK_RAM] = "guest RAM that the VMM asked to map",
		[LOOK_BAR] = "a device's memory (BAR)",
		[LOOK_GONE] = "was mapped, is not any more",
		[LOOK_REFUSED] = "asked for, not mapped",
		[LOOK_PIECE] = "devices reach it",
		[LOOK_GUARDED] = "cut off: devices do not reach it; guarded",
		[LOOK_OPEN] = "cut off: devices do not reach it; NOT guarded",
		[LOOK_OVER] = "mapped over reserved addresses",
		[LOOK_HOST] = "reserved by the host",
		[LOOK_POLICY] = "reserved by the policy alone",
		[LOOK_PAST] = "was reserved, is not any more"};

	return words[look];
}

bool layout_has(const struct layout *layout, enum look look)
{
	for (enum lane lane = 0; lane < LANES; lane++)
		for (size_t i = 0; i < layout->lanes[lane].n; i++)
			if (layout->lanes[lane].items[i].look == look)
				return true;
	return false;
}

const char *layout_edge(struct report *report, const struct layout *layout, size_t i)
{
	uint64_t last;

	if (i < layout->n_bands)
		return report_words(
			report, "0x%0*" PRIx64, layout->digits, layout->bands[i].range.first);
	last = layout->n_bands ? layout->bands[layout->n_bands - 1].range.last : UINT64_MAX;
	if (last == UINT64_MAX)
		return "2^64";
	return report_words(report, "0x%0*" PRIx64, layout->digits, last + 1);
}
