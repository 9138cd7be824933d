/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run --reserve: rehearses QEMU to see which holes its guest's RAM crosses, and adds what tells the
 * guest. Nothing of where QEMU puts memory is written down here. */
#include "reserve_parts.h"
#include "cli.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* For firmware on an emulated CPU; asked for only where it has to show something. */
static const double firmware_seconds = 60;

/* In rehearsals for the layout: of a list that the ROM takes, where no guest has RAM. */
static const struct range nowhere = {0xfffffffff000, 0xfffffffffffff};

void reserve_tell(bool quiet, const char *format, ...)
{
	char line[2048];
	va_list arguments;

	if (quiet)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	cli_complain("%s", line);
}

void reservation_clear(struct reservation *r)
{
	args_free(&r->args);
	free(r->holes);
	free(r->rom);
	*r = (struct reservation){0};
}

/* What rehearsals add to the VMM's words. */
static void set_added(struct plan *plan, enum reserve_way way, const char *rom,
	const struct range *holes, size_t n)
{
	char *text = reserve_holes_text(holes, n);
	char *backend =
		plan_format("file,id=iovashim-report,path=%s/rom.report", plan->stage.directory);

	args_free(&plan->added);
	plan->added = args_copy(NULL, 0);
	reserve_add_rom(&plan->added, way, reserve_uses_json(&plan->base), rom, text);
	reserve_add_port(&plan->added, backend);
	free(backend);
	free(text);
}

static const char *fact(const struct outcome *o, const char *name, const char *key)
{
	const json_t *answer = json_object_get(o->facts, name);
	const char *text = json_string_value(key ? json_object_get(answer, key) : answer);

	return text ? text : "";
}

/* The ROM is code for firmwares of PCs. */
static int check_machine(const struct outcome *o)
{
	const char *arch = fact(o, "target", "arch"), *machine = fact(o, "machine", NULL);
	const char *suffix = strstr(machine, "-machine");

	if (strcmp(arch, "x86_64") != 0 && strcmp(arch, "i386") != 0)
		return cli_fail("--reserve: the ROM is for PCs, and this is a guest of %s: place "
				"its memory elsewhere, or tell it by hand",
			arch);
	if (matches_one("pc-*", machine))
		return 0;
	return cli_fail("--reserve: the firmware of machine %.*s starts no ROM: take q35 or pc, or "
			"tell the guest by hand",
		(int)(suffix ? (size_t)(suffix - machine) : strlen(machine)), machine);
}

/* It does not start with what is added: is that its fault? */
static int explain(struct plan *plan)
{
	struct args added = plan->added;
	struct outcome alone;
	int status;

	plan->added = args_copy(NULL, 0);
	status = plan_rehearse(plan, &plan->base, plan->open_host, false, false, &alone);
	args_free(&plan->added);
	plan->added = added;
	if (status)
		return status;
	if (!alone.started) {
		status = cli_fail(
			"--reserve: in a rehearsal, on a host that refuses nothing, the VMM "
			"does not start; it says:\n%s",
			*alone.words ? alone.words : "nothing");
	} else {
		status = check_machine(&alone);
		if (!status)
			status = cli_fail("--reserve: the VMM does not start with what tells the "
					  "guest; it says:\n%s",
				plan->survey.words);
	}
	outcome_clear(&alone);
	return status;
}

static int survey(struct plan *plan)
{
	/* Only a CPU that is not named has to be asked for. */
	bool named = args_find(&plan->base, "cpu", 0) < plan->base.n;
	int status = named ? 0 : plan_probe(plan);

	if (!status)
		status = plan_rehearse(
			plan, &plan->base, plan->open_host, false, false, &plan->survey);
	if (status)
		return status;
	if (plan_interrupted())
		return EXIT_OWN; /* what is not there was not waited for */
	return plan->survey.started ? check_machine(&plan->survey) : explain(plan);
}

