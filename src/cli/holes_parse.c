/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what `iovashim holes --json` printed, on this host or another. */
#include "holes.h"
#include "host_facts.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

struct parser {
	struct holes_fleet *fleet;
	const char *file;
	struct holes_error *error;
	char at[128]; /* where in the text: "hosts[0].groups[2]" */
};

static int bad(const struct parser *p, const char *key, const char *wanted)
{
	return holes_fail(p->error, "%s: %s%s%s: should be %s", p->file, p->at,
		p->at[0] && key[0] ? "." : "", key, wanted);
}

/* A string that has to be there. */
static int get_text(const struct parser *p, json_t *from, const char *key, char *to, size_t room)
{
	const char *text = json_string_value(json_object_get(from, key));

	if (!text || !*text)
		return bad(p, key, "a string");
	holes_text(to, room, text);
	return 0;
}

/* A string or null; what is not there is null. */
static int get_optional(
	const struct parser *p, json_t *from, const char *key, char *to, size_t room)
{
	json_t *json = json_object_get(from, key);

	if (!json || json_is_null(json))
		return 0;
	if (!json_is_string(json))
		return bad(p, key, "a string or null");
	holes_text(to, room, json_string_value(json));
	return 0;
}

/* "0x…-0x…", both inclusive. */
static int parse_range(const char *text, struct range *range)
{
	const char *dash = text ? strchr(text, '-') : NULL;
	struct hole hole;
	char line[64];

	if (!dash || strlen(text) > 40)
		return -EINVAL;
	snprintf(line, sizeof(line), "%.*s %s reserved", (int)(dash - text), text, dash + 1);
	if (!host_region_parse(line, strlen(line), &hole))
		return -EINVAL;
	*range = hole.range;
	return 0;
}

static int get_range(const struct parser *p, json_t *from, const char *key, struct range *range)
{
	if (parse_range(json_string_value(json_object_get(from, key)), range))
		return bad(p, key, "a range, \"0xFIRST-0xLAST\"");
	return 0;
}

static int get_id(const struct parser *p, json_t *from, const char *key, uint16_t *id, bool *has)
{
	char text[16] = "", rest;
	unsigned int value;
	int err = get_optional(p, from, key, text, sizeof(text));

	*has = !err && text[0];
	if (err || !text[0])
		return err;
	if (sscanf(text, "0x%4x%c", &value, &rest) != 1)
		return bad(p, key, "an id, \"0x8086\", or null");
	*id = (uint16_t)value;
	return 0;
}

/* --- from the inside out; where() says what is read, for messages ----------- */

__attribute__((format(printf, 2, 3))) static void where(struct parser *p, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(p->at, sizeof(p->at), format, arguments);
	va_end(arguments);
}

static int parse_region(struct parser *p, json_t *json, struct holes_group *group)
{
	struct holes_region *region = holes_add_region(group);
	int err;

	if (!region)
		return holes_fail_memory(p->error);
	err = get_range(p, json, "range", &region->range);
	if (!err)
		err = get_text(p, json, "type", region->type, sizeof(region->type));
	region->counts = strcmp(region->type, "direct-relaxable") != 0;
	return err;
}

static int parse_device(struct parser *p, json_t *json, struct holes_group *group)
{
	struct holes_device *device = holes_add_device(group);
	bool vendor = false, id = false;
	int err;

	if (!device)
		return holes_fail_memory(p->error);
	err = get_text(p, json, "address", device->address, sizeof(device->address));
	if (!err)
		err = get_id(p, json, "vendor", &device->vendor, &vendor);
	if (!err)
		err = get_id(p, json, "device", &device->device, &id);
	if (!err)
		err = get_optional(p, json, "driver", device->driver, sizeof(device->driver));
	if (!err)
		err = get_optional(p, json, "name", device->name, sizeof(device->name));
	device->has_ids = !err && vendor && id;
	return err;
}

static int parse_aperture(struct parser *p, json_t *json, struct holes_aperture *aperture)
{
	json_t *range = json_object_get(json, "aperture");
	int err = 0;

	if (!range)
		return bad(p, "aperture", "a range, \"0xFIRST-0xLAST\", or null");
	aperture->known = !json_is_null(range);
	if (aperture->known)
		err = get_range(p, json, "aperture", &aperture->range);
	if (!err)
		err = get_optional(p, json, "aperture_how", aperture->how, sizeof(aperture->how));
	return err;
}

