// SPDX-License-Identifier: GPL-2.0-or-later
/* What rehearsals need around them: libraries, a directory, descriptions of the host, signals. */
#include "cli.h"
#include "installed.h"
#include "plan.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

/* Ends of a rehearsal are waited for: with SIGCHLD ignored there would be none. */
static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
enum { CAUGHT = sizeof(caught) / sizeof(caught[0]) };
static struct sigaction before[CAUGHT];

static void on_signal(int number)
{
	interrupted = number;
}

bool plan_interrupted(void)
{
	return interrupted;
}

void plan_catch_signals(void)
{
	for (size_t i = 0; i < CAUGHT; i++) {
		struct sigaction action = {
			.sa_handler = caught[i] == SIGCHLD ? SIG_DFL : on_signal};

		sigaction(caught[i], &action, &before[i]);
	}
}

void plan_leave_signals(void)
{
	for (size_t i = 0; i < CAUGHT; i++)
		sigaction(caught[i], &before[i], NULL);
}

static char *make_directory(void)
{
	const char *tmp = getenv("TMPDIR");
	char *path = plan_format("%s/iovashim-plan-XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");

	if (mkdtemp(path))
		return path;
	cli_complain("cannot make a directory like %s: %s", path, strerror(errno));
	free(path);
	return NULL;
}

int plan_stage(struct plan *plan, bool confined, double firmware_seconds)
{
	plan->stage = (struct stage){.confined = confined,
		.otherwise = "",
		.monitor = plan->vmm->monitor,
		.kvm = !plan->vmm->monitor,
		.start_seconds = 30,
		.firmware_seconds = firmware_seconds};
	plan->stage.model = installed_find("libiovamodel.so");
	plan->stage.shim = plan->stage.model ? installed_find("libiovashim.so") : NULL;
	plan->stage.directory = plan->stage.shim ? make_directory() : NULL;
	if (!plan->stage.directory)
		return EXIT_OWN;
	plan->open_host = plan_format("%s/open.host", plan->stage.directory);
	plan->real_host = plan_format("%s/real.host", plan->stage.directory);
	if (plan_host_write(&plan->host, plan->open_host, true) ||
		plan_host_write(&plan->host, plan->real_host, false))
		return EXIT_OWN;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void remove_directory(const char *path)
{
	if (path)
		nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void plan_clear(struct plan *plan)
{
	remove_directory(plan->stage.directory);
	free((char *)(uintptr_t)plan->stage.directory);
	free((char *)(uintptr_t)plan->stage.model);
	free((char *)(uintptr_t)plan->stage.shim);
	free(plan->open_host);
	free(plan->real_host);
	args_free(&plan->asked);
	args_free(&plan->base);
	args_free(&plan->added);
	json_decref(plan->stand_ins);
	json_decref(plan->told);
	json_decref(plan->probe);
	outcome_clear(&plan->survey);
	outcome_clear(&plan->plain);
	outcome_clear(&plan->with);
	judgement_clear(&plan->judged);
	for (size_t i = 0; i < plan->n_attempts; i++) {
		args_free(&plan->attempts[i].args);
		free(plan->attempts[i].why);
		free(plan->attempts[i].why_not);
	}
	free(plan->attempts);
	plan_host_release(&plan->host);
}
