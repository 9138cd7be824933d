/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iovashim: finds the verb and runs it. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int verb_version(int argc, char **argv);

static const struct verb verbs[] = {
	{"check", "say how a VMM can be intercepted, and why", "[--json] VMM", verb_check},
	{"holes", "say which IOVA ranges this host, or a fleet, reserves",
		"[--group N]... [--device BDF]... [--sysfs DIR] [--ask | --no-ask] [--json | "
		"--conf]\n                      [--prometheus FILE] [--nfd FILE]\n       iovashim "
		"holes --merge FILE... [--json | --conf]",
		verb_holes},
	{"run", "start a VMM with iovashim in between",
		"[--via auto|preload|seccomp] [--policy FILE] [--mode split|refuse|observe]\n"
		"                    [--log FILE] [--reserve[=device|rom|off] [--print]] [--] VMM "
		"[ARGUMENT]...",
		verb_run},
	{"report", "show what happened, from event logs",
		"[--svg FILE] [--html FILE] [--json] LOG…\n       iovashim report "
		"[--prometheus FILE] [--journal] LOG…",
		verb_report},
	{"plan", "rehearse a VMM on a described host, and propose what works there",
		"[--host FILE|amd|intel48|intel39|this] [--device \"ADDRESS VVVV:DDDD …\"]... "
		"[--firmware SECONDS] "
		"[--json] [--unconfined] -- VMM ARGS…",
		verb_plan},
	{"version", "say which version this is", "", verb_version},
};
enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static const struct verb *current;

__attribute__((format(printf, 1, 0))) static void complain(const char *format, va_list arguments)
{
	fprintf(stderr, "iovashim %s: ", current->name);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

void cli_complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
}

int cli_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
	return EXIT_OWN;
}

static void print_usage(FILE *to)
{
	fprintf(to, "usage: iovashim %s%s%s\n", current->name, current->usage[0] ? " " : "",
		current->usage);
}

int cli_usage(void)
{
	print_usage(stderr);
	return EXIT_OWN;
}

static int help(const char *page)
{
	print_usage(stdout);
	printf("%s; see %s(1)\n", current->summary, page);
	return cli_finish(0);
}

int cli_help(void)
{
	char page[32];

	snprintf(page, sizeof(page), "iovashim-%s", current->name);
	return help(page);
}

int cli_finish(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	return cli_fail("cannot write the output: %s", strerror(errno));
}

static void list_verbs(FILE *to)
{
	fputs("usage: iovashim VERB …\n", to);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(to, "  %-8s  %s\n", verbs[i].name, verbs[i].summary);
}

static bool is_help(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "--help") || !strcmp(word, "-h");
}

static int verb_version(int argc, char **argv)
{
	if (argc == 2 && is_help(argv[1]))
		return help("iovashim");
	if (argc > 1)
		return cli_usage();
	puts("iovashim " IOVASHIM_VERSION);
	return cli_finish(0);
}

/* getopt_long() begins its complaints with argv[0]. */
static int run_verb(const struct verb *verb, int argc, char **argv)
{
	char name[32];

	current = verb;
	snprintf(name, sizeof(name), "iovashim %s", verb->name);
	argv[0] = name;
	return verb->run(argc, argv);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (is_help(word)) {
		list_verbs(stdout);
		return fflush(stdout) ? EXIT_OWN : 0;
	}
	if (!strcmp(word, "--version"))
		word = "version";
	for (size_t i = 0; i < VERBS; i++)
		if (!strcmp(word, verbs[i].name))
			return run_verb(&verbs[i], argc - 1, argv + 1);
	if (argc > 1)
		fprintf(stderr, "iovashim: no such verb: %s\n", argv[1]);
	list_verbs(stderr);
	return EXIT_OWN;
}
