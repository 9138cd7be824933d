/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A digested report, drawn: for terminals, as SVG, as HTML, as JSON. */
#ifndef IOVASHIM_REPORT_RENDER_H
#define IOVASHIM_REPORT_RENDER_H

#include "report.h"
#include "report_layout.h"
#include "report_screen.h"

/* Errors of writing are the file's to remember (ferror()). */
void report_text(const struct screen *screen, struct report *report);
void report_svg(FILE *to, struct report *report);
void report_html(FILE *to, struct report *report);
void report_json(FILE *to, struct report *report);

/* A picture alone, in characters. */
void report_picture(
	const struct screen *screen, struct report *report, const struct layout *layout);

/* A picture as an <svg> element, styled by classes; @id tells it from others on the page. */
void report_svg_picture(FILE *to, struct report *report, const struct layout *layout, size_t id);
/* The style sheet for the classes, light and dark. */
void report_svg_style(FILE *to);
/* The class of what looks so. */
const char *report_look_class(enum look look);
/* Text of an XML or HTML element or attribute. */
void report_markup(FILE *to, const char *text);

/* Words that several of them use. */
const char *report_title(struct report *report);
/* "4 mappings split (8 pieces), 1 refused …" */
const char *report_totals(struct report *report, const struct report_process *process);
/* "QEMU …, kernel 6.12, …": what the start line said, or that there is none. */
const char *report_head(struct report *report, const struct report_process *process);
/* "3 times, last +12.3 s"; empty for a single one. */
const char *report_repeats(struct report *report, const struct report_entry *entry);
/* The state of a mapping: "mapped in 2 pieces, since +0.1 s". */
const char *report_state(struct report *report, const struct report_mapping *mapping, int64_t from);
/* When the report begins; what relative times are relative to. */
int64_t report_begin(const struct report *report);
const char *report_severity(enum severity severity); /* "bad" */

#endif
