/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses of a container, event by event: what is reserved, mapped, guarded, and was. */
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Beyond these a picture says nothing; and each event looks through all of them. */
enum { MOST_SPACES = 4096, MOST_MAPPINGS = 2048, MOST_HOLES = 2048, MOST_GUARDS = 4096 };

struct report_space *report_space_of(struct report *report, size_t process, int64_t container)
{
	struct report_space *space;

	for (size_t i = report->n_spaces; i-- > 0;) {
		space = &report->spaces[i];
		if (space->process == process && space->container == container)
			return space;
	}
	if (report->n_spaces >= MOST_SPACES)
		return NULL;
	space = REPORT_PUSH(report, report->spaces, report->n_spaces);
	*space = (struct report_space){
		.process = process, .container = container, .page = 4096, .groups = ""};
	return space;
}

static bool same_range(struct range a, struct range b)
{
	return a.first == b.first && a.last == b.last;
}

static const char *devices_of(struct report *report, const json_t *groups, int64_t number)
{
	size_t i;
	json_t *group;

	json_array_foreach((json_t *)(uintptr_t)groups, i, group)
	{
		const char *devices = report_text_field(report, group, "devices");

		if (report_number_field(group, "group", -1) == number && devices && *devices)
			return report_words(report, " (%s)", devices);
	}
	return "";
}

static const char *type_words(const char *type)
{
	if (type && !strcmp(type, "direct"))
		return "direct: of the firmware, mapped one to one";
	if (type && !strcmp(type, "msi"))
		return "MSI window";
	return type ? type : "reserved";
}

static const char *owner_of(struct report *report, const json_t *hole, const json_t *groups)
{
	const char *from = report_text_field(report, hole, "from");
	const char *name = report_text_field(report, hole, "name");
	const char *file = report_text_field(report, hole, "file");
	int64_t group = report_number_field(hole, "group", -1);

	if (from && !strcmp(from, "sysfs"))
		return report_words(report, "group %" PRId64 "%s, %s", group,
			devices_of(report, groups, group),
			type_words(report_text_field(report, hole, "type")));
	if (from && !strcmp(from, "policy"))
		return report_words(report, "policy%s%s%s, %s:%" PRId64, name && *name ? " \"" : "",
			name ? name : "", name && *name ? "\"" : "", file ? file : "?",
			report_number_field(hole, "line", 0));
	if (from && !strcmp(from, "kernel"))
		return "the kernel's valid ranges";
	return from ? from : "not said by whom";
}

/* AMD I/O Virtualization Technology (IOMMU) Specification, section 2.1.2. */
static const struct range hyper_transport = {0xfd00000000, 0xffffffffff};

static const char *brief_of(struct report *report, const json_t *hole, struct range range)
{
	const char *from = report_text_field(report, hole, "from");
	const char *name = report_text_field(report, hole, "name");
	const char *type = report_text_field(report, hole, "type");

	if (from && !strcmp(from, "policy"))
		return name && *name ? name : "policy";
	if (same_range(range, hyper_transport))
		return "HyperTransport";
	if (range.last == UINT64_MAX)
		return "beyond the IOMMU";
	if (type)
		return !strcmp(type, "msi") ? "MSI window" : type;
	return from && !strcmp(from, "kernel") ? "not valid" : "reserved";
}

static struct report_hole *hole_of(
	struct report *report, struct report_space *space, struct range range)
{
	struct report_hole *hole;
	uint64_t page = (uint64_t)space->page;

	for (size_t i = 0; i < space->n_holes; i++)
		if (same_range(space->holes[i].range, range))
			return &space->holes[i];
	if (space->n_holes >= MOST_HOLES)
		return NULL;
	hole = REPORT_PUSH(report, space->holes, space->n_holes);
	*hole = (struct report_hole){.range = range,
		.whole = range_align_outwards(range, page),
		.label = "",
		.brief = "",
		.owners = ""};
	return hole;
}

/* @groups: NULL if the event does not have them. */
static void add_hole(struct report *report, struct report_space *space, const json_t *object,
	const json_t *groups)
{
	const char *from = json_string_value(json_object_get(object, "from")), *owner;
	struct report_hole *hole;
	struct range range;

	if (!report_range_field(object, "range", &range))
		return;
	hole = hole_of(report, space, range);
	if (!hole || (!groups && *hole->owners))
		return;
	owner = owner_of(report, object, groups);
	if (!*hole->owners || !hole->now) {
		hole->owners = owner;
		hole->brief = brief_of(report, object, range);
	} else if (!strstr(hole->owners, owner) && strlen(hole->owners) < 1000) {
		hole->owners = report_words(report, "%s; %s", hole->owners, owner);
	}
	hole->now = true;
	hole->by_host |= !from || strcmp(from, "policy") != 0;
}

static void add_holes(struct report *report, struct report_space *space, const json_t *event,
	const json_t *groups)
{
	size_t i;
	json_t *hole;

	json_array_foreach(json_object_get(event, "holes"), i, hole)
		add_hole(report, space, hole, groups);
}

