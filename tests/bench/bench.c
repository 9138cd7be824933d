/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same program's operations in several ways, side by side: a table. */
/*
 * usage: bench table ROUNDS "ROW…" NAME=COMMAND…
 *        bench measure
 *        bench count "ROW…" TIMES
 *        bench under-least COMMAND…
 *        bench under-lender COMMAND…
 *        bench nothing
 *
 * Each COMMAND (words that come before "bench measure"; none: bare) starts the program in one way;
 * the first is what the others are held against. All run at once, but take turns: in each round,
 * each is asked for a batch of each row, so that what else the machine does meets all of them
 * alike. The table has the median of what a way adds and, of its ratios to the first in the same
 * round, the median and the quartiles.
 *
 * "measure" answers each line ROW on standard input with the nanoseconds of an operation, or -1.
 * "count" does each row TIMES times; under callgrind, each has a dump of its own, named by its key.
 * "under-least" starts COMMAND under a filter of one comparison and a process that lets everything
 * go on: what no supervisor goes below. "under-lender": which looks at each MAP, and has large ones
 * made twice by the caller's thread, without asking anything else.
 */
#include "least.h"
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

enum { WAYS = 6, ROWS = 24, ROUNDS = 200, WORDS = 24 };

struct way {
	const char *name;
	FILE *ask, *answer;
	pid_t pid;
	bool lost; /* ended before it had answered all */
	double times[ROWS][ROUNDS];
};

static struct way ways[WAYS];
static const struct row *wanted[ROWS];
static int n_ways, n_wanted, n_rounds;

/* --- the program that is measured ---------------------------------------- */

static int measure(void)
{
	char key[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (scanf("%63s", key) == 1) {
		const struct row *row = row_find(key);

		if (row && (!row->prepare || row->prepare()))
			printf("%f\n", row_time(row, row->count));
		else
			printf("-1\n");
	}
	return 0;
}

/* Under callgrind with --collect-atstart=no. */
static void do_times(const struct row *row, int times)
{
	for (int i = 0; i < times; i++) {
		if (row->before)
			row->before(i);
		CALLGRIND_TOGGLE_COLLECT;
		row->operation(i);
		CALLGRIND_TOGGLE_COLLECT;
		if (row->after)
			row->after(i);
	}
	CALLGRIND_DUMP_STATS_AT(row->key);
}

static int count(int times)
{
	for (int i = 0; i < n_wanted; i++) {
		if (wanted[i]->prepare && !wanted[i]->prepare()) {
			fprintf(stderr, "bench: %s: cannot be had here\n", wanted[i]->key);
			return 2;
		}
		row_time(wanted[i], 1); /* what is bound at the first call is bound */
		do_times(wanted[i], times);
	}
	return 0;
}

/* --- the table ------------------------------------------------------------ */

static char self[256];

/* In the child: "[words] self measure". */
static void become(char *words)
{
	static char verb[] = "measure";
	char *arguments[WORDS] = {NULL};
	int n = 0;

	for (char *word = strtok(words, " "); word && n < WORDS - 3; word = strtok(NULL, " "))
		arguments[n++] = word;
	arguments[n++] = self;
	arguments[n] = verb;
	execvp(arguments[0], arguments);
	perror(arguments[0]);
	_exit(127);
}

static bool start(struct way *way, char *argument)
{
	char *equals = strchr(argument, '=');
	int to[2], from[2];

	if (!equals || pipe(to) || pipe(from))
		return false;
	*equals = 0;
	way->name = argument;
	way->pid = fork();
	if (!way->pid) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		for (int fd = STDERR_FILENO + 1; fd < 64; fd++)
			close(fd);
		become(equals + 1);
	}
	close(to[0]);
	close(from[1]);
	way->ask = fdopen(to[1], "w");
	way->answer = fdopen(from[0], "r");
	return way->ask && way->answer;
}

