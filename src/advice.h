/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest must be told, and what to change so that a mapping can be had, ready to paste: the
 * tables of knowledge.h with the case's own numbers and the VMM's own arguments in them. Pure. */
#ifndef IOVASHIM_ADVICE_H
#define IOVASHIM_ADVICE_H

#include "knowledge.h"
#include "text.h"
#include "vmm_args.h"

struct advice {
	const struct range *gaps; /* guest RAM that devices cannot reach; disjoint, ascending */
	size_t n_gaps;
	struct range ram;  /* the mapping: of a summary, the largest that crossed a hole */
	struct range hole; /* the hole that it touches, in whole pages; last 0: none */
	const char *vmm;   /* path of the executable */
	const struct vmm_args *args; /* NULL: not known */
	unsigned int version;	     /* of QEMU, major << 8 | minor; 0: not known */
	enum cause cause;
	enum memory_kind memory;
	bool asked;		     /* it is the policy that had it passed on, or refused */
	const struct diagnosis *why; /* of a mapping that failed, else NULL */
};

/* One change. Strings are valid during the call. */
struct advice_item {
	const char *to;	    /* "qemu": arguments for its command line, in place of those of the
			     * same kind; "libvirt", "host", "policy", …: docs/event-log.md */
	const char *change; /* ready to paste */
	const char *why;    /* a clause, or "" */
	const char *cost;   /* what it does to the guest and to migration, or "" */
};

/* Linux's argument for all gaps, "memmap=512M$0xfd00000000 memmap=…"; @dollar is what stands for
 * the $ where it is pasted. */
void advice_memmap(struct text *text, const struct advice *advice, const char *dollar);

/* What to do, in a clause: "tell the guest: memmap=…" where that helps, or can. Linux adds the
 * memory of a DIMM by itself, after it has read its command line: memmap= does not keep it off
 * that. */
void advice_short(struct text *text, const struct advice *advice);

/* Calls @item for each change that would have it done, best first. */
void advice_changes(const struct advice *advice,
	void (*item)(void *context, const struct advice_item *item), void *context);

/* Calls @line for each line of advice, without newline. */
void advice_give(
	const struct advice *advice, void (*line)(void *context, const char *line), void *context);

/* The same for what failed: the changes alone. */
void advice_give_changes(
	const struct advice *advice, void (*line)(void *context, const char *line), void *context);

#endif
