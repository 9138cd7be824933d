/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report as one page of HTML: nothing from elsewhere, no script, fit to read, hear and print. */
#include "report_render.h"

#include <inttypes.h>
#include <string.h>

static const char page_style[] =
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 "
	"system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",\"DejaVu Sans\",sans-serif}\n"
	"main,header,footer{max-width:1040px;margin:0 auto;padding:0 20px}\n"
	"header{padding-top:28px}h1{font-size:26px;margin:0}header p{color:var(--dim);margin:4px 0 "
	"0}\n"
	"h2{font-size:21px;margin:40px 0 4px;overflow-wrap:anywhere}h3{font-size:17px;margin:28px "
	"0 8px}\n"
	"p{margin:6px 0}.dim{color:var(--dim)}\n"
	"code,pre,.mono{font-family:ui-monospace,\"Cascadia "
	"Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",monospace;font-size:13.5px}\n"
	".verdicts{list-style:none;margin:14px 0;padding:0}\n"
	".verdicts li{margin:8px 0;padding:9px 14px;border-left:5px solid var(--l);"
	"background:var(--f);color:var(--i);border-radius:3px;overflow-wrap:anywhere}\n"
	".verdicts b{margin-right:.6em}\n"
	"pre{background:var(--panel);border:1px solid var(--rule);border-radius:4px;padding:12px "
	"14px;white-space:pre-wrap;overflow-wrap:anywhere;margin:8px 0}\n"
	".scroll{overflow-x:auto;border:1px solid var(--rule);border-radius:4px;margin:8px 0}\n"
	".scroll:focus-visible,a:focus-visible{outline:3px solid var(--link);outline-offset:2px}\n"
	".picture{display:block;width:100%;min-width:860px;height:auto;padding:6px}\n"
	"figure{margin:0}figcaption{font-size:14px;color:var(--dim)}\n"
	".legend{list-style:none;padding:0;margin:6px 0;display:flex;flex-wrap:wrap;gap:4px 18px}\n"
	".legend "
	"i{display:inline-block;width:14px;height:14px;margin-right:6px;vertical-align:-2px;"
	"background:var(--f);border:2px solid var(--l);border-radius:3px}\n"
	".legend .gone,.legend .past,.legend .refused{border-style:dashed}\n"
	"table{border-collapse:collapse;width:100%;font-size:14px}\n"
	"th,td{text-align:left;vertical-align:top;padding:6px 10px;border-bottom:1px solid "
	"var(--rule)}\n"
	"thead th{color:var(--dim);font-weight:600;white-space:nowrap}tr:last-child "
	"td{border-bottom:0}\n"
	"td.mono{white-space:nowrap;font-size:12.5px}td{overflow-wrap:anywhere}td.size{white-space:"
	"nowrap}td:last-child{min-"
	"width:180px}\n"
	"td.bad,td.warning,td.good,td.note{box-shadow:inset 4px 0 0 var(--l)}\n"
	"td ul{margin:4px 0 0;padding-left:18px}\n"
	"footer{color:var(--dim);font-size:14px;padding-bottom:40px;margin-top:32px}\n"
	"nav a{color:var(--link);margin-right:1em}\n"
	"@media print{body{font-size:11pt}.scroll{overflow:visible;border:0}.picture{min-width:0}"
	"figure,li,tr{break-inside:avoid}h2,h3{break-after:avoid}nav{display:none}"
	"*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n"
	"@media (max-width:640px){main,header,footer{padding-left:12px;padding-right:12px}}\n";

struct page {
	FILE *to;
	struct report *report;
	int64_t begin;
	size_t pictures;
};

static void element(const struct page *page, const char *open, const char *text, const char *close)
{
	fputs(open, page->to);
	report_markup(page->to, text);
	fputs(close, page->to);
}

static const char *word_of(enum severity severity)
{
	static const char *const words[] = {[PLAIN] = "",
		[GOOD] = "\u2713 Handled:",
		[NOTE] = "\u00b7 Note:",
		[WARN] = "! Warning:",
		[BAD] = "\u2715 Problem:"};

	return words[severity];
}

