/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what a host reserves, from its sysfs or a copy of it. */
#include "holes.h"
#include "host_facts.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Everything that is read fits: the kernel shows a page of an attribute at most. */
enum { ROOM = 8192, PATH_ROOM = 512, UNITS = 64 };

struct reader {
	const struct holes_tree *tree;
	struct holes_host *host;
	struct holes_error *error;
	unsigned int kernel; /* major << 16 | minor */
	char cmdline[4096];
	char units[UNITS][40]; /* class/iommu */
	size_t n_units;
};

/* A name of a directory's entry: not empty, whatever it is. */
static void take_name(char *to, size_t room, const char *name)
{
	holes_text(to, room, name);
	if (!to[0])
		holes_text(to, room, "?");
}

__attribute__((format(printf, 4, 5))) static int read_at(
	const struct reader *r, char *text, size_t size, const char *format, ...)
{
	char path[PATH_ROOM];
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(path, sizeof(path), format, arguments);
	va_end(arguments);
	text[0] = 0;
	return n < PATH_ROOM ? r->tree->read(r->tree->context, path, text, size) : -ENAMETOOLONG;
}

__attribute__((format(printf, 2, 3))) static bool exists_at(
	const struct reader *r, const char *format, ...)
{
	char path[PATH_ROOM];
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(path, sizeof(path), format, arguments);
	va_end(arguments);
	return n < PATH_ROOM && r->tree->exists(r->tree->context, path);
}

/* A file that holds a hexadecimal number, with or without 0x. */
__attribute__((format(printf, 3, 4))) static bool read_hex(
	const struct reader *r, uint64_t *value, const char *format, ...)
{
	char path[PATH_ROOM], text[64], *end;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(path, sizeof(path), format, arguments);
	va_end(arguments);
	if (n >= PATH_ROOM || r->tree->read(r->tree->context, path, text, sizeof(text)) <= 0)
		return false;
	*value = strtoull(text, &end, 16);
	return end != text && (*end == '\n' || !*end);
}

/* --- a host ---------------------------------------------------------------- */

int holes_read_cmdline(const struct holes_tree *tree, char *text, size_t size)
{
	struct holes_tree proc = holes_tree_open("/proc", false);

	text[0] = 0;
	return tree->saved ? tree->read(tree->context, "cmdline", text, size)
			   : proc.read(proc.context, "cmdline", text, size);
}

/* Is @word one of the @n bytes' comma-separated words? */
static bool has_value(const char *values, size_t n, const char *word, size_t length)
{
	while (n >= length) {
		const char *comma = memchr(values, ',', n);
		size_t one = comma ? (size_t)(comma - values) : n;

		if (one == length && !memcmp(values, word, length))
			return true;
		if (!comma)
			return false;
		values += one + 1;
		n -= one + 1;
	}
	return false;
}

bool holes_has_word(const char *cmdline, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t key = equals ? (size_t)(equals - word) + 1 : 0;

	while (*cmdline) {
		size_t n = strcspn(cmdline, " \n\t");

		if (n >= key && !memcmp(cmdline, word, key) &&
			has_value(cmdline + key, n - key, word + key, strlen(word + key)))
			return true;
		cmdline += n;
		cmdline += strspn(cmdline, " \n\t");
	}
	return false;
}

static void read_saved_name(struct reader *r)
{
	const char *base = strrchr(r->tree->name, '/');
	char text[128];

	if (read_at(r, text, sizeof(text), "hostname") > 0)
		holes_text(r->host->name, sizeof(r->host->name), text);
	if (!r->host->name[0])
		take_name(r->host->name, sizeof(r->host->name),
			base && base[1] ? base + 1 : r->tree->name);
	if (read_at(r, text, sizeof(text), "osrelease") > 0)
		holes_text(r->host->kernel, sizeof(r->host->kernel), text);
}

/* "vendor_id : AuthenticAMD" of a copy of /proc/cpuinfo. */
static void read_saved_vendor(struct reader *r)
{
	char text[ROOM], vendor[16];
	const char *line;

	if (read_at(r, text, sizeof(text), "cpuinfo") <= 0)
		return;
	line = strstr(text, "vendor_id");
	if (line && sscanf(line, "vendor_id : %15s", vendor) == 1)
		holes_text(r->host->vendor, sizeof(r->host->vendor), vendor);
}

static void read_own_name(struct reader *r)
{
	struct host_kernel kernel;
	char text[65] = "";

	host_kernel_read(&kernel);
	holes_text(r->host->kernel, sizeof(r->host->kernel), kernel.release);
	holes_text(r->host->vendor, sizeof(r->host->vendor), kernel.vendor);
	gethostname(text, sizeof(text) - 1);
	holes_text(r->host->name, sizeof(r->host->name), text[0] ? text : "this-host");
}