/* Words of @now that are not those of @before. */
static char *changed_words(const struct args *before, const struct args *now)
{
	struct args words = args_copy(NULL, 0);
	char *text;

	for (size_t i = 1; i < now->n; i++) {
		if (i < before->n && !strcmp(now->at[i], before->at[i]))
			continue;
		if (*now->at[i] != '-')
			args_add(&words, now->at[i - 1]);
		args_add(&words, now->at[i]);
	}
	text = args_text(&words);
	args_free(&words);
	return text;
}

/* The policy's holes are of the host too, for what looks for another place. */
static int add_policy_to_host(struct plan *plan, const struct policy *policy)
{
	for (size_t g = 0; g < plan->host.model.nr_groups; g++)
		for (size_t i = 0; i < policy->n_holes; i++) {
			struct range r = policy->holes[i].range;

			if (model_group_add_region(&plan->host.model.groups[g],
				    (struct model_region){{r.first, r.last}, MODEL_RESERVED}))
				return cli_fail("no memory");
		}
	return plan_host_write(&plan->host, plan->real_host, false);
}

/* Rehearses the DIMM elsewhere. */
static void propose_for_dimm(struct plan *plan)
{
	bool proposed = false;

	judge(&plan->host, &plan->survey, &plan->judged);
	plan->judged.troubles &= DIMM_IN_HOLE;
	if (plan_try(plan))
		return;
	for (size_t i = 0; i < plan->n_attempts && !proposed; i++) {
		char *words;

		if (!plan->attempts[i].works)
			continue;
		words = changed_words(&plan->base, &plan->attempts[i].args);
		cli_complain("--reserve: start it with this in the place of those; it was "
			     "rehearsed: %s",
			words);
		free(words);
		proposed = true;
	}
	if (!proposed)
		cli_complain("--reserve: give it another addr= (virtio-mem, virtio-pmem: "
			     "memaddr=), within the room that maxmem= makes");
}

/* Memory that is plugged is in no firmware's map. */
static int check_dimms(struct plan *plan, const struct hole *holes, size_t n)
{
	size_t n_dimms;
	struct range *dimms = reserve_ram(&plan->survey, true, &n_dimms);
	bool found = false;

	for (size_t i = 0; i < n_dimms; i++)
		for (size_t k = 0; k < n && !found; k++) {
			char bytes[1024];
			struct text text = text_start(bytes, sizeof(bytes));

			if (!range_overlaps(dimms[i], holes[k].range))
				continue;
			text_add_range(&text, dimms[i]);
			text_add(&text, " crosses ");
			reserve_describe_hole(&text, &holes[k]);
			cli_complain("--reserve: the DIMM at %s: the guest cannot be told, since "
				     "memory that is plugged is not in the map that the ROM cuts",
				bytes);
			found = true;
		}
	free(dimms);
	if (!found)
		return 0;
	propose_for_dimm(plan);
	return EXIT_OWN;
}

static void tell_crossed(const struct hole *holes, size_t n, bool quiet)
{
	for (size_t i = 0; i < n; i++) {
		char bytes[1024];
		struct text text = text_start(bytes, sizeof(bytes));

		reserve_describe_hole(&text, &holes[i]);
		reserve_tell(quiet, "--reserve: guest RAM crosses %s", bytes);
	}
}

static void tell_added(const struct reservation *r, bool quiet)
{
	struct args added = args_copy(r->args.at + r->n_asked, r->args.n - r->n_asked);
	char *words = args_text(&added);

	reserve_tell(quiet, "--reserve: added, for the guest to keep off: %s", words);
	free(words);
	args_free(&added);
}

/* All holes are known, and so is where RAM is. */
static int decide(struct plan *plan, enum reserve_way way, const struct policy *policy, bool quiet,
	struct reservation *r)
{
	size_t n, n_ram, n_crossed;
	struct hole *all = reserve_all_holes(&plan->host, &plan->survey, policy, &n);
	struct hole *crossed = reserve_all_holes(&plan->host, &plan->survey, policy, &n);
	struct range *ram = reserve_ram(&plan->survey, false, &n_ram);
	int status = add_policy_to_host(plan, policy);

