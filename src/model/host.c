// SPDX-License-Identifier: GPL-2.0-or-later
/* Building and freeing the description of a host. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

const char *const model_call_names[MODEL_CALLS] = {
	[MODEL_CALL_OPEN_CONTAINER] = "open-container",
	[MODEL_CALL_OPEN_GROUP] = "open-group",
	[MODEL_CALL_SET_CONTAINER] = "set-container",
	[MODEL_CALL_UNSET_CONTAINER] = "unset-container",
	[MODEL_CALL_GET_DEVICE_FD] = "get-device-fd",
	[MODEL_CALL_SET_IOMMU] = "set-iommu",
	[MODEL_CALL_GET_INFO] = "get-info",
	[MODEL_CALL_MAP] = "map",
	[MODEL_CALL_UNMAP] = "unmap",
	[MODEL_CALL_DIRTY] = "dirty",
	[MODEL_CALL_DEVICE] = "device",
};

const char *model_region_name(enum model_region_type type)
{
	static const char *const names[] = {
		[MODEL_DIRECT] = "direct",
		[MODEL_DIRECT_RELAXABLE] = "direct-relaxable",
		[MODEL_RESERVED] = "reserved",
		[MODEL_MSI] = "msi",
	};

	return names[type];
}

void model_host_init(struct model_host *host)
{
	*host = (struct model_host){
		.kernel = MODEL_KERNEL(6, 12),
		.cpu = "AuthenticAMD",
		.entry_limit = 65535,
		.memlock = UINT64_MAX,
	};
}

void model_host_release(struct model_host *host)
{
	for (size_t i = 0; i < host->nr_groups; i++) {
		free(host->groups[i].regions);
		free(host->groups[i].devices);
	}
	free(host->groups);
	free(host->faults);
	model_host_init(host);
}

/* Room for one more element at the end of @array; NULL without memory, and nothing changed. */
static void *grow(void **array, size_t count, size_t size)
{
	char *bigger = realloc(*array, (count + 1) * size);

	if (!bigger)
		return NULL;
	*array = bigger;
	memset(bigger + count * size, 0, size);
	return bigger + count * size;
}

struct model_group *model_host_add_group(struct model_host *host, unsigned int number)
{
	void *array = host->groups;
	struct model_group *group = grow(&array, host->nr_groups, sizeof(*group));

	if (!group)
		return NULL;
	host->groups = array;
	host->nr_groups++;
	group->number = number;
	group->aperture.last = UINT64_MAX;
	group->pgsizes = 0x1000 | 0x200000 | 0x40000000;
	group->coherent = true;
	group->intremap = true;
	return group;
}

struct model_device *model_group_add_device(struct model_group *group, const char *name)
{
	void *array = group->devices;
	struct model_device *device = grow(&array, group->nr_devices, sizeof(*device));

	if (!device)
		return NULL;
	group->devices = array;
	group->nr_devices++;
	snprintf(device->name, sizeof(device->name), "%s", name);
	return device;
}

const struct model_group *model_host_group(const struct model_host *host, unsigned int number)
{
	for (size_t i = 0; i < host->nr_groups; i++)
		if (host->groups[i].number == number)
			return &host->groups[i];
	return NULL;
}

static int by_start(const void *a, const void *b)
{
	const struct model_region *x = a, *y = b;

	if (x->range.first != y->range.first)
		return x->range.first < y->range.first ? -1 : 1;
	return (int)x->type - (int)y->type;
}

/* The last region before @end of the same type as @r, if @r touches it; else NULL. */
static struct model_region *touching(
	struct model_region *regions, size_t end, const struct model_region *r)
{
	while (end-- > 0) {
		if (regions[end].type != r->type)
			continue;
		if (regions[end].range.last != UINT64_MAX &&
			r->range.first > regions[end].range.last + 1)
			return NULL;
		return &regions[end];
	}
	return NULL;
}

int model_group_add_region(struct model_group *group, struct model_region region)
{
	void *array = group->regions;
	struct model_region *new = grow(&array, group->nr_regions, sizeof(*new));
	size_t kept = 0;

	if (!new)
		return -ENOMEM;
	*new = region;
	group->regions = array;
	group->nr_regions++;
	qsort(group->regions, group->nr_regions, sizeof(*new), by_start);
	for (size_t i = 0; i < group->nr_regions; i++) {
		struct model_region r = group->regions[i];
		struct model_region *before = touching(group->regions, kept, &r);

		if (!before)
			group->regions[kept++] = r;
		else if (r.range.last > before->range.last)
			before->range.last = r.range.last;
	}
	group->nr_regions = kept;
	return 0;
}
