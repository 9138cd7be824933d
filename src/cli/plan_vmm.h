/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a VMM's command line: what must not happen in a rehearsal, and what could be
 * changed for the guest to fit. All of it is tables; a VMM without one is rehearsed as it is. */
#ifndef IOVASHIM_PLAN_VMM_H
#define IOVASHIM_PLAN_VMM_H

#include "plan_run.h"

/* The CPUs of the host that is planned for. */
struct host_cpu {
	const char *vendor; /* "AuthenticAMD", or "" */
	unsigned int bits;  /* of physical addresses; 0: not known */
	const char *model;  /* that the VMM gives a guest if nothing is said; NULL: not known */
};

enum rewrite_action {
	LEAVE_OUT_FLAG, /* an option without a value */
	LEAVE_OUT,	/* an option with one */
	REPLACE,	/* its value becomes @put */
	CHANGE,		/* of its properties @keep stay (NULL: all), then @put is set */
	COPY,		/* its value is a file of which the VMM gets a copy */
	COPY_PROPERTY,	/* the same, of property @put */
};

/* One row: an option that would reach out of the rehearsal. The first row that fits counts. */
struct rewrite {
	const char *option;
	enum rewrite_action action;
	const char *implied; /* key of a value's first word */
	const char *key;     /* the row holds where this property matches … */
	const char
		*match; /* … one of these patterns (fnmatch), separated by blanks; NULL: always */
	const char *keep, *put;
	const char *told; /* what the report says was left out, one word or two; NULL: nothing */
};

enum trouble {
	RAM_IN_HOLE = 1,  /* guest RAM, set up with the guest, touches a hole */
	RAM_BEYOND = 2,	  /* the same, beyond the IOMMU's width */
	DIMM_IN_HOLE = 4, /* a DIMM does */
	BAR_IN_HOLE = 8,
	BAR_BEYOND = 16,
	TOO_FEW_BITS = 32, /* the VMM itself says that physical addresses are too short */
};

enum step_action {
	STEP_END,
	SET_PROPERTY, /* of the first such option, which is added if it is not there */
	ADD_OPTION,
	SET_MEMORY, /* the guest's RAM, with the backends that hold it */
	SET_DIMM,   /* a property of the device whose memory is in the hole */
};

/* A value is a template: see values_get() in plan_values.c for its names. */
struct step {
	enum step_action action;
	const char *option, *implied, *key, *value;
};

enum { STEPS = 5 };

struct candidate {
	const char *name;
	unsigned int against; /* troubles it may help with */
	const char *why;      /* a template */
	const char *cost;     /* what it does to the guest and to migration */
	bool less_memory;     /* the guest gets less than was asked for */
	struct step steps[STEPS];
};

/* What a VMM prints when physical addresses are too short for the guest. */
struct complaint {
	const char *pattern; /* fnmatch, of a line */
	enum trouble trouble;
};

struct plan_vmm {
	const char *name;
	const char *files;	       /* patterns of the executable's name, separated by blanks */
	bool monitor;		       /* speaks QMP on QMP_FD if started with @rehearsing */
	const char *const *rehearsing; /* words added, ended by NULL */
	const char *const *probe;      /* words that start it without a guest, to be asked */
	const struct question *probe_questions, *questions;
	const struct rewrite *rewrites;
	const struct candidate *candidates;
	const struct complaint *complaints;
	/* Takes out of @args, into @flash, what firmware is read from, made to read copies. */
	void (*take_flash)(struct args *args, struct args *flash, const char *directory);
	/* What no table can say; NULL: nothing. @told: see rewrite_args(). */
	void (*substitute)(struct args *args, const struct host_cpu *cpu, json_t *told);
};

/* By the executable's name; never NULL. */
const struct plan_vmm *vmm_find(const char *path);
extern const struct plan_vmm vmm_qemu;

/* True if @text matches one of the blank-separated @patterns. */
bool matches_one(const char *patterns, const char *text);

/* A copy in @directory of what a VMM may want to write to, to be freed; NULL if it cannot be read.
 */
char *copy_file(const char *path, const char *directory);

/* plan_flash.c: QEMU's. */
void take_flash(struct args *args, struct args *flash, const char *directory);

/* Adds @what to @told, once. */
void tell(json_t *told, const char *what);

/* Changes @args to what can be rehearsed, copying files to @directory. @told: a list of strings,
 * each once, of what was left out or replaced. */
void rewrite_args(const struct plan_vmm *vmm, struct args *args, const char *directory,
	const struct host_cpu *cpu, json_t *told);

#endif