	if (!status)
		status = check_dimms(plan, all, n);
	n_crossed = reserve_keep_crossed(crossed, n, ram, n_ram);
	r->holes = reserve_merge(crossed, n_crossed, &r->n_holes);
	r->below_4gib = r->n_holes && r->holes[0].first >> 32 == 0;
	if (!status && r->n_holes > RESERVE_MOST_HOLES)
		status = cli_fail("--reserve: guest RAM crosses %zu holes, and the ROM takes %d: "
				  "make some of them one in the policy",
			r->n_holes, RESERVE_MOST_HOLES);
	if (!status && !r->n_holes)
		reserve_tell(quiet, "--reserve: no RAM of this guest crosses a hole: nothing is "
				    "added");
	if (!status && r->n_holes) {
		char *text = reserve_holes_text(r->holes, r->n_holes);

		reserve_add_rom(&r->args, way, reserve_uses_json(&r->args), r->rom, text);
		free(text);
		set_added(plan, way, r->rom, r->holes, r->n_holes);
		tell_crossed(crossed, n_crossed, quiet);
		if (reserve_has_slots(&plan->base))
			reserve_tell(quiet,
				"--reserve: memory that is plugged later is in no firmware's map: "
				"give it an addr= off the holes, or the guard stops the guest "
				"there");
		status = reserve_try_firmware(plan, way, r, all, n, quiet);
		if (!status)
			tell_added(r, quiet);
	}
	free(ram);
	free(crossed);
	free(all);
	return status;
}

static int rehearse_and_decide(struct plan *plan, enum reserve_way way, const struct policy *policy,
	bool quiet, struct reservation *r)
{
	struct model_error error = {""};
	int status;

	if (plan_host_load(&plan->host, "this", &error))
		return cli_fail("--reserve: %s", error.text);
	status = plan_stage(plan, true, firmware_seconds);
	if (status)
		return status;
	plan->stage.otherwise = ", or add the ROM by hand (--print on another machine)";
	set_added(plan, way, r->rom, &nowhere, 1);
	status = survey(plan);
	return status ? status : decide(plan, way, policy, quiet, r);
}

static int rehearse_this(
	enum reserve_way way, const struct policy *policy, bool quiet, struct reservation *r)
{
	struct plan plan = {.stand_ins = json_array(), .told = json_array(), .vmm = &vmm_qemu};
	int status;

	plan.asked = args_copy(r->args.at, r->args.n);
	plan.base = args_copy(r->args.at, r->args.n);
	plan_catch_signals();
	status = rehearse_and_decide(&plan, way, policy, quiet, r);
	plan_clear(&plan);
	plan_leave_signals();
	return plan_interrupted() ? cli_fail("interrupted") : status;
}

int reserve(enum reserve_way way, char **vmm, const struct policy *policy, bool quiet,
	struct reservation *r)
{
	const char *twice;
	size_t n = 0;
	int status;

	while (vmm[n])
		n++;
	*r = (struct reservation){.args = args_copy(vmm, n), .n_asked = n, .boots = true};
	if (vmm_find(vmm[0]) != &vmm_qemu)
		return cli_fail("--reserve: %s is not QEMU by its name (%s): only QEMU can be "
				"given the ROM",
			vmm[0], vmm_qemu.files);
	if (!reserve_has_device(&r->args)) {
		reserve_tell(quiet, "--reserve: no device is passed through (-device vfio-…): "
				    "nothing is added");
		return 0;
	}
	twice = reserve_collision(&r->args);
	if (twice)
		return cli_fail("--reserve: this is among the arguments already: %s", twice);
	r->boots = args_find(&r->args, "incoming", 0) == r->args.n;
	r->rom = reserve_find_rom();
	if (!r->rom)
		return EXIT_OWN;
	status = check_program(vmm[0]);
	return status ? status : rehearse_this(way, policy, quiet, r);
}
