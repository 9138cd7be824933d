// SPDX-License-Identifier: GPL-2.0-or-later
/* A plan's report, for programs: one JSON object, documented in iovashim-plan(1). */
#include "plan.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static json_t *range_json(struct range range)
{
	char room[40];
	struct text text = text_start(room, sizeof(room));

	text_add_range(&text, range);
	return json_string(room);
}

static json_t *args_json(const struct args *args)
{
	json_t *list = json_array();

	for (size_t i = 0; i < args->n; i++)
		json_array_append_new(list, json_string(args->at[i]));
	return list;
}

static json_t *finding_json(const struct finding *f)
{
	json_t *one = json_pack("{s:o, s:s, s:I, s:o, s:s}", "iova", range_json(f->asked), "kind",
		*f->bar	   ? "bar"
		: *f->dimm ? "dimm"
			   : "ram",
		"overlap", (json_int_t)f->overlap, "hole", range_json(f->hole.range), "type",
		f->hole.type);

	json_object_set_new(one, "group", json_integer(f->hole.group));
	if (*f->bar || *f->dimm)
		json_object_set_new(one, "device", json_string(*f->bar ? f->bar : f->dimm));
	return one;
}

static json_t *outcome_json(const struct outcome *o)
{
	return json_pack("{s:b, s:s%}", "starts", o->started, "words", o->words,
		(size_t)(o->words ? strlen(o->words) : 0));
}

static json_t *attempt_json(const struct attempt *a)
{
	char *command = args_text(&a->args);
	json_t *one = json_pack("{s:s, s:b, s:b, s:s, s:s, s:o, s:s}", "name", a->candidate->name,
		"works", a->works, "longer_addresses", a->bits, "why", a->why, "cost",
		a->candidate->cost, "arguments", args_json(&a->args), "command", command);

	if (a->why_not)
		json_object_set_new(one, "why_not", json_string(a->why_not));
	free(command);
	return one;
}

static json_t *host_json(const struct plan *plan)
{
	const struct model_host *h = &plan->host.model;
	char kernel[32];

	snprintf(kernel, sizeof(kernel), "%u.%u", h->kernel >> 16, h->kernel & 0xffff);
	return json_pack("{s:s, s:s, s:s, s:b}", "name", plan->host.name, "kernel", kernel, "cpu",
		h->cpu, "enforces", plan_host_enforces(&plan->host));
}

static json_t *with_json(const struct plan *plan)
{
	json_t *one = outcome_json(&plan->with);
	const char *memmap;
	uint64_t unreachable;
	bool works = works_with_shim(plan, &unreachable, &memmap);

	json_object_set_new(one, "works", json_boolean(works));
	json_object_set_new(one, "unreachable", json_integer((json_int_t)unreachable));
	json_object_set_new(one, "memmap", json_string(memmap));
	return one;
}

void plan_json(const struct plan *plan, int status)
{
	static const char *const verdicts[] = {"fine", "mended", "nothing"};
	json_t *findings = json_array(), *attempts = json_array(), *report;

	for (size_t i = 0; i < plan->judged.n; i++)
		json_array_append_new(findings, finding_json(&plan->judged.at[i]));
	for (size_t i = 0; i < plan->n_attempts; i++)
		json_array_append_new(attempts, attempt_json(&plan->attempts[i]));
	report = json_pack("{s:i, s:s, s:o, s:s, s:o, s:O, s:O, s:b}", "v", 1, "verdict",
		verdicts[status], "host", host_json(plan), "vmm", plan->vmm->name, "arguments",
		args_json(&plan->base), "left_out", plan->told, "stand_ins", plan->stand_ins,
		"longer_addresses", plan->base_differs);
	json_object_set_new(report, "mappings",
		json_pack("{s:I, s:I}", "ram", (json_int_t)plan->judged.n_ram, "bars",
			(json_int_t)plan->judged.n_bars));
	json_object_set_new(report, "findings", findings);
	json_object_set_new(
		report, "as_it_is", outcome_json(plan->had_plain ? &plan->plain : &plan->survey));
	if (plan->had_with)
		json_object_set_new(report, "with_iovashim", with_json(plan));
	json_object_set_new(report, "firmware",
		json_pack("{s:b, s:f}", "settled", plan->survey.firmware, "seconds",
			plan->survey.firmware_took));
	json_object_set_new(report, "attempts", attempts);
	json_dumpf(report, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(report);
}
