// SPDX-License-Identifier: GPL-2.0-or-later
/* iovashim plan: rehearses a VMM on a described host, and proposes what works there. */
#include "plan.h"
#include "cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct options {
	const char *host;
	bool json, unconfined;
	double firmware_seconds;
	struct args devices;
};

static const struct option long_options[] = {
	{"host", required_argument, NULL, 'H'},
	{"device", required_argument, NULL, 'd'},
	{"firmware", required_argument, NULL, 'f'},
	{"json", no_argument, NULL, 'j'},
	{"unconfined", no_argument, NULL, 'u'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int read_seconds(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	if (end == text || *end || !(*seconds >= 0) || *seconds > 3600)
		return cli_fail("--firmware %s: a number of seconds, 0 to 3600", text);
	return 0;
}

/* 0, a status, or -1 to end with 0. */
static int read_options(int argc, char **argv, struct options *o)
{
	int c, status = 0;

	while (!status && (c = getopt_long(argc, argv, "+h", long_options, NULL)) != -1) {
		switch (c) {
		case 'H':
			o->host = optarg;
			break;
		case 'd':
			args_add(&o->devices, optarg);
			break;
		case 'f':
			status = read_seconds(optarg, &o->firmware_seconds);
			break;
		case 'j':
			o->json = true;
			break;
		case 'u':
			o->unconfined = true;
			break;
		case 'h':
			return cli_help() ? EXIT_OWN : -1;
		default:
			return cli_usage();
		}
	}
	if (!status && optind == argc)
		return cli_usage();
	return status;
}

struct stand_ins {
	struct plan *plan;
	int status;
};

static void stand_in(void *context, const char *address)
{
	struct stand_ins *s = context;

	if (s->status || plan_host_has(&s->plan->host, address))
		return;
	s->status = plan_host_add(&s->plan->host, address, NULL);
	json_array_append_new(s->plan->stand_ins, json_string(address));
}

/* Devices that are described by hand; then those that are asked for and not there. */
static int add_devices(struct plan *plan, const struct options *o)
{
	struct stand_ins s = {plan, 0};

	for (size_t i = 0; i < o->devices.n && !s.status; i++) {
		char address[16] = "";

		sscanf(o->devices.at[i], "%15s", address);
		if (plan_host_has(&plan->host, address))
			s.status = cli_fail("--device %s: the host has it already", address);
		else
			s.status = plan_host_add(&plan->host, address, o->devices.at[i]);
	}
	for (size_t i = 1; i < plan->asked.n && !s.status; i++)
		pci_addresses(plan->asked.at[i], stand_in, &s);
	return s.status;
}

/* The VMM does not get as far as asking for mappings, and not for want of physical bits. */
static int unusable(const struct plan *plan)
{
	const struct outcome *o = &plan->survey;

	if (o->touched)
		return cli_fail(
			"the VMM uses the guest's memory (more than 4 GiB of it): it cannot be "
			"rehearsed");
	if (o->timed_out)
		return cli_fail(
			"the VMM asked for nothing in %g seconds", plan->stage.start_seconds);
	return cli_fail(
		"these arguments do not start a guest on any host; the VMM ends with %d and "
		"says:\n%s",
		o->status, *o->words ? o->words : "nothing");
}

static int rehearse_all(struct plan *plan)
{
	const unsigned int ram = RAM_IN_HOLE | RAM_BEYOND | DIMM_IN_HOLE;
	int status = plan->vmm->probe ? plan_probe(plan) : 0;

	if (!status)
		status = plan_rehearse(
			plan, &plan->base, plan->open_host, false, true, &plan->survey);
	if (!status && !plan->survey.started)
		status = plan_lengthen(plan);
	if (status)
		return status;
	if (!plan->survey.started && !complaints(plan->vmm, plan->survey.words))
		return unusable(plan);
	judge(&plan->host, &plan->survey, &plan->judged);
	if (plan->survey.started)
		status = plan_rehearse(
			plan, &plan->base, plan->real_host, false, false, &plan->plain);
	plan->had_plain = !status && plan->survey.started;
	if (!status && plan->judged.troubles & ram) {
		status =
			plan_rehearse(plan, &plan->base, plan->real_host, true, false, &plan->with);
		plan->had_with = !status;
	}
	return status ? status : plan_try(plan);
}

static int verdict(const struct plan *plan)
{
	uint64_t unreachable;
	const char *memmap;

	if (plan->survey.started && !plan->judged.troubles && !plan->base_differs &&
		plan->plain.started)
		return PLAN_FINE;
	for (size_t i = 0; i < plan->n_attempts; i++)
		if (plan->attempts[i].works)
			return PLAN_MENDED;
	if (works_with_shim(plan, &unreachable, &memmap))
		return PLAN_MENDED;
	/* Nothing but bits was missing, or BARs alone are refused, which VMMs survive. */
	if (plan->had_plain && plan->plain.started &&
		!(plan->judged.troubles & (RAM_IN_HOLE | RAM_BEYOND | DIMM_IN_HOLE)))
		return PLAN_MENDED;
	return PLAN_NOTHING;
}

static int load_host(struct plan *plan, const char *name)
{
	struct model_error error = {""};

	if (!plan_host_load(&plan->host, name, &error))
		return 0;
	return cli_fail("--host %s: %s%s", name, error.text,
		!strcmp(name, "this") ? "; plan for another host with --host amd, or a file" : "");
}

static int run(struct plan *plan, const struct options *o)
{
	int status = check_program(plan->asked.at[0]);

	if (!status)
		status = load_host(plan, o->host);
	if (!status)
		status = add_devices(plan, o);
	if (!status)
		status = plan_stage(plan, !o->unconfined, o->firmware_seconds);
	plan->stage.otherwise = ", or accept less with --unconfined";
	if (!status)
		status = rehearse_all(plan);
	if (plan_interrupted())
		return cli_fail("interrupted");
	if (status)
		return status;
	status = verdict(plan);
	if (o->json)
		plan_json(plan, status);
	else
		plan_report(plan, status);
	return cli_finish(status);
}

int verb_plan(int argc, char **argv)
{
	struct options o = {.host = "this", .firmware_seconds = 10, .devices = args_copy(NULL, 0)};
	struct plan plan = {.stand_ins = json_array(), .told = json_array()};
	int status = read_options(argc, argv, &o);

	if (!status) {
		plan_catch_signals();
		signal(SIGPIPE, SIG_IGN);
		plan.asked = args_copy(argv + optind, (size_t)(argc - optind));
		plan.base = args_copy(plan.asked.at, plan.asked.n);
		plan.vmm = vmm_find(plan.asked.at[0]);
		status = run(&plan, &o);
	}
	plan_clear(&plan);
	args_free(&o.devices);
	return status < 0 ? 0 : status;
}
