/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hosts reserve, as JSON: what --merge reads again. */
#include "holes.h"
#include "text.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

/* All of these hand @json over to @to; without memory @json is NULL and they fail, which leaves
 * something out: @failed remembers it. */
struct writer {
	bool failed;
};

static void set(struct writer *w, json_t *to, const char *key, json_t *json)
{
	if (json_object_set_new(to, key, json))
		w->failed = true;
}

static void append(struct writer *w, json_t *to, json_t *json)
{
	if (json_array_append_new(to, json))
		w->failed = true;
}

static json_t *range_json(struct range range)
{
	char line[48];
	struct text text = text_start(line, sizeof(line));

	text_add_range(&text, range);
	return json_string(line);
}

static json_t *region_json(struct writer *w, const struct holes_region *region)
{
	json_t *json = json_object();

	set(w, json, "range", range_json(region->range));
	set(w, json, "type", json_string(region->type));
	set(w, json, "counts", json_boolean(region->counts));
	return json;
}

static json_t *string_or_null(const char *text)
{
	return text[0] ? json_string(text) : json_null();
}

static json_t *device_json(struct writer *w, const struct holes_device *device)
{
	json_t *json = json_object();

	set(w, json, "address", json_string(device->address));
	set(w, json, "vendor",
		device->has_ids ? json_sprintf("0x%04x", device->vendor) : json_null());
	set(w, json, "device",
		device->has_ids ? json_sprintf("0x%04x", device->device) : json_null());
	set(w, json, "driver", string_or_null(device->driver));
	set(w, json, "name", string_or_null(device->name));
	return json;
}

static json_t *group_json(struct writer *w, const struct holes_group *group)
{
	const struct holes_aperture *aperture = &group->aperture;
	json_t *json = json_object(), *regions = json_array(), *devices = json_array();

	for (size_t i = 0; i < group->n_regions; i++)
		append(w, regions, region_json(w, &group->regions[i]));
	for (size_t i = 0; i < group->n_devices; i++)
		append(w, devices, device_json(w, &group->devices[i]));
	set(w, json, "group", json_integer(group->number));
	set(w, json, "aperture", aperture->known ? range_json(aperture->range) : json_null());
	set(w, json, "aperture_how", json_string(aperture->how));
	set(w, json, "regions", regions);
	set(w, json, "devices", devices);
	return json;
}

static json_t *host_json(struct writer *w, const struct holes_host *host)
{
	json_t *json = json_object(), *groups = json_array();

	for (size_t i = 0; i < host->n_groups; i++)
		append(w, groups, group_json(w, &host->groups[i]));
	set(w, json, "name", json_string(host->name));
	set(w, json, "kernel", string_or_null(host->kernel));
	set(w, json, "cpu_vendor", string_or_null(host->vendor));
	set(w, json, "iommu", string_or_null(host->iommu));
	set(w, json, "enforces",
		host->enforces == ENFORCES_UNKNOWN ? json_null()
						   : json_boolean(host->enforces == ENFORCES_YES));
	set(w, json, "groups", groups);
	return json;
}

static json_t *avoid_json(struct writer *w, const struct holes_union *holes, size_t i, size_t end)
{
	json_t *json = json_object(), *by = json_array();

	set(w, json, "range", range_json(holes->claims[i].range));
	set(w, json, "what", json_string(holes->claims[i].what));
	for (size_t next; i < end; i = next) {
		json_t *one = json_object(), *groups = json_array();

		next = holes_same_host(holes, i, end);
		set(w, one, "host", json_string(holes->claims[i].host->name));
		for (; i < next; i++)
			append(w, groups, json_integer(holes->claims[i].group->number));
		set(w, one, "groups", groups);
		append(w, by, one);
	}
	set(w, json, "by", by);
	return json;
}

static void add_union(struct writer *w, json_t *json, const struct holes_union *holes)
{
	json_t *avoid = json_array();
	struct range above = {0x100000000, 0xffffffff + holes->room};

	for (size_t i = 0, end; i < holes->n_claims; i = end) {
		end = holes_same_range(holes, i);
		append(w, avoid, avoid_json(w, holes, i, end));
	}
	set(w, json, "avoid", avoid);
	set(w, json, "bounded", json_boolean(holes->bounded));
	set(w, json, "highest",
		holes->usable ? json_sprintf("0x%016llx", (unsigned long long)holes->highest)
			      : json_null());
	if (holes->unlimited)
		above.last = UINT64_MAX;
	set(w, json, "above_4g", holes->unlimited || holes->room ? range_json(above) : json_null());
}

int holes_print_json(FILE *to, const struct holes_fleet *fleet)
{
	struct writer w = {false};
	json_t *json = json_object(), *hosts = json_array();
	struct holes_union holes;
	int err = holes_union(fleet, &holes);
	char *text = NULL;

	if (!err) {
		for (size_t i = 0; i < fleet->n_hosts; i++)
			append(&w, hosts, host_json(&w, &fleet->hosts[i]));
		set(&w, json, "format", json_string("iovashim-holes"));
		set(&w, json, "version", json_integer(1));
		set(&w, json, "hosts", hosts);
		add_union(&w, json, &holes);
		holes_union_free(&holes);
		text = w.failed ? NULL : json_dumps(json, JSON_INDENT(1));
	} else {
		json_decref(hosts);
	}
	json_decref(json);
	if (!text)
		return -ENOMEM;
	fprintf(to, "%s\n", text);
	free(text);
	return 0;
}
