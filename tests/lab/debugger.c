/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A debugger, as far as the kernel can tell; and a program that goes on mapping under it. */
/*
 * usage: debugger attach PID UNTIL
 *        debugger mapping GROUP UNTIL
 *
 * "attach" traces all threads of a process until there is a file UNTIL. "mapping" maps across a
 * hole, and beside it, again and again, at least once and as long. When the outcome changes it says
 * so, "now crossing: failed", and in the end what came of all, as in "crossing: ok 10 failed 5
 * (EBUSY) ok 3; plain: ok 18".
 */
#include "area.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool is_there(const char *file)
{
	return !access(file, F_OK);
}

static void pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* --- the debugger -------------------------------------------------------- */

/* A supervisor has the thread for a moment now and then. */
static bool seize(pid_t thread)
{
	for (int ms = 0; ms < 2000; ms++) {
		if (!ptrace(PTRACE_SEIZE, thread, NULL, NULL))
			return true;
		pause_ms(1);
	}
	printf("not ok: thread %d: %s\n", thread, strerror(errno));
	return false;
}

static int seize_all(const char *process, pid_t *threads, int room)
{
	char path[64];
	DIR *tasks;
	const struct dirent *entry;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%s/task", process);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks)))
		if (atoi(entry->d_name) > 0 && n < room && seize(atoi(entry->d_name)))
			threads[n++] = atoi(entry->d_name);
	if (tasks)
		closedir(tasks);
	return n;
}

/* Passes signals on, until it is time. */
static void run_traced(const char *until)
{
	int status;
	pid_t thread;

	while (!is_there(until)) {
		thread = waitpid(-1, &status, __WALL | WNOHANG);
		if (thread <= 0) {
			pause_ms(1);
			continue;
		}
		if (WIFSTOPPED(status))
			ptrace(PTRACE_CONT, thread, NULL,
				(long)(status >> 16 ? 0 : WSTOPSIG(status)));
	}
}

static void let_go(pid_t thread)
{
	int status;

	ptrace(PTRACE_INTERRUPT, thread, NULL, NULL);
	if (waitpid(thread, &status, __WALL) != thread || !WIFSTOPPED(status))
		return;
	if (ptrace(PTRACE_DETACH, thread, NULL, (long)(status >> 16 ? 0 : WSTOPSIG(status))))
		printf("not ok: thread %d cannot be let go: %s\n", thread, strerror(errno));
}

static int attach(const char *process, const char *until)
{
	pid_t threads[64];
	int n = seize_all(process, threads, 64);

	printf("attached to %d threads\n", n);
	run_traced(until);
	for (int i = 0; i < n; i++)
		let_go(threads[i]);
	printf("detached\n");
	return n ? 0 : 1;
}

/* --- the program --------------------------------------------------------- */

/* Prints how often it is the same in a row. */
struct account {
	const char *name;
	long last, times;
	char text[400];
};

static void add_up(struct account *account)
{
	size_t used = strlen(account->text);

	if (!account->times)
		return;
	snprintf(account->text + used, sizeof(account->text) - used,
		account->last ? " failed %ld (%s)" : " ok %ld", account->times,
		strerror((int)-account->last));
	account->times = 0;
}

static void count(struct account *account, long result)
{
	if (result != account->last)
		add_up(account);
	account->last = result;
	if (!account->times++)
		printf("now %s: %s\n", account->name, result ? "failed" : "ok");
}

static int mapping(const char *group, const char *until)
{
	struct account crossing = {.name = "crossing"}, plain = {.name = "plain"};
	long result, unmapped;
	struct area area;
	int container;

	open_group(group, &container);
	area_init(&area, container, 0);
	do {
		result = area_map(&area, by_instruction);
		count(&crossing, result);
		if (!result && area_whole(&area))
			complain("mapped, but %s", area_whole(&area));
		/* Not to be unmapped while a debugger is there: until it has gone. */
		while (!result && !complaints()) {
			pause_ms(50);
			unmapped = area_unmap(&area, by_libc);
			count(&crossing, unmapped);
			if (!unmapped)
				break;
		}
		if (area_gone(&area))
			complain("a MAP with result %ld: %s", result, area_gone(&area));
		result = area_map_plain(&area, by_instruction);
		count(&plain, result);
		if (!result && area_unmap_plain(&area, by_libc))
			complain("a plain UNMAP failed");
		pause_ms(50);
	} while (!is_there(until) && !complaints());
	add_up(&crossing);
	add_up(&plain);
	printf("%s:%s; %s:%s\n", crossing.name, crossing.text, plain.name, plain.text);
	return complaints() ? 1 : 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4 && !strcmp(argv[1], "attach"))
		return attach(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "mapping"))
		return mapping(argv[2], argv[3]);
	fputs("usage: debugger attach PID UNTIL | mapping GROUP UNTIL\n", stderr);
	return 2;
}
