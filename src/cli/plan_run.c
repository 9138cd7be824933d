// SPDX-License-Identifier: GPL-2.0-or-later
/* One rehearsal, from the VMM's start to its end. */
#include "plan_run.h"
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A rehearsed guest is not used; a VMM with all its tables stays below this. */
static const uint64_t resident_limit = 4ULL << 30;

/* How long nothing must have been mapped for the devices to be where they stay. Firmware on an
 * emulated CPU pauses for less between one device and the next. */
static const double quiet_seconds = 0.8;

static const double answer_seconds = 10;

struct run {
	const struct stage *stage;
	const struct rehearsal *what;
	struct outcome *outcome;
	struct process process;
	struct qmp qmp;
	char *log, *events, *words;
	int status;
};

/* This process' environment, with the two libraries before the VMM. */
static char **environment(const struct run *run)
{
	extern char **environ;
	size_t n = 0, at = 0;
	char **all;

	while (environ[n])
		n++;
	all = plan_alloc((n + 10) * sizeof(char *));
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "LD_PRELOAD=", 11) && strncmp(environ[i], "IOVA", 4) &&
			strncmp(environ[i], "TMPDIR=", 7))
			all[at++] = plan_copy(environ[i]);
	all[at++] = plan_format("LD_PRELOAD=%s%s%s", run->what->with_shim ? run->stage->shim : "",
		run->what->with_shim ? " " : "", run->stage->model);
	all[at++] = plan_format("IOVAMODEL_HOST=%s", run->what->host);
	all[at++] = plan_format("IOVAMODEL_LOG=%s", run->log);
	all[at++] = plan_format("TMPDIR=%s", run->stage->directory);
	all[at++] = plan_copy("IOVAMODEL_REHEARSAL=1");
	if (run->what->with_shim) {
		all[at++] = plan_format("IOVASHIM_LOG=%s", run->events);
		all[at++] = plan_copy("IOVASHIM_QUIET=1");
	}
	return all;
}

static void free_environment(char **all)
{
	for (char **one = all; *one; one++)
		free(*one);
	free(all);
}

static off_t log_size(const struct run *run)
{
	struct stat st;

	return stat(run->log, &st) ? 0 : st.st_size;
}

/* Ended, or to be ended since it uses memory. */
static bool over(struct run *run)
{
	if (process_ended(&run->process, &run->status) || plan_interrupted())
		return true;
	if (process_resident(&run->process) < resident_limit)
		return false;
	run->outcome->touched = true;
	return true;
}

/* Waits until the log has been quiet for a while, and @done is content. False if the VMM ended, or
 * @seconds are over. */
static bool settle(struct run *run, double seconds, bool (*done)(const struct run *run))
{
	double until = seconds_now() + seconds, since = seconds_now();
	off_t size = log_size(run);

	while (!over(run) && seconds_now() < until) {
		off_t now = log_size(run);

		if (now != size) {
			size = now;
			since = seconds_now();
		}
		if (seconds_now() - since > quiet_seconds && done(run))
			return true;
		usleep(20000);
	}
	return false;
}

static bool mapped_something(const struct run *run)
{
	return log_size(run) > 0;
}

/* Each device has memory in the guest: firmware has been there. */
static bool bars_are_placed(const struct run *run)
{
	struct outcome now = {0};
	size_t devices = 0;

	read_model_log(run->log, &now);
	for (size_t i = 0; i < now.n_mappings; i++) {
		size_t seen = 0, same = strcspn(now.mappings[i].bar, ".") + 2;

		if (!*now.mappings[i].bar)
			continue;
		while (seen < i && strncmp(now.mappings[seen].bar, now.mappings[i].bar, same) != 0)
			seen++;
		devices += seen == i;
	}
	free(now.mappings);
	free(now.groups);
	return devices >= now.n_devices;
}

