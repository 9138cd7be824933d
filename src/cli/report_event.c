/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One event of a log: which process it is of, what it changes, and what it is in words. */
#include "report.h"

#include <inttypes.h>
#include <string.h>

/* A report of more processes than these is of no use; nor is looking through them for each line. */
enum { MOST_PROCESSES = 1000 };

struct taken {
	struct report *report;
	struct report_process *process;
	size_t index; /* the process's */
	const json_t *event;
	struct report_entry *entry;
	int64_t time;
	int64_t container;
};

static struct report_process *add_process(
	struct report *report, size_t source, int64_t pid, int64_t time)
{
	struct report_process *process =
		REPORT_PUSH(report, report->processes, report->n_processes);

	*process = (struct report_process){.pid = pid,
		.source = source,
		.name = report_words(report, "process %" PRId64, pid),
		.first = time,
		.last = time};
	return process;
}

/* The youngest of this pid: in the same log, or going on from an older one that was rotated. */
static struct report_process *find_process(struct report *report, size_t source, int64_t pid)
{
	struct report_process *older = NULL;

	for (size_t i = report->n_processes; i-- > 0;) {
		struct report_process *process = &report->processes[i];

		if (process->pid != pid)
			continue;
		if (process->source == source)
			return process;
		if (!older && !process->ended)
			older = process;
	}
	if (older)
		older->source = source;
	return older;
}

/* A pid starts again after exec(), and when the kernel gives it to another process. */
static struct report_process *process_of(
	struct report *report, size_t source, int64_t pid, int64_t time, bool starts)
{
	struct report_process *process = find_process(report, source, pid);

	if (process && (!starts || process->awaits_start))
		return process;
	if (report->n_processes >= MOST_PROCESSES)
		return NULL;
	return add_process(report, source, pid, time);
}

static bool is(const char *text, const char *word)
{
	return text && !strcmp(text, word);
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && slash[1] ? slash + 1 : path;
}

static void take_start(struct taken *t)
{
	struct report *report = t->report;
	struct report_process *process = t->process;

	process->awaits_start = false;
	process->vmm = report_text_field(report, t->event, "vmm");
	process->version = report_text_field(report, t->event, "version");
	process->kernel = report_text_field(report, t->event, "kernel");
	process->cpu = report_text_field(report, t->event, "cpu");
	process->policy = report_text_field(report, t->event, "policy");
	process->mode = report_text_field(report, t->event, "mode");
	process->guard = report_flag_field(t->event, "guard");
	if (process->vmm && *process->vmm)
		process->name = base_name(process->vmm);
	t->entry->asked = report_words(report, "%s begins to use VFIO", process->name);
	t->entry->done = report_words(report, "policy %s, mode %s, guard %s",
		process->policy ? process->policy : "unknown",
		process->mode ? process->mode : "unknown", process->guard ? "on" : "off");
}

/* "3 reserved ranges (2 by sysfs, 1 by policy)": where the kernel's word is new, it shows. */
static const char *count_holes(struct report *report, const json_t *event, size_t ranges)
{
	static const char *const sources[] = {"sysfs", "kernel", "policy"};
	const char *words = "";
	size_t i;
	json_t *hole;

	for (size_t k = 0; k < 3; k++) {
		size_t n = 0;

		json_array_foreach(json_object_get(event, "holes"), i, hole) n +=
			is(json_string_value(json_object_get(hole, "from")), sources[k]);
		if (n)
			words = report_words(report, "%s%s%zu by %s", words, *words ? ", " : " (",
				n, sources[k]);
	}
	return report_words(report, "%s%s%s",
		report_plural(report, ranges, "reserved range", "reserved ranges"), words,
		*words ? ")" : "");
}

