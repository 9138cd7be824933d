/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer: any bytes as event logs, NUL bytes between them; each report in each form. */
#include "cli/event_stream.h"
#include "cli/report_render.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

struct output {
	char *bytes;
	size_t length;
	FILE *to;
};

static FILE *begin(struct output *output)
{
	output->to = open_memstream(&output->bytes, &output->length);
	check(output->to);
	return output->to;
}

/* No control characters but the line's end, whatever the log has; nor the C1 ones in UTF-8. */
static void end(struct output *output)
{
	fclose(output->to);
	for (size_t i = 0; i < output->length; i++) {
		unsigned char c = (unsigned char)output->bytes[i];

		check((c >= ' ' || c == '\n') && c != 0x7f);
		check(c != 0xc2 || (unsigned char)output->bytes[i + 1] >= 0xa0);
		check(strncmp(output->bytes + i, "\xe2\x80\xae", 3) != 0);
	}
	free(output->bytes);
}

static void check_markup(struct report *report, void (*draw)(FILE *to, struct report *report))
{
	struct output output;

	draw(begin(&output), report);
	fflush(output.to);
	check(!strcasestr(output.bytes, "<script") && !strcasestr(output.bytes, "<img"));
	end(&output);
}

static void check_text(struct report *report, bool unicode, size_t width)
{
	struct output output;
	struct screen screen = {.to = begin(&output), .width = width, .unicode = unicode};

	report_text(&screen, report);
	end(&output);
}

static void check_json(struct report *report)
{
	struct output output;
	json_t *again;

	report_json(begin(&output), report);
	fflush(output.to);
	again = json_loadb(output.bytes, output.length, 0, NULL);
	check(json_array_size(json_object_get(again, "processes")) == report->n_processes);
	json_decref(again);
	end(&output);
}

static void check_layout(const struct layout *layout)
{
	for (size_t i = 1; i < layout->n_bands; i++)
		check(layout->bands[i - 1].range.last + 1 == layout->bands[i].range.first);
	for (enum lane lane = 0; lane < LANES; lane++) {
		size_t next = 0;

		for (size_t i = 0; i < layout->lanes[lane].n; i++) {
			const struct layout_item *item = &layout->lanes[lane].items[i];

			check(item->from >= next && item->from <= item->to);
			check(item->to < layout->n_bands && item->look < LOOKS);
			next = item->to + 1;
		}
	}
}

static void check_report(struct report *report)
{
	for (size_t i = 0; i < report->n_sources; i++)
		check(report->sources[i].events + report->sources[i].unread ==
			report->sources[i].lines);
	for (size_t i = 0; i < report->n_processes; i++) {
		size_t n;
		struct layout *layouts = report_layouts(report, i, &n);

		for (size_t k = 0; k < n; k++)
			check_layout(&layouts[k]);
	}
	if (!report->n_processes)
		return;
	check_text(report, true, 100);
	check_text(report, false, 40);
	check_json(report);
	check_markup(report, report_svg);
	check_markup(report, report_html);
}

/* Whatever a log has, no label of it does: lines of words that are known, and a number. */
static void check_metrics(const char *bytes, size_t length)
{
	struct event_metrics *metrics = event_metrics_new();
	struct output output;

	for (const char *line = bytes, *last = bytes + length, *end; line < last; line = end + 1) {
		struct report_why why;
		json_t *event;

		end = memchr(line, '\n', (size_t)(last - line));
		end = end ? end : last;
		event = report_parse_line(line, (size_t)(end - line), end < last, &why);
		if (event)
			check(!event_metrics_take(metrics, event, report_time_of(event)));
		json_decref(event);
	}
	check(!event_metrics_print(begin(&output), metrics));
	fflush(output.to);
	for (char *line = output.bytes, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		check(!strncmp(line, "# ", 2) || !strncmp(line, "iovashim_", 9));
		check(end - line < 200 && !memchr(line, '\\', (size_t)(end - line)));
	}
	end(&output);
	free(metrics);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report report = {0};
	const char *at = (const char *)data, *last = at + size;

	while (size && at <= last) {
		const char *nul = at < last ? memchr(at, 0, (size_t)(last - at)) : NULL;

		report_read_bytes(&report, "log", at, (size_t)((nul ? nul : last) - at));
		at = (nul ? nul : last) + 1;
	}
	report_digest(&report);
	check_report(&report);
	for (size_t i = 0; i < report.n_sources; i++)
		check_metrics(report.sources[i].bytes, report.sources[i].length);
	report_free(&report);
	return 0;
}
