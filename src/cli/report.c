/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `iovashim report`: what happened, from event logs. */
#include "cli.h"
#include "event_stream.h"
#include "new_file.h"
#include "report_render.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

/* Some of the logs could not be read; the report is of the rest. */
enum { EXIT_SOME_UNREAD = 1 };

struct options {
	const char *svg, *html, *prometheus;
	bool json, journal;
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

struct drawing {
	struct report *report;
	void (*draw)(FILE *to, struct report *report);
};

static int draw_into(FILE *to, const void *context)
{
	const struct drawing *drawing = context;

	drawing->draw(to, drawing->report);
	return 0;
}

static int write_file(
	const char *path, void (*draw)(FILE *to, struct report *report), struct report *report)
{
	const struct drawing drawing = {report, draw};
	int err = new_file_write(path, new_file_mode(), draw_into, &drawing);

	return err ? cli_fail("cannot write %s: %s", path, strerror(-err)) : 0;
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

/* --- for other programs, event by event ------------------------------------ */

struct taker {
	struct event_metrics *metrics; /* or NULL */
	bool journal;
};

static int take_event(void *context, const json_t *event, int64_t time)
{
	const struct taker *taker = context;
	int status = taker->metrics ? event_metrics_take(taker->metrics, event, time) : 0;

	return !status && taker->journal ? event_journal_take(NULL, event, time) : status;
}

static int write_metrics(const char *path, const struct event_metrics *metrics)
{
	int err = new_file_write(path, 0644, event_metrics_print, metrics);

	return err ? cli_fail("cannot write %s: %s", path, strerror(-err)) : 0;
}

static int forward(int n, char **logs, const struct options *options)
{
	struct taker taker = {NULL, options->journal};
	struct event_stream stream = {.take = take_event, .context = &taker};
	int status = options->journal ? event_journal_open() : 0;

	if (options->prometheus && !status) {
		taker.metrics = event_metrics_new();
		if (!taker.metrics)
			status = cli_fail("out of memory");
	}
	for (int i = 0; i < n && !status; i++)
		status = event_stream_read(&stream, logs[i]);
	if (taker.metrics && !status) {
		event_metrics_unread(taker.metrics, stream.unread);
		status = write_metrics(options->prometheus, taker.metrics);
	}
	free(taker.metrics);
	return !status && stream.unread ? EXIT_SOME_UNREAD : status;
}

/* --- the command line ------------------------------------------------------ */

int verb_report(int argc, char **argv)
{
	static const struct option words[] = {{"svg", required_argument, NULL, 's'},
		{"html", required_argument, NULL, 'H'}, {"json", no_argument, NULL, 'j'},
		{"prometheus", required_argument, NULL, 'P'}, {"journal", no_argument, NULL, 'J'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct options options = {0};
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
		case 'P':
			options.prometheus = optarg;
			break;
		case 'J':
			options.journal = true;
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
	if (!options.prometheus && !options.journal)
		return report_of(argc - optind, argv + optind, &options);
	if (options.svg || options.html || options.json)
		return cli_fail("--prometheus and --journal make no report: ask for it by itself");
	return forward(argc - optind, argv + optind, &options);
}
