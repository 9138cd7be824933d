/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run --reserve: what tells the guest of its holes, added to QEMU's arguments. */
#ifndef IOVASHIM_RESERVE_H
#define IOVASHIM_RESERVE_H

#include "plan_args.h"
#include "policy.h"
#include "text.h"

enum reserve_way {
	RESERVE_OFF,
	RESERVE_DEVICE, /* the ROM of a device of its own: SeaBIOS and UEFI */
	RESERVE_ROM,	/* QEMU's -option-rom: SeaBIOS alone */
};

struct reservation {
	struct args args;    /* the VMM's, and what was added */
	size_t n_asked;	     /* words of args that were there before; fewer than args.n: added */
	struct range *holes; /* what the ROM is to reserve: whole pages, ascending, disjoint */
	size_t n_holes;
	char *rom;	 /* the file */
	bool boots;	 /* the guest begins with its firmware: it does not arrive by migration */
	bool below_4gib; /* of a hole */
};

/* Finds out by a rehearsal which holes of its devices' groups and of @policy the guest's RAM
 * crosses. If there are such, adds to @vmm what tells the guest; it lacks only the way back
 * (reserve_add_channel()). Returns 0, or an exit status after a line that says why the guest cannot
 * be told; @quiet: what is merely told is not. @reservation is to be cleared either way. */
int reserve(enum reserve_way way, char **vmm, const struct policy *policy, bool quiet,
	struct reservation *reservation);
void reservation_clear(struct reservation *reservation);

static inline bool reservation_made(const struct reservation *r)
{
	return r->args.n > r->n_asked;
}

/* Adds the port where the ROM reports. @fd: of a connected socket that QEMU inherits; or, with -1,
 * @path: a file that it appends to. */
void reserve_add_channel(struct reservation *reservation, int fd, const char *path);

/* "0x110000000-0x11fffffff 0x…": blanks, since a comma would have to be doubled on QEMU's command
 * line, and libvirt does not. To be freed. */
char *reserve_holes_text(const struct range *holes, size_t n);

/* Fields of the event "reserve" (docs/event-log.md), each after a comma. */
void reserve_json(struct text *text, const struct reservation *reservation);

#endif