static void ask(struct way *way, int row, int round)
{
	double *ns = &way->times[row][round];

	*ns = -1;
	if (way->lost)
		return;
	fprintf(way->ask, "%s\n", wanted[row]->key);
	fflush(way->ask);
	if (fscanf(way->answer, "%lf", ns) == 1)
		return;
	fprintf(stderr, "bench: %s ended at %s\n", way->name, wanted[row]->key);
	*ns = -1;
	way->lost = true;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct quartiles {
	double lower, median, upper;
};

static struct quartiles quartiles(double *values)
{
	qsort(values, (size_t)n_rounds, sizeof(*values), ascending);
	return (struct quartiles){
		values[n_rounds / 4], values[n_rounds / 2], values[n_rounds * 3 / 4]};
}

static void print_cell(int row, const struct way *way)
{
	const double *bare = ways[0].times[row], *ns = way->times[row];
	double added[ROUNDS], ratios[ROUNDS];
	struct quartiles ratio;

	for (int round = 0; round < n_rounds; round++) {
		if (ns[round] < 0 || bare[round] < 0) {
			printf(" – |");
			return;
		}
		added[round] = (ns[round] - bare[round]) / wanted[row]->unit;
		ratios[round] = ns[round] / bare[round];
	}
	ratio = quartiles(ratios);
	printf(" %+.2f; ×%.3f (%.3f–%.3f) |", quartiles(added).median, ratio.median, ratio.lower,
		ratio.upper);
}

static void print_row(int row)
{
	double bare[ROUNDS];

	memcpy(bare, ways[0].times[row], sizeof(bare));
	printf("| %s |", wanted[row]->label);
	if (bare[0] < 0)
		printf(" cannot be had here |");
	else
		printf(" %.2f |", quartiles(bare).median / wanted[row]->unit);
	for (int way = 1; way < n_ways; way++)
		print_cell(row, &ways[way]);
	printf("\n");
}

static void print_table(void)
{
	printf("| |");
	for (int way = 0; way < n_ways; way++)
		printf(" %s |", ways[way].name);
	printf("\n|---|");
	for (int way = 0; way < n_ways; way++)
		printf("---|");
	printf("\n");
	for (int row = 0; row < n_wanted; row++)
		print_row(row);
}

static int table(char **arguments, int n)
{
	for (n_ways = 0; n_ways < n && n_ways < WAYS; n_ways++)
		if (!start(&ways[n_ways], arguments[n_ways]))
			return 2;
	/* The first round warms up, and is written over. */
	for (int round = -1; round < n_rounds; round++)
		for (int row = 0; row < n_wanted; row++)
			for (int turn = 0; turn < n_ways; turn++)
				ask(&ways[(round + 1 + turn) % n_ways], row, round < 0 ? 0 : round);
	for (int way = 0; way < n_ways; way++) {
		fclose(ways[way].ask);
		fclose(ways[way].answer);
		waitpid(ways[way].pid, NULL, 0);
	}
	print_table();
	return 0;
}

static bool read_rows(char *keys)
{
	for (char *key = strtok(keys, " "); key && n_wanted < ROWS; key = strtok(NULL, " ")) {
		wanted[n_wanted] = row_find(key);
		if (!wanted[n_wanted++]) {
			fprintf(stderr, "bench: %s: no such row\n", key);
			return false;
		}
	}
	return n_wanted > 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 2;
	if (argc == 2 && !strcmp(verb, "nothing"))
		return 0;
	if (argc == 2 && !strcmp(verb, "measure"))
		return measure();
	if (argc > 2 && !strcmp(verb, "under-least"))
		return under_least(argv + 2, false);
	if (argc > 2 && !strcmp(verb, "under-lender"))
		return under_least(argv + 2, true);
	if (argc == 4 && !strcmp(verb, "count"))
		return read_rows(argv[2]) ? count(atoi(argv[3])) : 2;
	n_rounds = argc > 4 ? atoi(argv[2]) : 0;
	if (strcmp(verb, "table") || n_rounds < 1 || n_rounds > ROUNDS || !read_rows(argv[3])) {
		fputs("usage: bench table ROUNDS \"ROW...\" NAME=COMMAND...\n", stderr);
		return 2;
	}
	return table(argv + 4, argc - 4);
}
