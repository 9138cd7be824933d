/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ranges that the guest is told of by its firmware (iovashim run --reserve): of these nobody
 * has to be advised. Pure. */
#ifndef IOVASHIM_TOLD_H
#define IOVASHIM_TOLD_H

#include "range.h"

#include <stddef.h>

enum { TOLD_MOST = 32 };

struct told {
	size_t n;
	struct range at[TOLD_MOST];
};

/* Reads "0xFIRST-0xLAST 0x…", both ends inclusive, as IOVASHIM_TOLD has it; NULL: nothing. Ends at
 * what is no such range. */
struct told told_read(const char *text);

/* True if the guest is told of all of @range. */
bool told_has(const struct told *told, struct range range);

#endif