static void read_kernel(struct reader *r)
{
	unsigned int major, minor;

	if (r->tree->saved) {
		read_saved_name(r);
		read_saved_vendor(r);
	} else {
		read_own_name(r);
	}
	if (sscanf(r->host->kernel, "%4u.%4u", &major, &minor) == 2)
		r->kernel = major << 16 | minor;
	if (r->kernel)
		r->host->enforces = r->kernel >= (5 << 16 | 4) ? ENFORCES_YES : ENFORCES_NO;
	holes_read_cmdline(r->tree, r->cmdline, sizeof(r->cmdline));
}

static int add_unit(void *to, const char *name)
{
	struct reader *r = to;

	if (r->n_units < UNITS)
		holes_text(r->units[r->n_units++], sizeof(r->units[0]), name);
	return 0;
}

static void name_iommu(struct reader *r)
{
	const char *unit = r->n_units ? r->units[0] : "";

	if (!strncmp(unit, "ivhd", 4))
		unit = "AMD-Vi";
	else if (!strncmp(unit, "dmar", 4))
		unit = "VT-d";
	else if (!strncmp(unit, "smmu3", 5))
		unit = "SMMUv3";
	holes_text(r->host->iommu, sizeof(r->host->iommu), unit);
}

/* --- a group --------------------------------------------------------------- */

static int add_region(struct reader *r, struct holes_group *group, const char *line, size_t length)
{
	const char *type = memchr(line, ' ', length);
	struct holes_region *region;
	struct hole hole;
	char plain[64];

	type = type ? memchr(type + 1, ' ', length - (size_t)(type + 1 - line)) : NULL;
	if (!type || type + 1 == line + length)
		return -EINVAL;
	/* The shim's own parser, which leaves out what mappings may use. */
	snprintf(plain, sizeof(plain), "%.*s reserved", (int)(type - line), line);
	if (type - line > 40 || !host_region_parse(plain, strlen(plain), &hole))
		return -EINVAL;
	region = holes_add_region(group);
	if (!region)
		return holes_fail_memory(r->error);
	region->range = hole.range;
	region->counts = host_region_parse(line, length, &hole);
	snprintf(plain, sizeof(plain), "%.*s", (int)(line + length - (type + 1)), type + 1);
	holes_text(region->type, sizeof(region->type), plain);
	return 0;
}

static int fail_regions(const struct reader *r, unsigned int group, int err)
{
	const char *mend = err == -EACCES || err == -EPERM ? ": run as root" : "";

	if (err == -ENOENT)
		return holes_fail(r->error, "%s/kernel/iommu_groups/%u has no reserved_regions: %s",
			r->tree->name, group,
			r->tree->saved ? "it was not saved" : "that takes Linux 4.11 or newer");
	return holes_fail(r->error, "cannot read %s/kernel/iommu_groups/%u/reserved_regions: %s%s",
		r->tree->name, group, strerror(-err), mend);
}

static int read_regions(struct reader *r, struct holes_group *group)
{
	char text[ROOM], *line = text;
	int n = read_at(
		r, text, sizeof(text), "kernel/iommu_groups/%u/reserved_regions", group->number);

	if (n < 0)
		return fail_regions(r, group->number, n);
	for (unsigned int number = 1; *line; number++) {
		size_t length = strcspn(line, "\n");
		int err = n + 1 < ROOM ? add_region(r, group, line, length) : -EINVAL;

		if (err == -EINVAL)
			return holes_fail(r->error,
				"%s/kernel/iommu_groups/%u/reserved_regions: line %u should be: "
				"first address, last address, type",
				r->tree->name, group->number, number);
		if (err)
			return err;
		line += length + (line[length] == '\n');
	}
	return 0;
}

/* From the link, or from DRIVER= in uevent: copies of a tree have no links. */
static void read_driver(const struct reader *r, const char *dir, struct holes_device *device)
{
	char path[PATH_ROOM], text[1024];
	const char *at;

	if (snprintf(path, sizeof(path), "%s/driver", dir) < PATH_ROOM &&
		!r->tree->link(r->tree->context, path, device->driver, sizeof(device->driver)))
		return;
	device->driver[0] = 0;
	if (read_at(r, text, sizeof(text), "%s/uevent", dir) <= 0)
		return;
	at = !strncmp(text, "DRIVER=", 7) ? text : strstr(text, "\nDRIVER=");
	if (at)
		holes_text(device->driver, sizeof(device->driver), strchr(at, '=') + 1);
}