static void take_container(struct taken *t)
{
	struct report *report = t->report;
	struct report_space *space = report_space_of(report, t->index, t->container);
	size_t n = 0;

	t->entry->asked = report_words(report, "container %" PRId64, t->container);
	if (!space)
		return;
	report_space_container(report, space, t->event);
	for (size_t i = 0; i < space->n_holes; i++)
		n += space->holes[i].now;
	t->entry->asked = report_words(report, "container %" PRId64 ": %s", t->container,
		*space->groups ? space->groups : "no group of this process");
	t->entry->done = count_holes(report, t->event, n);
}

static const char *reason_words(const char *reason)
{
	static const char *const words[][2] = {{"policy", "the policy says so"},
		{"viommu", "a vIOMMU chose the address, so that nothing can be guarded"},
		{"in-use", "the guest already uses memory behind the hole"},
		{"no-guard", "the guard cannot be set there"},
		{"kernel", "the kernel refused it, or memory ran out"},
		{"overlap", "a split mapping is in the way"}};

	for (size_t i = 0; reason && i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(reason, words[i][0]))
			return words[i][1];
	return reason;
}

static const char *guarded_words(bool guarded)
{
	return guarded ? "guarded" : "NOT guarded";
}

/* What was done, when the VMM got success. */
static void map_worked(struct taken *t, const char *action, const char *crossed)
{
	struct report *report = t->report;
	struct report_totals *totals = &t->process->totals;
	bool guarded = report_flag_field(t->event, "guarded");
	bool bar = is(json_string_value(json_object_get(t->event, "kind")), "bar");
	int64_t pieces = report_number_field(t->event, "n_pieces",
		(int64_t)json_array_size(json_object_get(t->event, "pieces")));
	const char *behind =
		report_size(report, (uint64_t)report_number_field(t->event, "unreachable", 0));

	t->entry->severity = guarded ? GOOD : WARN;
	if (is(action, "split")) {
		totals->splits++;
		totals->pieces += (size_t)pieces;
		t->entry->done =
			report_words(report, "split around %s: %s; %s cut off from devices, %s",
				crossed, report_plural(report, (size_t)pieces, "piece", "pieces"),
				behind, guarded_words(guarded));
	} else if (is(action, "skip")) {
		totals->skips++;
		t->entry->done =
			report_words(report, "left out, success reported: %s of it in %s; %s",
				behind, crossed, guarded_words(guarded));
	} else if (is(action, "observe")) {
		totals->observed++;
		t->entry->severity = bar ? NOTE : BAD;
		t->entry->done = report_words(report,
			"passed on over %s, and the kernel took it: devices fail there", crossed);
	} else {
		t->entry->severity = PLAIN;
		t->entry->done = report_words(report, "%s: ok", action ? action : "mapped");
	}
}

static const char *decision_words(const char *action)
{
	static const char *const words[][2] = {{"split", "could not be split"},
		{"refuse", "refused"}, {"observe", "passed on, and the kernel refused it"},
		{"pass", "passed on, and it failed"}, {"skip", "could not be left out"}};

	for (size_t i = 0; action && i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(action, words[i][0]))
			return words[i][1];
	return "failed";
}

static void map_failed(struct taken *t, const char *action, const char *crossed, const char *result)
{
	struct report *report = t->report;
	const char *whys[] = {report_cause_words(report, t->event),
		reason_words(report_text_field(report, t->event, "reason")),
		report_effect_words(t->event)};
	bool bar = is(json_string_value(json_object_get(t->event, "kind")), "bar");
	struct range failed;

	t->entry->severity = report_failure(t->event, bar);
	t->process->totals.failed++;
	if (is(action, "observe"))
		t->process->totals.observed++;
	else if (!is(action, "pass"))
		t->process->totals.refusals++;
	t->entry->done = report_words(report, "%s: %s%s%s", decision_words(action), result,
		*crossed ? "; it touches " : "", crossed);
	if (report_range_field(t->event, "failed", &failed))
		t->entry->done = report_words(
			report, "%s; failed at %s", t->entry->done, report_range(report, failed));
	for (size_t i = 0; i < sizeof(whys) / sizeof(whys[0]); i++)
		if (whys[i])
			t->entry->done = report_words(report, "%s; %s", t->entry->done, whys[i]);
}

