/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only the guest's firmware can show: whether the ROM runs and can reserve what it is given,
 * and where BARs go. */
#include "cli.h"
#include "reserve_parts.h"
#include "rom_report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What can be added, and may move BARs. The first that is seen to do it is taken. */
static const struct candidate moves[] = {
	{"smaller 64-bit PCI window", BAR_IN_HOLE | BAR_BEYOND, "", "", false,
		{{ADD_OPTION, "global", NULL, NULL, "${pci-host}.pci-hole64-size=2G"}}},
	{"OVMF's window at the hole's end", BAR_IN_HOLE, "", "", false,
		{{ADD_OPTION, "fw_cfg", NULL, NULL,
			"name=opt/ovmf/X-PciMmio64Mb,string=${above-alignment}"}}},
	/* Behind the room for DIMMs. QEMU takes several -m as one. */
	{"room for DIMMs up to the hole's end", BAR_IN_HOLE, "", "", false,
		{{ADD_OPTION, "m", NULL, NULL, "maxmem=${maxmem},slots=1"}}},
};
enum { MOVES = sizeof(moves) / sizeof(moves[0]) };

/* For a ROM that may not be started at all. SeaBIOS starts it within two seconds. */
static const double rom_seconds = 20;

/* A rehearsal with firmware; @report zeroed if the ROM said nothing. */
static int run_firmware(struct plan *plan, const struct args *args, struct outcome *outcome,
	struct rom_report *report, bool *done)
{
	char *path = plan_format("%s/rom.report", plan->stage.directory), *line = NULL;
	size_t room = 0;
	FILE *file;
	int status;

	unlink(path);
	plan->stage.awaited = path;
	plan->stage.awaited_word = ": done ";
	status = plan_rehearse(plan, args, plan->open_host, false, true, outcome);
	plan->stage.awaited = NULL;
	*report = (struct rom_report){0};
	*done = false;
	file = status ? NULL : fopen(path, "re");
	while (file && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		*done = rom_report_take(report, line) == ROM_LINE_DONE || *done;
	}
	if (file)
		fclose(file);
	free(line);
	free(path);
	return status;
}

static void keep_bars(struct judgement *j)
{
	size_t kept = 0;

	for (size_t i = 0; i < j->n; i++)
		if (*j->at[i].bar)
			j->at[kept++] = j->at[i];
	j->n = kept;
	j->troubles &= BAR_IN_HOLE | BAR_BEYOND;
}

static bool same_ram(const struct outcome *a, const struct outcome *b)
{
	size_t n_a, n_b;
	struct range *of_a = reserve_ram(a, false, &n_a), *of_b = reserve_ram(b, false, &n_b);
	uint64_t last_a = 0, last_b = 0;

	for (size_t i = 0; i < n_a; i++)
		last_a = of_a[i].last > last_a ? of_a[i].last : last_a;
	for (size_t i = 0; i < n_b; i++)
		last_b = of_b[i].last > last_b ? of_b[i].last : last_b;
	free(of_a);
	free(of_b);
	return last_a == last_b && guest_memory(a) == guest_memory(b);
}

/* True if @args have all BARs outside of holes, and the guest's RAM where it was. */
static int moves_bars(struct plan *plan, const struct args *args, bool *helps)
{
	struct rom_report report;
	struct judgement j;
	struct outcome o;
	bool done;
	int status = run_firmware(plan, args, &o, &report, &done);

	*helps = false;
	if (status)
		return status;
	judge(&plan->host, &o, &j);
	*helps = o.started && o.firmware && !(j.troubles & (BAR_IN_HOLE | BAR_BEYOND)) &&
		 same_ram(&plan->survey, &o);
	judgement_clear(&j);
	outcome_clear(&o);
	return 0;
}

static int try_move(struct plan *plan, const struct candidate *c, struct args *args, bool *helps)
{
	struct values values;
	int status = 0;

	*helps = false;
	if (!(c->against & plan->judged.troubles) ||
		(!strcmp(c->steps[0].option, "m") && reserve_has_slots(args)))
		return 0;
	values_get(plan, args, "", &values);
	if (apply_steps(plan, c, &values, args))
		status = moves_bars(plan, args, helps);
	values_clear(&values);
	return status;
}