/* How many of the list @name the log left out; @count has its true length. */
static size_t cut_off(const json_t *event, const char *name, const char *count)
{
	int64_t n = (int64_t)json_array_size(json_object_get(event, name));
	int64_t whole = report_number_field(event, count, n);

	return whole > n ? (size_t)(whole - n) : 0;
}

void report_space_container(struct report *report, struct report_space *space, const json_t *event)
{
	const json_t *groups = json_object_get(event, "groups");
	int64_t page = report_number_field(event, "page", 0);
	const char *names = "";
	size_t i;
	json_t *group;

	if (page >= 1 && page <= 1 << 30 && !(page & (page - 1)))
		space->page = page;
	json_array_foreach((json_t *)(uintptr_t)groups, i, group)
	{
		int64_t number = report_number_field(group, "group", -1);

		names = report_words(report, "%s%sgroup %" PRId64 "%s", names, i ? ", " : "",
			number, devices_of(report, groups, number));
	}
	space->groups = names;
	/* Of a list that was cut, what is missing may be there still. */
	space->holes_missing = cut_off(event, "holes", "n_holes");
	for (i = 0; i < space->n_holes && !space->holes_missing; i++)
		space->holes[i].now = false;
	add_holes(report, space, event, groups);
}

const char *report_space_owners(
	struct report *report, struct report_space *space, const json_t *event)
{
	const json_t *holes = json_object_get(event, "holes");
	struct range said = {1, 0}, range;
	const char *words = "";
	size_t i, n = 0;
	json_t *object;

	add_holes(report, space, event, NULL);
	json_array_foreach((json_t *)(uintptr_t)holes, i, object)
	{
		struct report_hole *hole;

		if (!report_range_field(object, "range", &range) || same_range(said, range))
			continue;
		said = range;
		hole = hole_of(report, space, range);
		if (n++ < 3)
			words = report_words(report, "%s%s%s (%s)", words, *words ? ", " : "",
				report_range(report, range), hole ? hole->brief : "");
	}
	if (n > 3)
		words = report_words(report, "%s and %zu more", words, n - 3);
	return words;
}

static enum report_kind kind_of(const json_t *event)
{
	const char *kind = json_string_value(json_object_get(event, "kind"));

	return !kind			 ? KIND_OTHER
	       : !strcmp(kind, "ram")	 ? KIND_RAM
	       : !strcmp(kind, "viommu") ? KIND_VIOMMU
	       : !strcmp(kind, "bar")	 ? KIND_BAR
					 : KIND_OTHER;
}

static enum report_action action_of(const json_t *event)
{
	const char *action = json_string_value(json_object_get(event, "action"));

	return !action			    ? ACTION_OTHER
	       : !strcmp(action, "split")   ? ACTION_SPLIT
	       : !strcmp(action, "skip")    ? ACTION_SKIP
	       : !strcmp(action, "refuse")  ? ACTION_REFUSE
	       : !strcmp(action, "observe") ? ACTION_OBSERVE
	       : !strcmp(action, "pass")    ? ACTION_PASS
					    : ACTION_OTHER;
}

static struct report_mapping *mapping_of(
	struct report *report, struct report_space *space, struct range iova, enum report_kind kind)
{
	struct report_mapping *mapping;

	for (size_t i = space->n_mappings; i-- > 0;) {
		mapping = &space->mappings[i];
		if (mapping->kind == kind && same_range(mapping->iova, iova))
			return mapping;
	}
	if (space->n_mappings >= MOST_MAPPINGS) {
		space->mappings_left_out++;
		return NULL;
	}
	mapping = REPORT_PUSH(report, space->mappings, space->n_mappings);
	*mapping = (struct report_mapping){.iova = iova, .kind = kind, .label = ""};
	return mapping;
}

/* The ranges in the list @name of @event; @key is where in an item, NULL if the item itself is. */
static struct range *ranges_of(struct report *report, const json_t *event, const char *name,
	const char *key, uint64_t page, size_t *n)
{
	const json_t *list = json_object_get(event, name);
	struct range *ranges = report_alloc(report, (json_array_size(list) + 1) * sizeof(*ranges));
	size_t i;
	json_t *item;

	*n = 0;
	json_array_foreach((json_t *)(uintptr_t)list, i, item)
	{
		struct range range;

		if (report_range_of(key ? json_object_get(item, key) : item, &range))
			ranges[(*n)++] = range_align_outwards(range, page);
	}
	return ranges;
}

static const char *why_words(struct report *report, const json_t *event)
{
	const char *cause = report_cause_words(report, event), *effect = report_effect_words(event);

	if (cause && effect)
		return report_words(report, "%s; %s", cause, effect);
	return cause ? cause : effect;
}

void report_space_map(struct report *report, struct report_space *space, const json_t *event,
	struct range iova, int64_t time)
{
	const char *result = report_text_field(report, event, "result");
	bool ok = !result || !strcmp(result, "ok");
	struct report_mapping *mapping = mapping_of(report, space, iova, kind_of(event));
	uint64_t page = (uint64_t)space->page;

