/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan: what was asked, what rehearsals showed, what would mend it. */
#ifndef IOVASHIM_PLAN_H
#define IOVASHIM_PLAN_H

#include "plan_host.h"
#include "plan_run.h"
#include "plan_vmm.h"

/* A mapping that touches a hole. */
struct finding {
	struct range asked;
	struct plan_hole hole;
	uint64_t overlap; /* bytes */
	char bar[24];	  /* as in struct mapping */
	char dimm[64];	  /* its id, or that of its backend; empty: no DIMM's */
};

struct judgement {
	struct finding *at;
	size_t n;
	unsigned int troubles; /* of enum trouble */
	size_t n_ram, n_bars;  /* mappings in all, each place once */
};

/* A candidate, tried. */
struct attempt {
	const struct candidate *candidate;
	struct args args; /* empty: it could not even be put together */
	char *why;	  /* the candidate's, filled in */
	bool bits;	  /* longer physical addresses had to be added */
	bool works;
	char *why_not;
};

struct plan {
	struct stage stage;
	struct plan_host host;
	const struct plan_vmm *vmm;
	char *open_host, *real_host; /* descriptions, as files */
	struct args asked;
	struct args base; /* the same, with what it needs to start at all */
	bool base_differs;
	struct args added; /* to each rehearsal, as it stands */
	json_t *stand_ins, *told, *probe;
	struct outcome survey; /* on a host that refuses nothing */
	struct judgement judged;
	struct outcome plain; /* on the host itself */
	bool had_plain;
	struct outcome with; /* with iovashim; only if there is RAM in a hole */
	bool had_with;
	struct attempt *attempts;
	size_t n_attempts;
};

/* Documented in iovashim-plan(1). */
enum { PLAN_FINE = 0, PLAN_MENDED = 1, PLAN_NOTHING = 2 };

/* plan_stage.c: what rehearsals of plan->asked on plan->host need. 0 or a status, with a line on
 * stderr. plan_clear() frees all that @plan holds, and removes what it made. */
int plan_stage(struct plan *plan, bool confined, double firmware_seconds);
void plan_clear(struct plan *plan);
/* From here on, signals that would end this process only make plan_interrupted() true; until
 * plan_leave_signals(), which puts back what was. */
void plan_catch_signals(void);
void plan_leave_signals(void);

/* plan_judge.c */
void judge(
	const struct plan_host *host, const struct outcome *outcome, struct judgement *judgement);
void judgement_clear(struct judgement *judgement);
/* Troubles that the VMM's own words tell of. */
unsigned int complaints(const struct plan_vmm *vmm, const char *words);
/* Bytes of guest memory, DIMMs included; 0 if it was not asked. */
uint64_t guest_memory(const struct outcome *outcome);
/* The DIMM that holds @address: index in the facts' "dimms", or -1. */
int dimm_at(const struct outcome *outcome, uint64_t address);
/* The guest as iovashim lets it start: true if it runs, all RAM that crosses a hole split. */
bool works_with_shim(const struct plan *plan, uint64_t *unreachable, const char **memmap);

/* plan_values.c: the words that templates use, from @outcome and @judged. */
struct values {
	struct {
		const char *name;
		char *text; /* NULL: not known, and no candidate that wants it is tried */
	} at[16];
	size_t n;
};
void values_get(
	const struct plan *plan, const struct args *args, const char *words, struct values *values);
void values_clear(struct values *values);
const char *values_find(void *values, const char *name);

/* plan_edit.c: applies @candidate's steps to @args. False if a value or a place is missing. */
bool apply_steps(const struct plan *plan, const struct candidate *candidate, struct values *values,
	struct args *args);
/* Index of @option's occurrence that has property @key, else of the first, else args->n. Knows
 * that -M is -machine. */
size_t find_option(
	const struct args *args, const char *option, const char *implied, const char *key);

/* plan_try.c */
/* Rehearses @args. 0 or a status. */
int plan_rehearse(struct plan *plan, const struct args *args, const char *host, bool shim,
	bool firmware, struct outcome *outcome);
int plan_probe(struct plan *plan);
/* Tries what the tables have against the troubles. 0 or a status. */
int plan_try(struct plan *plan);
/* Makes arguments that fail only for short physical addresses start: changes plan->base. */
int plan_lengthen(struct plan *plan);

/* plan_report.c, plan_json.c. @status: the verdict. */
void plan_report(const struct plan *plan, int status);
void plan_json(const struct plan *plan, int status);

#endif
