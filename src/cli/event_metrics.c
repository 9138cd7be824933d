/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the events of logs add up to, as counters for Prometheus: docs/iovashim-report.1.scd names
 * each. A log is what any VMM may have written: no label has a value that is not known here. */
#include "event_stream.h"
#include "diagnosis.h"
#include "prometheus.h"
#include "report.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* The last of each list is for what a later version may have added. */
static const char *const kinds[] = {"ram", "viommu", "bar", "unknown", "other"};
static const char *const actions[] = {"split", "skip", "refuse", "observe", "pass", "other"};
static const char *const effects[] = {"harmless", "lost", "fatal", "unknown"};
static const char *const who[] = {"guest", "vmm"};
enum { KINDS = 5, ACTIONS = 6, EFFECTS = 4, WHO = 2, RESULTS = 136 };

struct event_metrics {
	/* By result: 0, an errno, or RESULTS - 1 for another. */
	size_t mappings[KINDS][ACTIONS][RESULTS];
	size_t causes[CAUSES], effects[EFFECTS], hits[WHO];
	size_t starts, unguarded, guards_set, guards_lifted, faults, unread;
	int64_t last; /* 0: no event */
};

struct event_metrics *event_metrics_new(void)
{
	return calloc(1, sizeof(struct event_metrics));
}

void event_metrics_unread(struct event_metrics *metrics, size_t lines)
{
	metrics->unread = lines;
}

/* --- counting -------------------------------------------------------------- */

/* Its index in @words; the last one's if it is not there. */
static size_t index_of(const json_t *event, const char *key, const char *const *words, size_t n)
{
	const char *word = json_string_value(json_object_get(event, key));

	for (size_t i = 0; word && i < n; i++)
		if (!strcmp(word, words[i]))
			return i;
	return n - 1;
}

static void name_result(size_t result, char name[24])
{
	struct text text = text_start(name, 24);

	if (!result)
		text_add(&text, "ok");
	else if (result == RESULTS - 1)
		text_add(&text, "other");
	else
		text_add_errno(&text, (int)result);
}

static size_t result_of(const json_t *event)
{
	const char *word = json_string_value(json_object_get(event, "result"));
	char name[24];

	for (size_t i = 0; word && i < RESULTS; i++) {
		name_result(i, name);
		if (!strcmp(word, name))
			return i;
	}
	return RESULTS - 1;
}

/* Memory that the guest can use, and devices read and write wrongly. */
static bool is_unguarded(const json_t *event, size_t kind)
{
	const char *action = json_string_value(json_object_get(event, "action"));

	if (!strcmp(kinds[kind], "bar") || !action || !strcmp(action, "pass"))
		return false;
	return report_number_field(event, "unreachable", 0) > 0 &&
	       !report_flag_field(event, "guarded");
}

static void take_map(struct event_metrics *m, const json_t *event)
{
	size_t kind = index_of(event, "kind", kinds, KINDS);
	size_t action = index_of(event, "action", actions, ACTIONS);
	size_t result = result_of(event);

	m->mappings[kind][action][result]++;
	if (!result) {
		m->unguarded += is_unguarded(event, kind);
		return;
	}
	m->causes[report_cause(event)]++;
	m->effects[index_of(event, "effect", effects, EFFECTS)]++;
}

int event_metrics_take(void *metrics, const json_t *event, int64_t time)
{
	const char *name = json_string_value(json_object_get(event, "event"));
	struct event_metrics *m = metrics;

	if (time > m->last)
		m->last = time;
	if (!strcmp(name, "map"))
		take_map(m, event);
	else if (!strcmp(name, "start"))
		m->starts++;
	else if (!strcmp(name, "guard"))
		++*(report_flag_field(event, "set") ? &m->guards_set : &m->guards_lifted);
	else if (!strcmp(name, "guard-hit"))
		m->hits[index_of(event, "by", who, WHO)]++;
	else if (!strcmp(name, "fault"))
		m->faults++;
	return 0;
}

/* --- printing -------------------------------------------------------------- */

static void print_one(
	FILE *to, const char *name, const char *label, const char *value, size_t count)
{
	fprintf(to, "%s{", name);
	prometheus_label(to, label, value);
	fputc('}', to);
	prometheus_value(to, (double)count);
}

static void print_mapping(FILE *to, size_t kind, size_t action, size_t result, size_t count)
{
	char name[24];

	name_result(result, name);
	fputs("iovashim_mappings_total{", to);
	prometheus_label(to, "kind", kinds[kind]);
	fputc(',', to);
	prometheus_label(to, "action", actions[action]);
	fputc(',', to);
	prometheus_label(to, "result", name);
	fputc('}', to);
	prometheus_value(to, (double)count);
}

static void print_mappings(FILE *to, const struct event_metrics *m)
{
	prometheus_metric(to, "iovashim_mappings_total", "counter",
		"Mappings that touched a hole or failed, by memory, what was done and its result.");
	for (size_t kind = 0; kind < KINDS; kind++)
		for (size_t action = 0; action < ACTIONS; action++)
			for (size_t result = 0; result < RESULTS; result++)
				if (m->mappings[kind][action][result])
					print_mapping(to, kind, action, result,
						m->mappings[kind][action][result]);
}

static void print_failures(FILE *to, const struct event_metrics *m)
{
	prometheus_metric(to, "iovashim_mapping_failures_total", "counter",
		"Mappings that failed, by what that means to the VMM.");
	for (size_t i = 0; i < EFFECTS; i++)
		print_one(
			to, "iovashim_mapping_failures_total", "effect", effects[i], m->effects[i]);
	prometheus_metric(to, "iovashim_mapping_failure_causes_total", "counter",
		"Mappings that failed, by what stood against them.");
	for (size_t i = 0; i < CAUSES; i++)
		if (m->causes[i])
			print_one(to, "iovashim_mapping_failure_causes_total", "cause",
				diagnosis_word((enum cause)i), m->causes[i]);
}

int event_metrics_print(FILE *to, const void *metrics)
{
	const struct event_metrics *m = metrics;

	prometheus_counter(to, "iovashim_vmm_starts_total",
		"Processes that began to use VFIO under iovashim.", (double)m->starts);
	print_mappings(to, m);
	print_failures(to, m);
	prometheus_counter(to, "iovashim_unguarded_mappings_total",
		"Mappings of guest memory over holes that are not guarded: devices read and write "
		"wrong data there, with no error.",
		(double)m->unguarded);
	prometheus_metric(to, "iovashim_guard_hits_total", "counter",
		"Guests (or VMMs) that used guarded memory and were stopped.");
	for (size_t i = 0; i < WHO; i++)
		print_one(to, "iovashim_guard_hits_total", "by", who[i], m->hits[i]);
	prometheus_counter(
		to, "iovashim_guards_set_total", "Gaps that were guarded.", (double)m->guards_set);
	prometheus_counter(to, "iovashim_guards_lifted_total",
		"Gaps whose guard was lifted; not those of processes that were killed.",
		(double)m->guards_lifted);
	prometheus_counter(
		to, "iovashim_faults_total", "Faults of iovashim's own.", (double)m->faults);
	prometheus_counter(to, "iovashim_log_unread_lines_total",
		"Lines of the log that could not be read.", (double)m->unread);
	if (m->last)
		prometheus_gauge(to, "iovashim_log_last_event_timestamp_seconds",
			"When the youngest event came.", (double)m->last / 1e6);
	return 0;
}
