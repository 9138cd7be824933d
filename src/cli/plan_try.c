// SPDX-License-Identifier: GPL-2.0-or-later
/* Rehearsing with changed arguments, and keeping what is seen to work. */
#include "cli.h"
#include "plan.h"

#include <stdlib.h>
#include <string.h>

int plan_rehearse(struct plan *plan, const struct args *args, const char *host, bool shim,
	bool firmware, struct outcome *outcome)
{
	struct args words = args_copy(args->at, args->n);
	struct host_cpu cpu = {plan->host.model.cpu, plan->host.model.physbits, NULL};
	struct rehearsal what = {.args = &words,
		.host = host,
		.with_shim = shim,
		.firmware = firmware,
		.questions = plan->vmm->questions};
	struct values values;
	int status;

	values_get(plan, args, "", &values);
	cpu.model = values_find(&values, "default-cpu");
	rewrite_args(plan->vmm, &words, plan->stage.directory, &cpu, plan->told);
	values_clear(&values);
	for (size_t i = 0; i < plan->added.n; i++)
		args_add(&words, plan->added.at[i]);
	status = rehearse(&plan->stage, &what, outcome);
	args_free(&words);
	return status;
}

int plan_probe(struct plan *plan)
{
	struct args words = args_copy(plan->asked.at, 1);
	struct rehearsal what = {
		.args = &words, .host = plan->open_host, .questions = plan->vmm->probe_questions};
	struct outcome outcome;
	int status;

	for (const char *const *word = plan->vmm->probe; *word; word++)
		args_add(&words, *word);
	for (const char *const *word = plan->vmm->rehearsing; *word; word++)
		args_add(&words, *word);
	status = rehearse(&plan->stage, &what, &outcome);
	if (!status && outcome.started)
		plan->probe = json_incref(outcome.facts);
	if (!status)
		outcome_clear(&outcome);
	args_free(&words);
	return status;
}

static const struct candidate *lengthening(const struct plan_vmm *vmm)
{
	const struct candidate *c = vmm->candidates;

	while (c && c->name && c->against != TOO_FEW_BITS)
		c++;
	return c && c->name ? c : NULL;
}

/* Gives @args the physical bits that @words ask for. */
static bool lengthen(const struct plan *plan, struct args *args, const char *words)
{
	const struct candidate *bits = lengthening(plan->vmm);
	struct values values;
	bool done;

	if (!bits || !(complaints(plan->vmm, words) & TOO_FEW_BITS))
		return false;
	values_get(plan, args, words, &values);
	done = apply_steps(plan, bits, &values, args);
	values_clear(&values);
	return done;
}

int plan_lengthen(struct plan *plan)
{
	struct args args = args_copy(plan->base.at, plan->base.n);
	struct outcome outcome;
	int status;

	if (!lengthen(plan, &args, plan->survey.words)) {
		args_free(&args);
		return 0;
	}
	status = plan_rehearse(plan, &args, plan->open_host, false, true, &outcome);
	if (status || !outcome.started) {
		args_free(&args);
		if (!status)
			outcome_clear(&outcome);
		return status;
	}
	outcome_clear(&plan->survey);
	plan->survey = outcome;
	args_free(&plan->base);
	plan->base = args;
	plan->base_differs = true;
	return 0;
}

/* Whether @outcome, on the host itself, is better than what the base would be. */
static bool is_mended(const struct plan *plan, const struct candidate *c,
	const struct outcome *outcome, char **why_not)
{
	uint64_t memory = guest_memory(outcome), asked = guest_memory(&plan->survey);
	const unsigned int bars = BAR_IN_HOLE | BAR_BEYOND;
	const unsigned int ram = RAM_IN_HOLE | RAM_BEYOND | DIMM_IN_HOLE;
	struct judgement j;
	bool mended = false;

	judge(&plan->host, outcome, &j);
	if (!outcome->started)
		*why_not = plan_copy(*outcome->words ? outcome->words : "it does not start");
	else if (j.troubles & ram)
		*why_not = plan_copy("guest RAM is in a hole still");
	else if (j.troubles & bars && !(plan->judged.troubles & bars))
		*why_not = plan_copy("a BAR is in a hole then");
	else if (j.troubles & bars && !(plan->judged.troubles & ram))
		*why_not = plan_copy("a BAR is in a hole still");
	else if (memory != asked && !c->less_memory)
		*why_not = plan_copy("the guest has not the memory that was asked for");
	else if (plan->judged.n_bars && !j.n_bars)
		*why_not = plan_copy("firmware did not place the BARs in time");
	else
		mended = true;
	judgement_clear(&j);
	return mended;
}