static bool said_what_is_awaited(const struct run *run)
{
	FILE *file = fopen(run->stage->awaited, "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	while (file && !found && getline(&line, &room, file) > 0)
		found = strstr(line, run->stage->awaited_word);
	free(line);
	if (file)
		fclose(file);
	return found;
}

static bool firmware_is_done(const struct run *run)
{
	return bars_are_placed(run) && (!run->stage->awaited || said_what_is_awaited(run));
}

static void ask(struct run *run)
{
	const struct question *q = run->what->questions;

	run->outcome->facts = json_object();
	for (; q && q->name && !run->qmp.gone; q++) {
		json_t *answer;

		if (!strcmp(q->command, "hmp")) {
			char *arguments = plan_format("{\"command-line\":\"%s\"}", q->arguments);

			answer = qmp_ask(
				&run->qmp, "human-monitor-command", arguments, answer_seconds);
			free(arguments);
		} else {
			answer = qmp_ask(&run->qmp, q->command, q->arguments, answer_seconds);
		}
		if (answer)
			json_object_set_new(run->outcome->facts, q->name, answer);
	}
}

static void run_firmware(struct run *run)
{
	double begin = seconds_now();
	json_t *answer = qmp_ask(&run->qmp, "cont", NULL, answer_seconds);

	if (!answer)
		return;
	json_decref(answer);
	run->outcome->firmware = settle(run, run->stage->firmware_seconds, firmware_is_done);
	run->outcome->firmware_took = seconds_now() - begin;
}

/* A VMM that answers has set up its guest, and waits. */
static void with_monitor(struct run *run)
{
	struct outcome *o = run->outcome;
	json_t *answer;

	run->qmp = (struct qmp){.fd = run->process.monitor};
	answer = qmp_ask(&run->qmp, "qmp_capabilities", NULL, run->stage->start_seconds);
	if (answer) {
		json_decref(answer);
		o->started = true;
		ask(run);
		if (run->what->firmware && run->stage->firmware_seconds > 0)
			run_firmware(run);
		json_decref(qmp_ask(&run->qmp, "quit", NULL, 2));
	}
	o->timed_out = !answer && !run->qmp.gone;
	for (double until = seconds_now() + 3; !over(run) && seconds_now() < until;)
		usleep(5000);
	qmp_end(&run->qmp);
}

static void without_monitor(struct run *run)
{
	run->outcome->started = settle(run, run->stage->start_seconds, mapped_something);
	run->outcome->timed_out =
		!run->outcome->started && !process_ended(&run->process, &run->status);
}

static void collect(struct run *run)
{
	struct outcome *o = run->outcome;

	o->status = run->status;
	o->words = read_words(run->words);
	read_model_log(run->log, o);
	/* A program that did what it is for before anybody stopped it. */
	if (!run->stage->monitor && !o->started && !o->timed_out && !o->status && o->n_mappings)
		o->started = true;
	if (run->what->with_shim)
		o->events = read_events(run->events);
	if (o->touched)
		o->started = false;
	if (o->touched || o->timed_out) {
		free(o->words);
		o->words =
			o->touched
				? plan_copy(
					  "it was stopped, since it used more than 4 GiB of memory")
				: plan_format("it was stopped, not ready after %g seconds",
					  run->stage->start_seconds);
	}
}

int rehearse(const struct stage *stage, const struct rehearsal *what, struct outcome *outcome)
{
	struct run run = {.stage = stage, .what = what, .outcome = outcome};
	char **all;
	int status;

	*outcome = (struct outcome){0};
	run.log = plan_format("%s/model.log", stage->directory);
	run.events = plan_format("%s/events.log", stage->directory);
	run.words = plan_format("%s/words", stage->directory);
	unlink(run.log);
	unlink(run.events);
	all = environment(&run);
	status = process_start(stage, what, all, &run.process);
	free_environment(all);
	if (!status) {
		if (stage->monitor)
			with_monitor(&run);
		else
			without_monitor(&run);
		process_kill(&run.process);
		collect(&run);
	}
	free(run.log);
	free(run.events);
	free(run.words);
	return status;
}

void outcome_clear(struct outcome *outcome)
{
	free(outcome->words);
	free(outcome->mappings);
	free(outcome->groups);
	json_decref(outcome->events);
	json_decref(outcome->facts);
	*outcome = (struct outcome){0};
}
