/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which holes a guest's RAM crosses, from what a rehearsal showed. */
#include "reserve_parts.h"

#include <stdlib.h>
#include <string.h>

/* The ROM's, and the smallest of any IOMMU that is known. */
enum { PAGE = 4096 };

struct range *reserve_ram(const struct outcome *survey, bool dimms, size_t *n)
{
	struct range *ram = plan_alloc(survey->n_mappings * sizeof(*ram));

	*n = 0;
	for (size_t i = 0; i < survey->n_mappings; i++) {
		const struct mapping *m = &survey->mappings[i];

		if (!*m->bar && (dimm_at(survey, m->iova.first) >= 0) == dimms)
			ram[(*n)++] = m->iova;
	}
	return ram;
}

static enum region_type type_of(const char *type)
{
	if (!strcmp(type, "msi"))
		return REGION_MSI;
	return !strcmp(type, "direct") ? REGION_DIRECT : REGION_RESERVED;
}

struct hole *reserve_all_holes(const struct plan_host *host, const struct outcome *survey,
	const struct policy *policy, size_t *n)
{
	size_t n_host;
	struct plan_hole *of_host =
		plan_host_holes(host, survey->groups, survey->n_groups, &n_host);
	struct hole *all = plan_alloc((n_host + policy->n_holes) * sizeof(*all));

	*n = 0;
	for (size_t i = 0; i < n_host; i++)
		all[(*n)++] = (struct hole){.range = of_host[i].range,
			.source = strcmp(of_host[i].type, "beyond") ? HOLE_SYSFS : HOLE_KERNEL,
			.type = type_of(of_host[i].type),
			.group = (int)of_host[i].group};
	free(of_host);
	for (size_t i = 0; i < policy->n_holes; i++)
		all[(*n)++] = policy->holes[i];
	return all;
}

size_t reserve_keep_crossed(struct hole *holes, size_t n, const struct range *ram, size_t n_ram)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct range pages = range_align_outwards(holes[i].range, PAGE);
		bool crossed = false;

		for (size_t k = 0; k < n_ram && !crossed; k++)
			crossed = range_overlaps(pages, ram[k]);
		if (crossed)
			holes[kept++] = holes[i];
	}
	return kept;
}

struct range *reserve_merge(const struct hole *holes, size_t n, size_t *n_merged)
{
	void *memory = plan_alloc(hole_set_bytes(n));
	const struct hole_set *set = hole_set_build(memory, holes, n, PAGE);
	struct range *merged = plan_alloc(set->n_merged * sizeof(*merged));

	*n_merged = set->n_merged;
	if (set->n_merged)
		memcpy(merged, set->merged, set->n_merged * sizeof(*merged));
	free(memory);
	return merged;
}

void reserve_describe_hole(struct text *text, const struct hole *hole)
{
	static const char *const types[] = {"direct", "reserved", "msi"};

	text_add_range(text, hole->range);
	switch (hole->source) {
	case HOLE_SYSFS:
		text_add(text, " (%s, group %d)", types[hole->type], hole->group);
		break;
	case HOLE_KERNEL:
		text_add(text, " (beyond the IOMMU of group %d)", hole->group);
		break;
	case HOLE_POLICY:
		text_add(text, " (%s:%u%s%s)", hole->file, hole->line, *hole->name ? " " : "",
			hole->name);
		break;
	}
}

bool reserve_window(const struct outcome *survey, struct range *window)
{
	static const char *const hosts[][2] = {
		{"q35-window", "q35-window-end"}, {"i440fx-window", "i440fx-window-end"}};

	for (size_t i = 0; i < 2; i++) {
		json_int_t first = json_integer_value(json_object_get(survey->facts, hosts[i][0]));
		json_int_t end = json_integer_value(json_object_get(survey->facts, hosts[i][1]));

		if (first <= 0 || end <= first)
			continue;
		*window = (struct range){(uint64_t)first, (uint64_t)end - 1};
		return true;
	}
	return false;
}