/* All that is missing is physical bits, and @c may make those that there are suffice. */
static bool is_alternative_to_bits(const struct plan *plan, const struct candidate *c)
{
	return plan->base_differs && !plan->judged.troubles && (c->against & TOO_FEW_BITS);
}

/* On the host itself; once more if all that is missing is physical bits. */
static int attempt_run(struct plan *plan, struct attempt *a)
{
	bool firmware = plan->judged.n_bars;
	struct outcome outcome;
	int status = plan_rehearse(plan, &a->args, plan->real_host, false, firmware, &outcome);

	if (!status && !outcome.started && !is_alternative_to_bits(plan, a->candidate) &&
		lengthen(plan, &a->args, outcome.words)) {
		a->bits = true;
		outcome_clear(&outcome);
		status = plan_rehearse(plan, &a->args, plan->real_host, false, firmware, &outcome);
	}
	if (status)
		return status;
	a->works = is_mended(plan, a->candidate, &outcome, &a->why_not);
	outcome_clear(&outcome);
	return 0;
}

/* A row of less memory is the last resort: of no interest where something else works. */
static bool wanted(const struct plan *plan, const struct candidate *c)
{
	unsigned int troubles = plan->judged.troubles;

	/* An alternative to longer physical addresses, where nothing else is missing. */
	if (plan->base_differs && !troubles)
		troubles = TOO_FEW_BITS;
	if (!(c->against & troubles) || c->against == TOO_FEW_BITS)
		return false;
	for (size_t i = 0; i < plan->n_attempts && c->less_memory; i++)
		if (plan->attempts[i].works)
			return false;
	return true;
}

static bool tried_before(const struct plan *plan, const struct args *args)
{
	for (size_t i = 0; i < plan->n_attempts; i++) {
		const struct args *other = &plan->attempts[i].args;
		size_t same = 0;

		while (same < args->n && same < other->n &&
			!strcmp(args->at[same], other->at[same]))
			same++;
		if (same == args->n && same == other->n)
			return true;
	}
	return false;
}

static void keep(struct plan *plan, const struct attempt *a)
{
	plan->attempts = plan_realloc(plan->attempts, (plan->n_attempts + 1) * sizeof(*a));
	plan->attempts[plan->n_attempts++] = *a;
}

static int try_one(struct plan *plan, const struct candidate *c)
{
	struct attempt a = {.candidate = c};
	struct values values;
	int status = 0;

	if (is_alternative_to_bits(plan, c))
		a.args = args_copy(plan->asked.at, plan->asked.n);
	else
		a.args = args_copy(plan->base.at, plan->base.n);
	values_get(plan, &a.args, "", &values);
	a.why = template_fill(c->why, values_find, &values);
	if (!a.why || !apply_steps(plan, c, &values, &a.args) || tried_before(plan, &a.args)) {
		free(a.why);
		args_free(&a.args);
		values_clear(&values);
		return 0;
	}
	values_clear(&values);
	status = attempt_run(plan, &a);
	keep(plan, &a);
	return status;
}

/* The base itself, where nothing but longer physical addresses was missing: it was rehearsed. */
static void keep_base(struct plan *plan)
{
	const struct candidate *bits = lengthening(plan->vmm);
	struct attempt a = {.candidate = bits, .works = true};

	if (!bits || !plan->base_differs || plan->judged.troubles || !plan->had_plain ||
		!plan->plain.started)
		return;
	a.why = plan_copy(bits->why);
	a.args = args_copy(plan->base.at, plan->base.n);
	keep(plan, &a);
}

int plan_try(struct plan *plan)
{
	int status = 0;

	keep_base(plan);
	for (const struct candidate *c = plan->vmm->candidates; c && c->name && !status; c++)
		if (wanted(plan, c))
			status = try_one(plan, c);
	return status;
}