static const char *take_map(struct taken *t)
{
	struct report *report = t->report;
	struct report_space *space = report_space_of(report, t->index, t->container);
	const char *kind = json_string_value(json_object_get(t->event, "kind"));
	const char *action = report_text_field(report, t->event, "action");
	const char *result = report_text_field(report, t->event, "result");
	const char *crossed = "", *device;
	struct range iova;

	if (!report_range_field(t->event, "iova", &iova))
		return "a map whose \"iova\" is missing or no range";
	if (space) {
		crossed = report_space_owners(report, space, t->event);
		report_space_map(report, space, t->event, iova, t->time);
	}
	device = report_device_words(report, t->event);
	t->entry->asked = report_words(report, "map %s %s",
		device		     ? device
		: is(kind, "ram")    ? "guest RAM"
		: is(kind, "viommu") ? "guest RAM behind a vIOMMU"
		: is(kind, "bar")    ? "a BAR"
				     : "memory",
		report_sized(report, iova));
	if (!result || is(result, "ok"))
		map_worked(t, action, crossed);
	else
		map_failed(t, action, crossed, result);
	return NULL;
}

static const char *take_unmap(struct taken *t)
{
	struct report *report = t->report;
	struct report_space *space = report_space_of(report, t->index, t->container);
	int64_t flags = report_number_field(t->event, "flags", 0);
	struct range iova;

	if (!report_range_field(t->event, "iova", &iova))
		return "an unmap whose \"iova\" is missing or no range";
	t->process->totals.unmaps++;
	if (space)
		report_space_unmap(space, iova, (uint32_t)flags, t->time);
	t->entry->asked = flags & 2 ? "unmap all there is"
				    : report_words(report, "unmap %s", report_sized(report, iova));
	t->entry->done = report_words(report, "%s%s unmapped, as if there were no hole",
		flags & 4 ? "addresses alone (live update): " : "",
		report_size(report, (uint64_t)report_number_field(t->event, "size", 0)));
	if (!report_number_field(t->event, "size", 0))
		t->entry->done = "nothing unmapped";
	return NULL;
}

static const char *take_guard(struct taken *t)
{
	struct report *report = t->report;
	struct report_space *space = report_space_of(report, t->index, t->container);
	int64_t given_back = report_number_field(t->event, "given_back", 0);
	bool set = report_flag_field(t->event, "set");
	struct range iova;

	if (!report_range_field(t->event, "iova", &iova))
		return "a guard whose \"iova\" is missing or no range";
	if (space)
		report_space_guard(report, space, iova, set, t->time);
	t->entry->asked = report_words(
		report, "%s %s", set ? "guard" : "lift the guard of", report_sized(report, iova));
	if (!set) {
		t->process->totals.guards_lifted++;
		return NULL;
	}
	t->process->totals.guards_set++;
	t->process->totals.given_back += (uint64_t)given_back;
	t->entry->severity = GOOD;
	if (given_back > 0)
		t->entry->done = report_words(report, "%s of it, all zero, given back to the host",
			report_size(report, (uint64_t)given_back));
	return NULL;
}

static void take_hit(struct taken *t)
{
	const char *vaddr = report_text_field(t->report, t->event, "vaddr");

	t->process->totals.hits++;
	t->entry->severity = BAD;
	if (is(json_string_value(json_object_get(t->event, "by")), "guest")) {
		t->process->hit_by_guest = true;
		t->entry->asked = "the guest used guarded memory";
		t->entry->done = "stopped there: KVM_RUN failed with EFAULT; nothing was corrupted";
		return;
	}
	t->process->hit_by_vmm = true;
	t->entry->asked = report_words(t->report, "the VMM itself used guarded memory%s%s",
		vaddr ? " at " : "", vaddr ? vaddr : "");
	t->entry->done = "it got SIGSEGV, and ends with that unless it handles it";
}