static void put_head(const struct page *page)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n",
		page->to);
	element(page, "<title>iovashim report: ", page->report->processes[0].name,
		"</title>\n<style>\n");
	report_svg_style(page->to);
	fputs(page_style, page->to);
	fputs("</style>\n</head>\n<body>\n<header>\n<h1>iovashim report</h1>\n", page->to);
	element(page, "<p>", report_title(page->report), "</p>\n");
	fputs("<nav aria-label=\"Parts of this page\">", page->to);
	for (size_t i = 0; page->report->n_processes > 1 && i < page->report->n_processes; i++) {
		const struct report_process *process = &page->report->processes[i];

		fprintf(page->to, "<a href=\"#process-%zu\">%zu ", i + 1, i + 1);
		element(page, "", process->name, "</a> ");
	}
	fputs("<a href=\"#timeline\">Timeline</a>", page->to);
	if (page->report->n_problems)
		fputs(" <a href=\"#unread\">What could not be read</a>", page->to);
	fputs("</nav>\n</header>\n<main>\n", page->to);
}

static void put_verdicts(const struct page *page, const struct report_process *process)
{
	fputs("<ul class=\"verdicts\">\n", page->to);
	for (size_t i = 0; i < process->n_verdicts; i++) {
		const struct report_verdict *verdict = &process->verdicts[i];

		fprintf(page->to, "<li class=\"%s\"><b>%s</b>", report_severity(verdict->severity),
			word_of(verdict->severity));
		element(page, "", verdict->text, "</li>\n");
	}
	fputs("</ul>\n", page->to);
}

static void put_advice(const struct page *page, const struct report_process *process)
{
	if (!process->n_advice)
		return;
	fputs("<h3>What to change</h3>\n<pre>", page->to);
	for (size_t i = 0; i < process->n_advice; i++)
		element(page, "", process->advice[i], i + 1 < process->n_advice ? "\n" : "");
	fputs("</pre>\n", page->to);
}

static void put_legend(const struct page *page, const struct layout *layout)
{
	fputs("<figcaption><ul class=\"legend\">", page->to);
	for (enum look look = 0; look < LOOKS; look++)
		if (layout_has(layout, look))
			fprintf(page->to, "<li><i class=\"%s\"></i>%s</li>",
				report_look_class(look), layout_look_words(look));
	fputs("</ul>Bands are not to scale; the strip on the left is: guest, reserved. An address "
	      "is the first one below its line.</figcaption>\n",
		page->to);
	if (layout->some_left_out)
		fprintf(page->to,
			"<p>Too much for a picture: left out from 0x%" PRIx64 " on.</p>\n",
			layout->left_out.first);
}

static void put_row(const struct page *page, const char *label, struct range range,
	const char *what, const char *state)
{
	element(page, "<tr><td>", label, "</td><td class=\"mono\">");
	element(page, "", report_range(page->report, range), "</td><td class=\"size\">");
	element(page, "", report_size(page->report, range_size(range)), "</td><td>");
	element(page, "", what, "</td><td>");
	element(page, "", state, "</td></tr>\n");
}

static const char *unreachable_words(const struct page *page, const struct report_mapping *mapping)
{
	if (!mapping->ok || !mapping->unreachable)
		return "";
	return report_words(page->report, "; %s cut off, %s",
		report_size(page->report, mapping->unreachable),
		mapping->guarded ? "guarded" : "NOT guarded");
}

static void put_ranges(const struct page *page, const struct report_space *space)
{
	struct report *report = page->report;

	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Ranges\"><table>"
	      "<thead><tr><th scope=\"col\">in the picture</th><th scope=\"col\">range, both ends "
	      "inclusive</th><th scope=\"col\">size</th><th scope=\"col\">what</th>"
	      "<th scope=\"col\">state at the end of the log</th></tr></thead><tbody>\n",
		page->to);
	for (size_t i = 0; i < space->n_mappings; i++) {
		const struct report_mapping *mapping = &space->mappings[i];

		put_row(page, mapping->label, mapping->iova, report_memory(mapping),
			report_words(report, "%s%s", report_state(report, mapping, page->begin),
				unreachable_words(page, mapping)));
	}
	for (size_t i = 0; i < space->n_holes; i++) {
		const struct report_hole *hole = &space->holes[i];

		put_row(page, hole->label, hole->range,
			report_words(report, "reserved: %s", hole->owners),
			hole->now ? "reserved" : "no longer reserved");
	}
	fputs("</tbody></table></div>\n", page->to);
	if (space->holes_missing)
		fprintf(page->to, "<p>And %zu more reserved: the list is cut in the log.</p>\n",
			space->holes_missing);
	if (space->mappings_left_out)
		fprintf(page->to, "<p>And %zu more mappings.</p>\n", space->mappings_left_out);
}

