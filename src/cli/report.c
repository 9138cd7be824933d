/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `iovashim report`: what happened, from event logs. */
#include "cli.h"
#include "report_render.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Some of the logs could not be read; the report is of the rest. */
enum { EXIT_SOME_UNREAD = 1 };

struct options {
	const char *svg, *html;
	bool json;
};

static void read_log(struct report *report, const char *path)
{
	FILE *file = strcmp(path, "-") != 0 ? fopen(path, "re") : stdin;

	if (!file) {
		int error = errno;

		report_read_bytes(report, path, "", 0);
		report->sources[report->n_sources - 1].failed = true;
		report_problem(
			report, report->n_sources - 1, 0, "cannot open: %s", strerror(error));
		return;
	}
	report_read_file(report, file == stdin ? "standard input" : path, file);
	if (file != stdin)
		fclose(file);
}

/* 0, or an errno. */
static int draw_to(FILE *file, void (*draw)(FILE *to, struct report *report), struct report *report)
{
	int error = 0;

	errno = 0;
	draw(file, report);
	if (fflush(file) || ferror(file))
		error = errno ? errno : EIO;
	if (fclose(file) && !error)
		error = errno;
	return error;
}

/* A device or a pipe cannot be replaced by a file. */
static bool is_special(const char *path)
{
	struct stat status;

	return !stat(path, &status) && !S_ISREG(status.st_mode);
}

/* As open() would have made it; mkstemp() makes 0600. */
static void set_mode(int descriptor)
{
	mode_t mask = umask(0);

	umask(mask);
	if (fchmod(descriptor, 0666 & ~mask))
		cli_complain("cannot set the mode of a new file: %s", strerror(errno));
}

/* Whoever reads @path sees the old file or the whole new one. */
static int write_file(
	const char *path, void (*draw)(FILE *to, struct report *report), struct report *report)
{
	char *temporary = NULL;
	int descriptor, error = 0;
	FILE *file;

	if (is_special(path)) {
		file = fopen(path, "we");
		error = file ? draw_to(file, draw, report) : errno;
		return error ? cli_fail("cannot write %s: %s", path, strerror(error)) : 0;
	}
	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return cli_fail("out of memory");
	descriptor = mkostemp(temporary, O_CLOEXEC);
	if (descriptor < 0) {
		error = errno;
		free(temporary);
		return cli_fail("cannot write %s: %s", path, strerror(error));
	}
	set_mode(descriptor);
	file = fdopen(descriptor, "w");
	error = file ? draw_to(file, draw, report) : errno;
	if (!error && rename(temporary, path))
		error = errno;
	if (error)
		unlink(temporary);
	free(temporary);
	return error ? cli_fail("cannot write %s: %s", path, strerror(error)) : 0;
}

static int complain_of_problems(const struct report *report)
{
	for (size_t i = 0; i < report->n_problems; i++) {
		const struct report_problem *problem = &report->problems[i];

		if (problem->line)
			cli_complain("%s:%zu: %s", problem->source, problem->line, problem->what);
		else
			cli_complain("%s: %s", problem->source, problem->what);
	}
	return report->n_problems ? EXIT_SOME_UNREAD : 0;
}

static int render(struct report *report, const struct options *options)
{
	int status = 0;

	if (options->svg)
		status = write_file(options->svg, report_svg, report);
	if (!status && options->html)
		status = write_file(options->html, report_html, report);
	if (status)
		return status;
	if (options->json) {
		report_json(stdout, report);
	} else if (!options->svg && !options->html) {
		struct screen screen = screen_of_stdout();

		report_text(&screen, report);
	}
	return cli_finish(0);
}

static int report_of(int n, char **logs, const struct options *options)
{
	struct report report = {0};
	int status, unread;

	for (int i = 0; i < n; i++)
		read_log(&report, logs[i]);
	report_digest(&report);
	unread = complain_of_problems(&report);
	if (!report.n_processes && unread)
		status = cli_fail("no event of iovashim in %s", n == 1 ? "it" : "any of them");
	else if (!report.n_processes)
		status = cli_fail("%s: empty: no VFIO container was used, or it is not the log",
			report.sources[0].name);
	else
		status = render(&report, options);
	report_free(&report);
	return status ? status : unread;
}

int verb_report(int argc, char **argv)
{
	static const struct option words[] = {{"svg", required_argument, NULL, 's'},
		{"html", required_argument, NULL, 'H'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct options options = {NULL, NULL, false};
	int c;

	setlocale(LC_CTYPE, "");
	while ((c = getopt_long(argc, argv, "h", words, NULL)) != -1) {
		switch (c) {
		case 's':
			options.svg = optarg;
			break;
		case 'H':
			options.html = optarg;
			break;
		case 'j':
			options.json = true;
			break;
		case 'h':
			return cli_help();
		default:
			return cli_usage();
		}
	}
	if (optind == argc) {
		cli_complain("which log? Give the file that IOVASHIM_LOG named, or - for standard "
			     "input");
		return cli_usage();
	}
	return report_of(argc - optind, argv + optind, &options);
}
