/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A failing sequence, for people. */
#include "diff_world.h"

#include <inttypes.h>

void diff_print_op(FILE *out, const struct op *op)
{
	static const char *const names[] = {
		"map", "remap", "unmap", "dirty", "write", "join", "leave"};

	fprintf(out,
		"  %-6s pages %" PRIu64 "+%" PRIu64 " flags %" PRIu32 " argsz %" PRIu32
		" vaddr %" PRIu64 " skew %" PRIu64,
		names[op->kind], op->first, op->pages, op->flags, op->argsz, op->vaddr, op->skew);
	if (op->fault != MODEL_CALLS)
		fprintf(out, " fault %s %u errno %d", model_call_names[op->fault], op->fault_nth,
			op->fault_errno);
	if (op->guard_nth)
		fprintf(out, " guard %u errno %d", op->guard_nth, op->guard_errno);
	fprintf(out, "\n");
}

void diff_print_plan(FILE *out, const struct plan *plan)
{
	fprintf(out,
		"  type %lu old %d precise %d aligned %d skip %d own %d aperture %" PRIu64 " holes",
		plan->type, plan->old, plan->precise, plan->aligned, plan->skip, plan->own,
		plan->aperture);
	for (size_t i = 0; i < plan->n_holes; i++)
		fprintf(out, " %" PRIu64 "-%" PRIu64, plan->holes[i].first, plan->holes[i].last);
	fprintf(out, " joined");
	for (size_t i = 0; i < plan->n_joined; i++)
		fprintf(out, " %" PRIu64 "-%" PRIu64, plan->joined[i].first, plan->joined[i].last);
	fprintf(out, "\n");
}
