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

/* Calls @line for each line of advice, without newline. */
void advice_give(
	const struct advice *advice, void (*line)(void *context, const char *line), void *context);

#endif
