// SPDX-License-Identifier: GPL-2.0-or-later
/* What a rehearsal's mappings mean on the host: which touch holes, whose memory they are. */
#include "plan.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static bool same_place(const struct mapping *a, const struct mapping *b)
{
	return a->iova.first == b->iova.first && a->iova.last == b->iova.last &&
	       !strcmp(a->bar, b->bar);
}

/* Mapped before at the same place: firmware maps and unmaps while it looks for devices. */
static bool seen(const struct outcome *o, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_place(&o->mappings[i], &o->mappings[at]))
			return true;
	return false;
}

static const json_t *dimm_data(const struct outcome *o, int index)
{
	const json_t *one = json_array_get(json_object_get(o->facts, "dimms"), (size_t)index);

	return one ? json_object_get(one, "data") : NULL;
}

/* Its id, or its backend's; *range is where it is. NULL if there is no such DIMM. */
static const char *dimm_get(const struct outcome *o, int index, struct range *range)
{
	const json_t *data = dimm_data(o, index);
	const char *id = json_string_value(json_object_get(data, "id"));
	const char *backend = json_string_value(json_object_get(data, "memdev"));
	json_int_t size = json_integer_value(json_object_get(data, "size"));
	const json_t *address = json_object_get(data, "addr");

	if (!data || size <= 0)
		return NULL;
	if (!address)
		address = json_object_get(data, "memaddr");
	range->first = (uint64_t)json_integer_value(address);
	range->last = range->first + (uint64_t)size - 1;
	if (id && *id)
		return id;
	if (!backend)
		return "";
	return strrchr(backend, '/') ? strrchr(backend, '/') + 1 : backend;
}

int dimm_at(const struct outcome *o, uint64_t address)
{
	struct range range;

	for (int i = 0; dimm_data(o, i); i++)
		if (dimm_get(o, i, &range) && range.first <= address && address <= range.last)
			return i;
	return -1;
}

static unsigned int trouble_of(const struct finding *f)
{
	bool beyond = !strcmp(f->hole.type, "beyond");

	if (*f->bar)
		return beyond ? BAR_BEYOND : BAR_IN_HOLE;
	if (*f->dimm)
		return DIMM_IN_HOLE;
	return beyond ? RAM_BEYOND : RAM_IN_HOLE;
}

static void add(struct judgement *j, const struct outcome *o, const struct mapping *m,
	const struct plan_hole *hole)
{
	struct finding f = {.asked = m->iova, .hole = *hole};
	struct range where;
	const char *dimm = *m->bar ? NULL : dimm_get(o, dimm_at(o, m->iova.first), &where);

	memcpy(f.bar, m->bar, sizeof(f.bar));
	snprintf(f.dimm, sizeof(f.dimm), "%s", dimm ? dimm : "");
	f.overlap = range_size(range_common(m->iova, hole->range));
	j->at = plan_realloc(j->at, (j->n + 1) * sizeof(f));
	j->at[j->n++] = f;
	j->troubles |= trouble_of(&f);
}

void judge(const struct plan_host *host, const struct outcome *o, struct judgement *j)
{
	size_t n_holes;
	struct plan_hole *holes = plan_host_holes(host, o->groups, o->n_groups, &n_holes);

	*j = (struct judgement){0};
	for (size_t i = 0; i < o->n_mappings; i++) {
		const struct mapping *m = &o->mappings[i];

		if (seen(o, i))
			continue;
		j->n_ram += !*m->bar;
		j->n_bars += !!*m->bar;
		for (size_t k = 0; k < n_holes; k++)
			if (range_overlaps(m->iova, holes[k].range))
				add(j, o, m, &holes[k]);
	}
	free(holes);
}

void judgement_clear(struct judgement *j)
{
	free(j->at);
	*j = (struct judgement){0};
}

unsigned int complaints(const struct plan_vmm *vmm, const char *words)
{
	unsigned int troubles = 0;

	for (const struct complaint *c = vmm->complaints; c && c->pattern; c++)
		if (!fnmatch(c->pattern, words, 0))
			troubles |= c->trouble;
	return troubles;
}

uint64_t guest_memory(const struct outcome *o)
{
	const json_t *memory = json_object_get(o->facts, "memory");

	return (uint64_t)(json_integer_value(json_object_get(memory, "base-memory")) +
			  json_integer_value(json_object_get(memory, "plugged-memory")));
}

static const char *event_text(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text ? text : "";
}

bool works_with_shim(const struct plan *plan, uint64_t *unreachable, const char **memmap)
{
	const json_t *event;
	bool works = plan->had_with && plan->with.started;
	size_t i;

	const char *target = event_text(json_object_get(plan->with.facts, "target"), "arch");

	*unreachable = 0;
	*memmap = "";
	json_array_foreach(plan->with.events, i, event)
	{
		const char *name = event_text(event, "event");

		/* A VMM that was killed makes no summary, which has each byte once. */
		if (!strcmp(name, "map") && !strcmp(event_text(event, "result"), "ok"))
			*unreachable +=
				(uint64_t)json_integer_value(json_object_get(event, "unreachable"));
		if (!strcmp(name, "map") && strcmp(event_text(event, "kind"), "bar") != 0)
			works = works && !strcmp(event_text(event, "result"), "ok") &&
				!strcmp(event_text(event, "action"), "split");
		if (!strcmp(name, "summary")) {
			*unreachable =
				(uint64_t)json_integer_value(json_object_get(event, "unreachable"));
			/* An argument of Linux on PCs, and not for DIMMs. */
			if ((!strcmp(target, "x86_64") || !strcmp(target, "i386")) &&
				!(plan->judged.troubles & DIMM_IN_HOLE))
				*memmap = event_text(event, "memmap");
		}
	}
	return works;
}
