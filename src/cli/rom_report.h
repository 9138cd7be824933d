/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the reservation ROM says at its port (rom/README.md), line by line. Pure.
 *
 * Whatever runs in the guest can write there too: all of it is bounded, and believed no further
 * than that the guest itself would lose by a lie. */
#ifndef IOVASHIM_ROM_REPORT_H
#define IOVASHIM_ROM_REPORT_H

#include "range.h"
#include "text.h"

enum { ROM_REPORT_HOLES = 32, ROM_REPORT_LINE = 200 };

enum rom_hole_state { ROM_HOLE_RESERVED, ROM_HOLE_EMPTY, ROM_HOLE_LEFT };

struct rom_hole {
	struct range range;
	enum rom_hole_state state;
	char why[80]; /* of ROM_HOLE_LEFT: why it is not reserved */
};

/* Of one start of the machine. */
struct rom_report {
	char version[16], firmware[16];
	size_t n_holes;
	struct rom_hole holes[ROM_REPORT_HOLES];
	char error[160]; /* empty: none */
	unsigned int done, of;
};

enum rom_line {
	ROM_LINE_OTHER, /* nothing of the ROM's, or nothing new */
	ROM_LINE_PART,	/* of a report */
	ROM_LINE_DONE,	/* the report's last */
	ROM_LINE_AFTER, /* what the ROM does about a failure */
};

/* Takes the next line (no newline) into @report, which a line "version" clears. */
enum rom_line rom_report_take(struct rom_report *report, const char *line);

/* True if all of @n_asked holes are kept, by a report that is done. */
bool rom_report_is_told(const struct rom_report *report, size_t n_asked);

/* "0x… not reserved: WHY", or "3 of 3 holes reserved (1 of them without RAM)". */
void rom_report_describe(struct text *text, const struct rom_report *report);

/* Fields of the event "rom" (docs/event-log.md), each after a comma. */
void rom_report_json(struct text *text, const struct rom_report *report, bool told);

/* Bytes in, lines out. */
struct rom_lines {
	char line[ROM_REPORT_LINE + 1]; /* longer ones are cut */
	size_t length;
};

/* Adds @byte. True if it ended a line, which is in @lines->line until the next call. */
bool rom_lines_add(struct rom_lines *lines, char byte);

#endif
