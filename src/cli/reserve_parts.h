/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of run --reserve. */
#ifndef IOVASHIM_RESERVE_PARTS_H
#define IOVASHIM_RESERVE_PARTS_H

#include "hole_set.h"
#include "plan.h"
#include "reserve.h"

/* reserve_args.c: QEMU's words. Pure. */
enum { RESERVE_MOST_HOLES = 32 };
/* @json: the device is written so, as QEMU creates those last: one without an address takes the
 * first slot that is free then, which is to be nobody else's. */
void reserve_add_rom(
	struct args *args, enum reserve_way way, bool json, const char *rom, const char *holes);
bool reserve_uses_json(const struct args *args);
void reserve_add_port(struct args *args, const char *backend);
/* An argument that is there already, and would be there twice; NULL: none. */
const char *reserve_collision(const struct args *args);
/* True if there is a device of VFIO, or may be (-readconfig). */
bool reserve_has_device(const struct args *args);
/* True if there is room for memory that is plugged (-m maxmem=). */
bool reserve_has_slots(const struct args *args);

/* reserve_holes.c: which holes matter. Pure. */
/* RAM of @survey, a DIMM's not, or only a DIMM's; to be freed. */
struct range *reserve_ram(const struct outcome *survey, bool dimms, size_t *n);
/* The holes of @host for the groups that @survey used, and those of @policy; to be freed. */
struct hole *reserve_all_holes(const struct plan_host *host, const struct outcome *survey,
	const struct policy *policy, size_t *n);
/* Leaves in @holes those that @ram touches; returns how many. */
size_t reserve_keep_crossed(struct hole *holes, size_t n, const struct range *ram, size_t n_ram);
/* @holes in whole pages, ascending, those that touch as one; to be freed. */
struct range *reserve_merge(const struct hole *holes, size_t n, size_t *n_merged);
/* "0x… (reserved, group 3)". */
void reserve_describe_hole(struct text *text, const struct hole *hole);
/* Where the guest has room for 64-bit BARs, by the VMM's own word. */
bool reserve_window(const struct outcome *survey, struct range *window);

/* reserve_rom.c: the ROM's file. NULL after a line on stderr; to be freed. */
char *reserve_find_rom(void);

/* reserve_firmware.c: what only the guest's firmware can show, by letting it run in a rehearsal.
 * 0 or a status. Adds to @reservation what moves BARs out of @holes, if something does. */
int reserve_try_firmware(struct plan *plan, enum reserve_way way, struct reservation *reservation,
	const struct hole *holes, size_t n_holes, bool quiet);

/* cli_complain(), unless @quiet. */
__attribute__((format(printf, 2, 3))) void reserve_tell(bool quiet, const char *format, ...);

#endif
