/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a supervisor costs: a table of the same program's calls without it and with it. */
/*
 * usage: bench_supervisor GROUP|- COMMAND…
 *        bench_supervisor measure GROUP|-
 *        bench_supervisor on CPU COMMAND…
 *
 * COMMAND starts a program under a supervisor, and gets "… measure GROUP".
 * GROUP is its file in /dev/vfio; with "-" only what needs none is measured.
 * Times are lower quartiles of many batches', since nobody is alone on a machine.
 */
#include "area.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BATCHES = 41, ROWS = 8, COLUMNS = 4 };

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* --- what is measured ---------------------------------------------------- */

static int pipe_ends[2];
static struct area area;

static void unmatched(void)
{
	int n;

	if (ioctl(pipe_ends[0], FIONREAD, &n))
		exit(2);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void signalled(void)
{
	raise(SIGUSR1);
}

static void forked(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (waitpid(pid, NULL, 0) != pid)
		exit(2);
}

static void succeed(long result)
{
	if (!result)
		return;
	fprintf(stderr, "bench_supervisor: a request failed: %s\n", strerror((int)-result));
	exit(2);
}

static void plain_map(void)
{
	succeed(area_map_plain(&area, by_libc));
}

static void plain_unmap(void)
{
	succeed(area_unmap_plain(&area, by_libc));
}

static void split_map(void)
{
	succeed(area_map(&area, by_libc));
}

static void split_unmap(void)
{
	succeed(area_unmap(&area, by_libc));
}

/* The time of one @step of @n, each followed by @undo, which is not counted. */
static double usual(void (*step)(void), void (*undo)(void), int n)
{
	double times[BATCHES];

	for (int batch = 0; batch < BATCHES; batch++) {
		double took = 0, began = now_ns();

		for (int i = 0; i < n; i++) {
			if (undo)
				began = now_ns();
			step();
			if (!undo)
				continue;
			took += now_ns() - began;
			undo();
		}
		times[batch] = (undo ? took : now_ns() - began) / n;
	}
	qsort(times, BATCHES, sizeof(*times), ascending);
	return times[BATCHES / 4];
}

static double usual_undo(void (*step)(void), void (*undo)(void), int n)
{
	double result;

	step();
	result = usual(undo, step, n);
	undo();
	return result;
}

static int measure(const char *group)
{
	int container;

	if (pipe(pipe_ends))
		return 2;
	signal(SIGUSR1, on_signal);
	printf("%f %f %f\n", usual(unmatched, NULL, 5000), usual(signalled, NULL, 500),
		usual(forked, NULL, 10));
	if (!strcmp(group, "-"))
		return 0;
	open_group(group, &container);
	area_init(&area, container, 0);
	printf("%f %f ", usual(plain_map, plain_unmap, 20), usual_undo(plain_map, plain_unmap, 20));
	printf("%f %f\n", usual(split_map, split_unmap, 20),
		usual_undo(split_map, split_unmap, 20));
	return 0;
}

/* --- the table ----------------------------------------------------------- */

static char self[256];

static int on_cpu(int cpu, char **command)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	execvp(command[0], command);
	return 127;
}

/* Runs "[self on 0] [command] self measure group"; the number of times that it printed. */
static int column(double *times, bool pinned, char **command, int n_command, char *group)
{
	static char on[] = "on", first[] = "0", word[] = "measure";
	char *arguments[40] = {self, on, first};
	int n = pinned ? 3 : 0, ends[2], count = 0, status;
	FILE *out;
	pid_t pid;

	for (int i = 0; i < n_command && n < 30; i++)
		arguments[n++] = command[i];
	arguments[n++] = self;
	arguments[n++] = word;
	arguments[n++] = group;
	arguments[n] = NULL;
	if (pipe(ends))
		return 0;
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execvp(arguments[0], arguments);
		_exit(127);
	}
	close(ends[1]);
	out = fdopen(ends[0], "r");
	while (out && count < ROWS && fscanf(out, "%lf", &times[count]) == 1)
		count++;
	if (out)
		fclose(out);
	return waitpid(pid, &status, 0) == pid && !status ? count : 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		double unit;
	} rows[ROWS] = {{"an ioctl that matches nothing, ns", 1}, {"a signal to itself, us", 1e3},
		{"fork and wait, us", 1e3}, {"MAP of 64 KiB, passed, us", 1e3},
		{"its UNMAP, us", 1e3}, {"MAP of 192 KiB, split in two, us", 1e3},
		{"its UNMAP, us", 1e3}, {NULL, 0}};
	double times[COLUMNS][ROWS];
	int n = ROWS;

	if (argc == 3 && !strcmp(argv[1], "measure"))
		return measure(argv[2]);
	if (argc > 3 && !strcmp(argv[1], "on"))
		return on_cpu(atoi(argv[2]), argv + 3);
	if (argc < 3 || readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0) {
		fputs("usage: bench_supervisor GROUP|- COMMAND...\n", stderr);
		return 2;
	}
	for (int i = 0; i < COLUMNS; i++) {
		int got = column(times[i], i > 1, argv + 2, i % 2 ? argc - 2 : 0, argv[1]);

		n = got < n ? got : n;
	}
	if (!n) {
		fputs("bench_supervisor: no figures: see above\n", stderr);
		return 1;
	}
	printf("%-34s %12s %12s %12s %12s\n", "", "without", "with", "on one CPU:", "with");
	for (int row = 0; row < n; row++) {
		printf("%-34s", rows[row].name);
		for (int i = 0; i < COLUMNS; i++)
			printf(" %12.2f", times[i][row] / rows[row].unit);
		printf("\n");
	}
	return 0;
}