static void put_space(struct page *page, const struct layout *layout)
{
	struct report *report = page->report;
	const char *groups = layout->space->groups;

	element(page, "<h3>",
		report_words(report, "Addresses of %s%s%s", layout->containers, *groups ? ": " : "",
			groups),
		"</h3>\n");
	if (!layout->n_bands) {
		fputs("<p>Nothing reserved, nothing mapped that is in the log.</p>\n", page->to);
		return;
	}
	fputs("<figure>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"Picture of the addresses\">\n",
		page->to);
	report_svg_picture(page->to, report, layout, ++page->pictures);
	fputs("</div>\n", page->to);
	put_legend(page, layout);
	fputs("</figure>\n", page->to);
	put_ranges(page, layout->space);
}

static void put_process(struct page *page, size_t index)
{
	struct report *report = page->report;
	const struct report_process *process = &report->processes[index];
	struct layout *layouts;
	size_t n;

	fprintf(page->to, "<section id=\"process-%zu\">\n<h2>", index + 1);
	if (report->n_processes > 1)
		fprintf(page->to, "%zu ", index + 1);
	element(page, "", process->name, "</h2>\n");
	element(page, "<p class=\"dim\">", report_head(report, process), "</p>\n");
	element(page, "<p>", report_totals(report, process), "</p>\n");
	put_verdicts(page, process);
	put_advice(page, process);
	layouts = report_layouts(report, index, &n);
	for (size_t i = 0; i < n; i++)
		put_space(page, &layouts[i]);
	fputs("</section>\n", page->to);
}

static void put_details(const struct page *page, const struct report_entry *entry)
{
	const char *repeats = report_repeats(page->report, entry);

	if (*repeats)
		element(page, " <b>[", repeats, "]</b>");
	if (entry->n_details == entry->n_changes)
		return;
	fputs("<ul>", page->to);
	for (size_t i = entry->n_changes; i < entry->n_details; i++)
		element(page, "<li>", entry->details[i], "</li>");
	fputs("</ul>", page->to);
}

static void put_entry(const struct page *page, const struct report_entry *entry)
{
	struct report *report = page->report;

	element(page, "<tr><td class=\"mono\">", report_clock(report, entry->time),
		"</td><td class=\"mono\">");
	element(page, "", report_since(report, page->begin, entry->time), "</td>");
	if (report->n_processes > 1)
		fprintf(page->to, "<td>%zu</td>", entry->process + 1);
	fprintf(page->to, "<td class=\"%s\">", report_severity(entry->severity));
	element(page, "", entry->asked, "</td><td>");
	element(page, "", entry->done, "");
	put_details(page, entry);
	fputs("</td></tr>\n", page->to);
}

static void put_timeline(const struct page *page)
{
	struct report *report = page->report;
	const char *day = "";

	fprintf(page->to,
		"<section id=\"timeline\"><h2>Timeline</h2>\n<div class=\"scroll\" tabindex=\"0\" "
		"role=\"region\" aria-label=\"Timeline\"><table><thead><tr><th "
		"scope=\"col\">time</th><th scope=\"col\">since the beginning</th>%s<th "
		"scope=\"col\">what came</th><th scope=\"col\">what was done</th></tr></thead>"
		"<tbody>\n",
		report->n_processes > 1 ? "<th scope=\"col\">process</th>" : "");
	for (size_t i = 0; i < report->n_entries; i++) {
		const char *now = report_day(report, report->entries[i].time);

		if (strncmp(now, day, 10) != 0) {
			day = now;
			fprintf(page->to,
				"<tr><th colspan=\"5\" scope=\"rowgroup\">%.10s</th></tr>\n", day);
		}
		put_entry(page, &report->entries[i]);
	}
	fputs("</tbody></table></div></section>\n", page->to);
}

static void put_problems(const struct page *page)
{
	struct report *report = page->report;

	if (!report->n_problems)
		return;
	fputs("<section id=\"unread\"><h2>What could not be read</h2>\n<ul>\n", page->to);
	for (size_t i = 0; i < report->n_problems; i++) {
		const struct report_problem *problem = &report->problems[i];

		element(page, "<li><code>", problem->source, "");
		if (problem->line)
			fprintf(page->to, ":%zu", problem->line);
		element(page, "</code>: ", problem->what, "</li>\n");
	}
	fputs("</ul></section>\n", page->to);
}

void report_html(FILE *to, struct report *report)
{
	struct page page = {.to = to, .report = report, .begin = report_begin(report)};

	put_head(&page);
	for (size_t i = 0; i < report->n_processes; i++)
		put_process(&page, i);
	put_timeline(&page);
	put_problems(&page);
	fputs("</main>\n<footer><p>The log has mappings that touch reserved addresses, or that "
	      "failed; other memory is not in these pictures. Times are local; made by "
	      "iovashim " IOVASHIM_VERSION ".</p></footer>\n</body>\n</html>\n",
		to);
}