static void describe_bar(struct text *text, const struct finding *f)
{
	const char *colon = strrchr(f->bar, ':');

	text_add(text, "BAR %s of %.*s at ", colon + 1, (int)(colon - f->bar), f->bar);
	text_add_range(text, f->asked);
	text_add(text, " touches ");
	text_add_range(text, f->hole.range);
}

/* @plan->judged has the BARs that are in holes. */
static int move_bars(struct plan *plan, struct reservation *r, bool quiet)
{
	char bytes[512];
	struct text text = text_start(bytes, sizeof(bytes));
	bool helps = false;
	int status = 0;

	describe_bar(&text, &plan->judged.at[0]);
	for (size_t i = 0; i < MOVES && !helps && !status; i++) {
		struct args args = args_copy(plan->base.at, plan->base.n), added;

		status = try_move(plan, &moves[i], &args, &helps);
		added = args_copy(args.at + plan->base.n, helps ? args.n - plan->base.n : 0);
		for (size_t k = 0; k < added.n; k++)
			args_add(&r->args, added.at[k]);
		if (helps) {
			char *words = args_text(&added);

			reserve_tell(quiet,
				"--reserve: %s; in a rehearsal this moved it, and is "
				"added: %s",
				bytes, words);
			free(words);
		}
		args_free(&added);
		args_free(&args);
	}
	if (!status && !helps)
		reserve_tell(quiet,
			"--reserve: %s: other devices cannot reach it (peer-to-peer), nothing else "
			"is lost; nothing that could be added moves it",
			bytes);
	return status;
}

static const struct hole *hole_touching(struct range r, const struct hole *holes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (range_overlaps(r, holes[i].range))
			return &holes[i];
	return NULL;
}

/* What the ROM said in a rehearsal. It need not have spoken where it is known to run. */
static int check_report(const struct reservation *r, enum reserve_way way,
	const struct rom_report *report, bool done, bool quiet)
{
	char bytes[1024];
	struct text text = text_start(bytes, sizeof(bytes));

	if (done && rom_report_is_told(report, r->n_holes))
		return 0;
	if (done) {
		rom_report_describe(&text, report);
		return cli_fail("--reserve: in a rehearsal the guest's firmware (%s) cannot keep "
				"a hole free, and the guest would not boot: %s",
			report->firmware, bytes);
	}
	if (way == RESERVE_ROM)
		return cli_fail("--reserve=rom: in a rehearsal the guest's firmware did not start "
				"the ROM: UEFI starts none of -option-rom; take --reserve=device");
	reserve_tell(quiet, "--reserve: in a rehearsal the guest's firmware did not start the ROM "
			    "in time: whether it can reserve what is below 4 GiB is not known");
	return 0;
}

int reserve_try_firmware(struct plan *plan, enum reserve_way way, struct reservation *r,
	const struct hole *holes, size_t n_holes, bool quiet)
{
	struct range window;
	bool has_window = reserve_window(&plan->survey, &window), done;
	const struct hole *near = has_window ? hole_touching(window, holes, n_holes) : NULL;
	struct rom_report report;
	struct outcome outcome;
	int status;

	if (!r->below_4gib && !near && way == RESERVE_DEVICE)
		return 0;
	if (near && window.first >= near->range.first) {
		char bytes[512];
		struct text text = text_start(bytes, sizeof(bytes));

		reserve_describe_hole(&text, near);
		reserve_tell(quiet, "--reserve: the room for 64-bit BARs begins at 0x%llx, in %s",
			(unsigned long long)window.first, bytes);
	}
	if (way == RESERVE_ROM)
		plan->stage.firmware_seconds = rom_seconds;
	status = run_firmware(plan, &plan->base, &outcome, &report, &done);
	if (status)
		return status;
	if (plan_interrupted()) {
		outcome_clear(&outcome);
		return EXIT_OWN;
	}
	if (r->below_4gib || done || way == RESERVE_ROM)
		status = check_report(r, way, &report, done, quiet);
	judgement_clear(&plan->judged);
	judge(&plan->host, &outcome, &plan->judged);
	keep_bars(&plan->judged);
	if (!status && plan->judged.n)
		status = move_bars(plan, r, quiet);
	outcome_clear(&outcome);
	return status;
}
