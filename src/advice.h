/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest must be told, and which layouts need no telling, ready to paste. Pure. */
#ifndef IOVASHIM_ADVICE_H
#define IOVASHIM_ADVICE_H

#include "text.h"

struct advice {
	const struct range *gaps; /* guest RAM that devices cannot reach; disjoint, ascending */
	size_t n_gaps;
	struct range ram;  /* the largest mapping that crossed a hole */
	struct range hole; /* the hole that it crossed */
	const char *vmm;   /* path of the executable */
};

/* Linux's argument for all gaps, "memmap=512M$0xfd00000000 memmap=…"; @dollar is what stands for
 * the $ where it is pasted. */
void advice_memmap(struct text *text, const struct advice *advice, const char *dollar);

/* What to do, in a clause: "tell the guest: memmap=…" where that helps, or can. Linux adds the
 * memory of a DIMM by itself, after it has read its command line: memmap= does not keep it off
 * that. */
void advice_short(struct text *text, const struct advice *advice);

/* Calls @line for each line of advice, without newline. */
void advice_give(
	const struct advice *advice, void (*line)(void *context, const char *line), void *context);

#endif