	if (!mapping)
		return;
	/* A mapping that is there stays, whatever becomes of another like it (EEXIST). */
	if (mapping->times++ && mapping->ok && !mapping->gone && !ok)
		return;
	mapping->action = action_of(event);
	mapping->what = report_device_words(report, event);
	mapping->cause = report_cause(event);
	mapping->failure = report_failure(event, mapping->kind == KIND_BAR);
	mapping->why = why_words(report, event);
	mapping->changes = report_changes(report, event, &mapping->n_changes);
	mapping->result = result ? result : "ok";
	mapping->ok = ok;
	mapping->guarded = report_flag_field(event, "guarded");
	mapping->gone = mapping->presumed = false;
	mapping->since = time;
	mapping->unreachable = (uint64_t)report_number_field(event, "unreachable", 0);
	mapping->cut = cut_off(event, "pieces", "n_pieces") || cut_off(event, "gaps", "n_gaps");
	mapping->pieces = ranges_of(report, event, "pieces", "iova", 1, &mapping->n_pieces);
	mapping->gaps = ranges_of(report, event, "gaps", NULL, 1, &mapping->n_gaps);
	mapping->holes = ranges_of(report, event, "holes", "range", page, &mapping->n_holes);
}

static void end_mapping(struct report_mapping *mapping, const char *how, int64_t time)
{
	mapping->gone = true;
	mapping->presumed = false;
	mapping->how_gone = how;
	mapping->until = time;
}

/* With FLAG_VADDR, mappings lose their addresses in the VMM and stay. */
void report_space_unmap(struct report_space *space, struct range iova, uint32_t flags, int64_t time)
{
	enum { FLAG_VADDR = 4 };

	if (flags & FLAG_VADDR)
		return;
	for (size_t i = 0; i < space->n_mappings; i++) {
		struct report_mapping *mapping = &space->mappings[i];

		if (mapping->ok && range_contains(iova, mapping->iova) &&
			(!mapping->gone || mapping->presumed))
			end_mapping(mapping, "unmapped", time);
	}
}

static struct report_guard *guard_of(
	struct report *report, struct report_space *space, struct range iova)
{
	struct report_guard *guard;

	for (size_t i = space->n_guards; i-- > 0;)
		if (same_range(space->guards[i].iova, iova))
			return &space->guards[i];
	if (space->n_guards >= MOST_GUARDS)
		return NULL;
	guard = REPORT_PUSH(report, space->guards, space->n_guards);
	*guard = (struct report_guard){.iova = iova};
	return guard;
}

/* A guard that goes takes its mapping along: an unmap follows, or the container was closed, of
 * which there is no other line. */
static void lift(struct report_space *space, struct range gap, int64_t time)
{
	for (size_t i = 0; i < space->n_mappings; i++) {
		struct report_mapping *mapping = &space->mappings[i];

		if (mapping->gone || !mapping->ok || !range_contains(mapping->iova, gap))
			continue;
		end_mapping(mapping, "gone with its container", time);
		mapping->presumed = true;
	}
}

void report_space_guard(struct report *report, struct report_space *space, struct range iova,
	bool set, int64_t time)
{
	struct report_guard *guard = guard_of(report, space, iova);

	if (!guard)
		return;
	if (set) {
		guard->in_force++;
		guard->since = time;
	} else if (guard->in_force && !--guard->in_force) {
		lift(space, iova, time);
	}
}

static int by_address(const void *a, const void *b)
{
	const struct report_mapping *m = a, *n = b;

	return m->iova.first != n->iova.first ? (m->iova.first < n->iova.first ? -1 : 1)
	       : m->iova.last != n->iova.last ? (m->iova.last < n->iova.last ? -1 : 1)
					      : (int)m->kind - (int)n->kind;
}

static int holes_by_address(const void *a, const void *b)
{
	const struct report_hole *h = a, *k = b;

	return h->range.first != k->range.first ? (h->range.first < k->range.first ? -1 : 1)
	       : h->range.last != k->range.last ? (h->range.last < k->range.last ? -1 : 1)
						: 0;
}

/* Puts all in order and gives it its label. */
void report_space_finish(struct report *report, struct report_space *space)
{
	static const char letters[] = {
		[KIND_RAM] = 'R', [KIND_VIOMMU] = 'V', [KIND_BAR] = 'B', [KIND_OTHER] = 'M'};
	unsigned int counts[4] = {0};

	if (space->n_mappings)
		qsort(space->mappings, space->n_mappings, sizeof(*space->mappings), by_address);
	if (space->n_holes)
		qsort(space->holes, space->n_holes, sizeof(*space->holes), holes_by_address);
	for (size_t i = 0; i < space->n_mappings; i++) {
		struct report_mapping *mapping = &space->mappings[i];

		mapping->label = report_words(
			report, "%c%u", letters[mapping->kind], ++counts[mapping->kind]);
	}
	for (size_t i = 0; i < space->n_holes; i++)
		space->holes[i].label = report_words(report, "H%zu", i + 1);
}