typedef int (*parse_one)(struct parser *p, json_t *json, struct holes_group *group);

static int parse_list(
	struct parser *p, json_t *json, const char *key, struct holes_group *group, parse_one parse)
{
	json_t *list = json_object_get(json, key), *one;
	char at[sizeof(p->at)];
	int err = 0;
	size_t i;

	if (!json_is_array(list))
		return bad(p, key, "an array");
	memcpy(at, p->at, sizeof(at));
	json_array_foreach(list, i, one)
	{
		where(p, "%.90s.%s[%zu]", at, key, i);
		err = json_is_object(one) ? parse(p, one, group) : bad(p, "", "an object");
		if (err)
			return err;
	}
	memcpy(p->at, at, sizeof(at));
	return 0;
}

static int parse_group(struct parser *p, json_t *json, struct holes_host *host)
{
	json_t *number = json_object_get(json, "group");
	json_int_t value = json_integer_value(number);
	struct holes_group *group;
	int err;

	if (!json_is_integer(number) || value < 0 || value > INT_MAX)
		return bad(p, "group", "the number of an IOMMU group");
	group = holes_add_group(host, (unsigned int)value);
	if (!group)
		return holes_fail_memory(p->error);
	err = parse_aperture(p, json, &group->aperture);
	if (!err)
		err = parse_list(p, json, "regions", group, parse_region);
	if (!err)
		err = parse_list(p, json, "devices", group, parse_device);
	return err;
}

static int parse_enforces(struct parser *p, json_t *json, struct holes_host *host)
{
	json_t *enforces = json_object_get(json, "enforces");

	if (json_is_boolean(enforces))
		host->enforces = json_is_true(enforces) ? ENFORCES_YES : ENFORCES_NO;
	else if (enforces && !json_is_null(enforces))
		return bad(p, "enforces", "true, false or null");
	return 0;
}

static int parse_host(struct parser *p, json_t *json, size_t i)
{
	struct holes_host *host = holes_add_host(p->fleet);
	json_t *groups = json_object_get(json, "groups"), *group;
	int err;
	size_t k;

	if (!host)
		return holes_fail_memory(p->error);
	where(p, "hosts[%zu]", i);
	err = get_text(p, json, "name", host->name, sizeof(host->name));
	if (!err)
		err = get_optional(p, json, "kernel", host->kernel, sizeof(host->kernel));
	if (!err)
		err = get_optional(p, json, "cpu_vendor", host->vendor, sizeof(host->vendor));
	if (!err)
		err = get_optional(p, json, "iommu", host->iommu, sizeof(host->iommu));
	if (!err)
		err = parse_enforces(p, json, host);
	if (!err && (!json_is_array(groups) || !json_array_size(groups)))
		err = bad(p, "groups", "an array that is not empty");
	if (err)
		return err;
	json_array_foreach(groups, k, group)
	{
		where(p, "hosts[%zu].groups[%zu]", i, k);
		err = parse_group(p, group, host);
		if (err)
			return err;
	}
	return 0;
}

static int parse_document(struct parser *p, json_t *json)
{
	const char *format = json_string_value(json_object_get(json, "format"));
	json_t *hosts = json_object_get(json, "hosts"), *host;
	size_t i;

	if (!format || strcmp(format, "iovashim-holes") != 0)
		return holes_fail(p->error, "%s: not the output of iovashim holes --json", p->file);
	if (json_integer_value(json_object_get(json, "version")) != 1)
		return bad(p, "version", "1: it comes from another version of iovashim");
	if (!json_is_array(hosts) || !json_array_size(hosts))
		return bad(p, "hosts", "an array that is not empty");
	json_array_foreach(hosts, i, host)
	{
		int err = parse_host(p, host, i);

		if (err)
			return err;
	}
	return 0;
}

int holes_parse_json(struct holes_fleet *fleet, const char *file, const char *text, size_t length,
	struct holes_error *error)
{
	struct parser p = {.fleet = fleet, .file = file, .error = error};
	json_error_t where;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
	int err;

	if (!json)
		return holes_fail(error, "%s:%d:%d: not JSON: %s", file, where.line, where.column,
			where.text);
	err = parse_document(&p, json);
	json_decref(json);
	return err;
}
