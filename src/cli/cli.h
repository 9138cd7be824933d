/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of `iovashim` share: their table, their exit statuses, their way to complain. */
#ifndef IOVASHIM_CLI_H
#define IOVASHIM_CLI_H

#include <getopt.h>
#include <stdio.h>

/* As env(1): iovashim's own failures, a VMM that cannot be executed, and one that is not there.
 * Every other status is that of the VMM, or is documented with the verb. */
enum { EXIT_OWN = 125, EXIT_CANNOT_EXEC = 126, EXIT_NOT_FOUND = 127 };

/* One verb. @argv[0] is "iovashim VERB", so that getopt_long() works on it as it is; put '+'
 * first into its options where a VMM's arguments follow. Returns the exit status. */
struct verb {
	const char *name;
	const char *summary; /* one line, for `iovashim help` */
	const char *usage;   /* what follows the name */
	int (*run)(int argc, char **argv);
};

int verb_check(int argc, char **argv);
int verb_run(int argc, char **argv);
int verb_report(int argc, char **argv);
int verb_plan(int argc, char **argv);
int verb_holes(int argc, char **argv);

/* Prints "iovashim VERB: " and the message, with a newline, to stderr. */
__attribute__((format(printf, 1, 2))) void cli_complain(const char *format, ...);

/* The same; returns EXIT_OWN. */
__attribute__((format(printf, 1, 2))) int cli_fail(const char *format, ...);

/* Prints how the verb that runs is used; returns EXIT_OWN. To call when getopt_long(), which says
 * what is wrong by itself, returns '?'. */
int cli_usage(void);

/* For --help: the same on stdout; returns 0. */
int cli_help(void);

/* Flushes stdout. Returns @status, or EXIT_OWN with a line if not all of it could be written. */
int cli_finish(int status);

#endif