static void take_fault(struct taken *t)
{
	const char *what = report_text_field(t->report, t->event, "what");
	const char *result = report_text_field(t->report, t->event, "result");

	t->process->totals.faults++;
	t->entry->severity = WARN;
	t->entry->asked = report_words(
		t->report, "iovashim itself failed: %s", what ? what : "it does not say at what");
	t->entry->done = result ? result : "";
}

static void take_summary(struct taken *t)
{
	struct report_process *process = t->process;
	const char *memmap = report_text_field(t->report, t->event, "memmap");

	process->ended = true;
	json_decref(process->summary);
	process->summary = json_deep_copy(t->event);
	process->memmap = memmap && *memmap ? memmap : NULL;
	t->entry->asked = report_words(t->report, "%s ends by exit", process->name);
}

static void take_reserve(struct taken *t)
{
	report_take_reserve(t->report, t->process, t->event, t->entry);
}

static void take_rom(struct taken *t)
{
	report_take_rom(t->report, t->process, t->event, t->entry);
}

static void take_silence(struct taken *t)
{
	report_take_silence(t->report, t->process, t->event, t->entry);
}

static const char *take_by_name(struct taken *t, const char *name)
{
	static const struct {
		const char *name;
		void (*take)(struct taken *t);
		const char *(*take_range)(struct taken *t);
	} takers[] = {{"start", take_start, NULL}, {"container", take_container, NULL},
		{"map", NULL, take_map}, {"unmap", NULL, take_unmap}, {"guard", NULL, take_guard},
		{"guard-hit", take_hit, NULL}, {"fault", take_fault, NULL},
		{"reserve", take_reserve, NULL}, {"rom", take_rom, NULL},
		{"rom-silent", take_silence, NULL}, {"summary", take_summary, NULL}};

	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
		if (strcmp(name, takers[i].name) != 0)
			continue;
		if (takers[i].take_range)
			return takers[i].take_range(t);
		takers[i].take(t);
		return NULL;
	}
	t->entry->asked = t->entry->event;
	return NULL;
}

/* The same happened if all is the same but when, and where in the VMM. */
static const char *key_of(struct report *report, const json_t *event)
{
	static const char *const apart[] = {"time", "vaddr", "given_back", "pid"};
	json_t *same = json_copy((json_t *)(uintptr_t)event);
	const char *key;
	char *dump;

	for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++)
		json_object_del(same, apart[i]);
	dump = json_dumps(same, JSON_SORT_KEYS | JSON_COMPACT);
	key = report_words(report, "%s", dump ? dump : "");
	free(dump);
	json_decref(same);
	return key;
}

const char *report_take_event(
	struct report *report, size_t source, size_t line, const json_t *event, int64_t time)
{
	const char *name = report_text_field(report, event, "event"), *wrong;
	struct report_entry entry = {.time = time,
		.last = time,
		.count = 1,
		.event = name,
		.asked = "",
		.done = "",
		.source = source,
		.line = line};
	struct taken t = {.report = report, .event = event, .entry = &entry, .time = time};

	t.process = process_of(
		report, source, report_number_field(event, "pid", 0), time, !strcmp(name, "start"));
	if (!t.process)
		return "of one more process than a report can have";
	t.index = (size_t)(t.process - report->processes);
	entry.process = t.index;
	entry.container = t.container = report_number_field(event, "container", 0);
	wrong = take_by_name(&t, name);
	if (wrong)
		return wrong;
	if (t.process->last < time)
		t.process->last = time;
	report_details(report, &entry, event);
	entry.key = key_of(report, event);
	*REPORT_PUSH(report, t.process->entries, t.process->n_entries) = report->n_entries;
	*REPORT_PUSH(report, report->entries, report->n_entries) = entry;
	return NULL;
}
