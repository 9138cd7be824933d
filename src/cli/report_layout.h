/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The picture of a container's addresses, before it is drawn: bands, and what lies across them. */
#ifndef IOVASHIM_REPORT_LAYOUT_H
#define IOVASHIM_REPORT_LAYOUT_H

#include "report.h"

/* An address space of 16 TiB with a hole of 1 MiB cannot be drawn to scale. It is cut wherever
 * anything begins or ends; each stretch between two cuts is a band. Bands are drawn as high as
 * each other, with their true size written on them; a strip beside them is to scale. */

enum look {
	LOOK_RAM,
	LOOK_BAR,
	LOOK_GONE,    /* was there, and is not at the end of the log */
	LOOK_REFUSED, /* asked for, and not mapped */
	LOOK_PIECE,   /* devices reach it */
	LOOK_GUARDED, /* they do not, and the guest cannot use it by accident */
	LOOK_OPEN,    /* they do not, and it can */
	LOOK_OVER,    /* mapped over reserved addresses */
	LOOK_HOST,    /* reserved by the host */
	LOOK_POLICY,  /* reserved by the policy alone */
	LOOK_PAST,    /* was reserved, and is not at the end of the log */
	LOOKS
};

/* What lies in one lane across the bands @from to @to, both inclusive. */
struct layout_item {
	size_t from, to;
	enum look look;
	const char *label; /* a few words */
	const char *more;  /* some more, for where there is room; may be "" */
};

/* What the guest has there; what devices get there; what is reserved there. */
enum lane { LANE_GUEST, LANE_DEVICES, LANE_RESERVED, LANES };

struct layout_band {
	struct range range;
	const char *size; /* "12 GiB" */
	bool empty;	  /* nothing in any lane */
};

struct layout {
	const struct report_space *space; /* the first of those that look like this */
	const char *containers;		  /* "container 1", "containers 1, 2 and 5" */
	size_t n_containers;
	struct layout_band *bands;
	size_t n_bands;
	struct range left_out; /* if some_left_out: the addresses for which there were too many */
	bool some_left_out;
	struct {
		struct layout_item *items;
		size_t n;
	} lanes[LANES];
	uint64_t scale_last; /* the last address that a strip to scale should show */
	int digits;	     /* hexadecimal ones of the longest address at an edge */
};

/* The pictures of @process, those that are alike as one. */
struct layout *report_layouts(struct report *report, size_t process, size_t *n);

/* "guest", "devices", "reserved" */
const char *layout_lane_name(enum lane lane);
/* What a look means, for a legend. */
const char *layout_look_words(enum look look);
/* Whether a look is in the picture. */
bool layout_has(const struct layout *layout, enum look look);
/* The first address of band @i as it is written at its edge; of the end for i = n_bands. */
const char *layout_edge(struct report *report, const struct layout *layout, size_t i);

#endif
