// SPDX-License-Identifier: GPL-2.0-or-later
/* The host that a plan is for: where it is read from, and what is added to it. */
#include "plan_host.h"
#include "cli.h"
#include "plan_args.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

static void read_physbits(struct plan_host *host)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[512];

	while (file && !host->model.physbits && fgets(line, sizeof(line), file))
		sscanf(line, "address sizes : %u bits physical", &host->model.physbits);
	if (file)
		fclose(file);
}

static int load(struct plan_host *host, const char *name, struct model_error *error)
{
	struct stat st;

	if (!strcmp(name, "this")) {
		read_physbits(host);
		return model_host_from_sysfs(&host->model, "/sys", error);
	}
	if (!strchr(name, '/'))
		for (const struct builtin_host *b = builtin_hosts; b->name; b++)
			if (!strcmp(b->name, name))
				return model_host_parse(
					&host->model, b->name, b->text, strlen(b->text), error);
	if (!stat(name, &st) && S_ISDIR(st.st_mode))
		return model_host_from_sysfs(&host->model, name, error);
	return model_host_load(&host->model, name, error);
}

int plan_host_load(struct plan_host *host, const char *name, struct model_error *error)
{
	*host = (struct plan_host){.name = plan_copy(name)};
	if (!load(host, name, error))
		return 0;
	free(host->name);
	host->name = NULL;
	return -1;
}

void plan_host_release(struct plan_host *host)
{
	if (host->name)
		model_host_release(&host->model);
	free(host->name);
	host->name = NULL;
}

bool plan_host_has(const struct plan_host *host, const char *address)
{
	for (size_t i = 0; i < host->model.nr_groups; i++)
		for (size_t k = 0; k < host->model.groups[i].nr_devices; k++)
			if (!strcmp(host->model.groups[i].devices[k].name, address))
				return true;
	return false;
}

/* What belongs to one device alone (direct: its firmware's memory) is not the stand-in's. */
static int copy_regions(struct model_group *to, const struct model_group *from)
{
	int ret = 0;

	for (size_t i = 0; i < from->nr_regions && !ret; i++)
		if (from->regions[i].type == MODEL_RESERVED || from->regions[i].type == MODEL_MSI)
			ret = model_group_add_region(to, from->regions[i]);
	return ret;
}

static struct model_group *new_group(struct model_host *host)
{
	unsigned int number = 0;
	struct model_group *group;
	const struct model_group *like;

	for (size_t i = 0; i < host->nr_groups; i++)
		if (host->groups[i].number >= number)
			number = host->groups[i].number + 1;
	group = model_host_add_group(host, number);
	if (!group || host->nr_groups < 2)
		return group;
	like = &host->groups[0];
	group->aperture = like->aperture;
	group->pgsizes = like->pgsizes;
	group->coherent = like->coherent;
	group->intremap = true;
	return copy_regions(group, like) ? NULL : group;
}

int plan_host_add(struct plan_host *host, const char *address, const char *line)
{
	struct model_host parsed;
	struct model_error error = {""};
	struct model_group *group;
	struct model_device *device;
	char *text = plan_format("group 1\ndevice %s%s\n", line ? line : address,
		line ? "" : " 1b36:0010 class=010802 bar0=16K:64 msix=65@0 pin=A");
	int ret = model_host_parse(&parsed, "--device", text, strlen(text), &error);

	free(text);
	if (ret)
		return cli_fail("%s", error.text);
	if (parsed.groups[0].nr_devices != 1) {
		model_host_release(&parsed);
		return cli_fail("--device describes one device: %s", line);
	}
	group = new_group(&host->model);
	device = group ? model_group_add_device(group, parsed.groups[0].devices[0].name) : NULL;
	if (device)
		*device = parsed.groups[0].devices[0];
	model_host_release(&parsed);
	return device ? 0 : cli_fail("out of memory");
}

bool plan_host_enforces(const struct plan_host *host)
{
	return host->model.kernel >= MODEL_KERNEL(5, 4);
}

static void add_hole(struct plan_hole **holes, size_t *n, struct plan_hole hole)
{
	if (hole.range.first > hole.range.last)
		return;
	for (size_t i = 0; i < *n; i++)
		if ((*holes)[i].range.first == hole.range.first &&
			(*holes)[i].range.last == hole.range.last)
			return;
	*holes = plan_realloc(*holes, (*n + 1) * sizeof(hole));
	(*holes)[(*n)++] = hole;
}

static void add_group(struct plan_hole **holes, size_t *n, const struct model_group *group)
{
	struct plan_hole hole = {.group = group->number};

	for (size_t i = 0; i < group->nr_regions; i++) {
		if (group->regions[i].type == MODEL_DIRECT_RELAXABLE)
			continue;
		hole.range =
			(struct range){group->regions[i].range.first, group->regions[i].range.last};
		hole.type = model_region_name(group->regions[i].type);
		add_hole(holes, n, hole);
	}
	hole.type = "beyond";
	while (hole.bits < 64 && group->aperture.last >> hole.bits)
		hole.bits++;
	if (group->aperture.last != UINT64_MAX) {
		hole.range = (struct range){group->aperture.last + 1, UINT64_MAX};
		add_hole(holes, n, hole);
	}
	if (group->aperture.first) {
		hole.range = (struct range){0, group->aperture.first - 1};
		add_hole(holes, n, hole);
	}
}

struct plan_hole *plan_host_holes(
	const struct plan_host *host, const unsigned int *groups, size_t n_groups, size_t *n)
{
	struct plan_hole *holes = plan_alloc(1);

	*n = 0;
	for (size_t i = 0; i < n_groups; i++) {
		const struct model_group *group = model_host_group(&host->model, groups[i]);

		if (group && !group->emulated && !group->noiommu)
			add_group(&holes, n, group);
	}
	return holes;
}