static const char *unit_of(const struct reader *r, const struct holes_group *group)
{
	for (size_t i = 0; i < group->n_devices; i++)
		for (size_t k = 0; k < r->n_units; k++)
			if (exists_at(r, "class/iommu/%s/devices/%s", r->units[k],
				    group->devices[i].address))
				return r->units[k];
	return NULL;
}

static void read_width(const struct reader *r, struct holes_group *group)
{
	const char *unit = unit_of(r, group);
	uint64_t cap, ecap;
	char name[32];

	read_at(r, name, sizeof(name), "kernel/iommu_groups/%u/name", group->number);
	if (!strncmp(name, "vfio-noiommu", 12))
		holes_text(group->aperture.how, sizeof(group->aperture.how),
			"no IOMMU is behind this group");
	else if (!unit)
		holes_text(group->aperture.how, sizeof(group->aperture.how),
			"sysfs does not say which IOMMU it is behind");
	else if (!strncmp(unit, "ivhd", 4))
		holes_width_amd(&group->aperture, r->kernel, r->cmdline);
	else if (!strncmp(unit, "dmar", 4) &&
		 read_hex(r, &cap, "class/iommu/%s/intel-iommu/cap", unit) &&
		 read_hex(r, &ecap, "class/iommu/%s/intel-iommu/ecap", unit))
		holes_width_intel(&group->aperture, cap, ecap, r->kernel, r->cmdline);
	else
		snprintf(group->aperture.how, sizeof(group->aperture.how),
			"sysfs does not show the width of %s", unit);
}

struct into_group {
	struct reader *reader;
	struct holes_group *group;
};

static int add_device(void *to, const char *name)
{
	struct into_group *into = to;
	struct holes_device *device = holes_add_device(into->group);
	uint64_t vendor, id;
	char dir[PATH_ROOM];

	if (!device)
		return -ENOMEM;
	take_name(device->address, sizeof(device->address), name);
	snprintf(dir, sizeof(dir), "kernel/iommu_groups/%u/devices/%s", into->group->number,
		device->address);
	if (read_hex(into->reader, &vendor, "%s/vendor", dir) &&
		read_hex(into->reader, &id, "%s/device", dir)) {
		device->has_ids = true;
		device->vendor = (uint16_t)vendor;
		device->device = (uint16_t)id;
	}
	read_driver(into->reader, dir, device);
	return 0;
}

static int compare_devices(const void *a, const void *b)
{
	return strcmp(((const struct holes_device *)a)->address,
		((const struct holes_device *)b)->address);
}

static int read_group(struct reader *r, struct holes_group *group)
{
	struct into_group into = {r, group};
	char path[64];
	int err = read_regions(r, group);

	if (err)
		return err;
	snprintf(path, sizeof(path), "kernel/iommu_groups/%u/devices", group->number);
	err = r->tree->list(r->tree->context, path, add_device, &into);
	if (err == -ENOMEM)
		return holes_fail_memory(r->error);
	if (group->n_devices)
		qsort(group->devices, group->n_devices, sizeof(*group->devices), compare_devices);
	read_width(r, group);
	return 0;
}

static int add_group(void *to, const char *name)
{
	struct reader *r = to;
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	if (*name < '0' || *name > '9' || *end || number > INT_MAX)
		return 0;
	return holes_add_group(r->host, (unsigned int)number) ? 0 : -ENOMEM;
}

static int compare_groups(const void *left, const void *right)
{
	const struct holes_group *a = left, *b = right;

	return a->number < b->number ? -1 : a->number > b->number;
}

int holes_read(const struct holes_tree *tree, struct holes_host *host, struct holes_error *error)
{
	struct reader r = {.tree = tree, .host = host, .error = error};
	int err;

	read_kernel(&r);
	tree->list(tree->context, "class/iommu", add_unit, &r);
	name_iommu(&r);
	err = tree->list(tree->context, "kernel/iommu_groups", add_group, &r);
	if (err == -ENOMEM)
		return holes_fail_memory(error);
	if (err && err != -ENOENT)
		return holes_fail(error, "cannot read %s/kernel/iommu_groups: %s%s", tree->name,
			strerror(-err), err == -EACCES ? ": run as root" : "");
	if (!host->n_groups) {
		holes_explain_none(tree, error);
		return -ENODEV;
	}
	qsort(host->groups, host->n_groups, sizeof(*host->groups), compare_groups);
	for (size_t i = 0; i < host->n_groups; i++) {
		err = read_group(&r, &host->groups[i]);
		if (err)
			return err;
	}
	return 0;
}
