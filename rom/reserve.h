/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both halves do: read the holes, have the firmware keep them, look whether it does, report.
 */
#ifndef IOVASHIM_ROM_RESERVE_H
#define IOVASHIM_ROM_RESERVE_H

#include "cut.h"
#include "holes.h"
#include "report.h"

/* A firmware, as far as it matters here. */
struct firmware {
	const char *name; /* "bios" or "uefi" */
	report_screen screen;
	/* All of its memory is below this address, whatever its map says; 0 where the map is true.
	 */
	uint64_t own_below;
	/* The memory map as an operating system would read it now; valid until it is called again.
	 * NULL on failure. */
	const struct memory *(*read_map)(unsigned int *count);
	/* Keeps free memory that lies in @holes from the operating system: all, or as much as it
	 * can. @map is what read_map() gave. */
	void (*reserve)(const struct holes *holes, const struct memory *map, unsigned int count);
	/* True if another copy of this ROM is at work already. */
	bool (*active)(void);
};

enum reserve_result {
	RESERVE_DONE,
	RESERVE_GO_ON, /* some hole is not reserved, but the boot is to go on */
	RESERVE_STOP,  /* the boot must not go on */
};

enum reserve_result reserve_holes(const struct firmware *firmware);

#endif
