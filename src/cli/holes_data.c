/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts, groups, regions, devices: lists that grow, and their end. */
#include "holes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A zeroed element at the end of @list, of which @n are there: the list, or NULL without memory.
 * It doubles whenever @n is a power of two. */
static void *grown(void *list, size_t n, size_t size)
{
	if (!(n & (n - 1))) {
		void *bigger = reallocarray(list, n ? 2 * n : 1, size);

		if (!bigger)
			return NULL;
		list = bigger;
	}
	memset((char *)list + n * size, 0, size);
	return list;
}

struct holes_host *holes_add_host(struct holes_fleet *fleet)
{
	struct holes_host *hosts = grown(fleet->hosts, fleet->n_hosts, sizeof(*hosts));

	if (!hosts)
		return NULL;
	fleet->hosts = hosts;
	return &hosts[fleet->n_hosts++];
}

struct holes_group *holes_add_group(struct holes_host *host, unsigned int number)
{
	struct holes_group *groups = grown(host->groups, host->n_groups, sizeof(*groups));

	if (!groups)
		return NULL;
	host->groups = groups;
	groups[host->n_groups].number = number;
	return &groups[host->n_groups++];
}

struct holes_region *holes_add_region(struct holes_group *group)
{
	struct holes_region *regions = grown(group->regions, group->n_regions, sizeof(*regions));

	if (!regions)
		return NULL;
	group->regions = regions;
	return &regions[group->n_regions++];
}

struct holes_device *holes_add_device(struct holes_group *group)
{
	struct holes_device *devices = grown(group->devices, group->n_devices, sizeof(*devices));

	if (!devices)
		return NULL;
	group->devices = devices;
	return &devices[group->n_devices++];
}

static void free_group(struct holes_group *group)
{
	free(group->regions);
	free(group->devices);
}

void holes_free(struct holes_fleet *fleet)
{
	for (size_t i = 0; i < fleet->n_hosts; i++) {
		struct holes_host *host = &fleet->hosts[i];

		for (size_t k = 0; k < host->n_groups; k++)
			free_group(&host->groups[k]);
		free(host->groups);
	}
	free(fleet->hosts);
	*fleet = (struct holes_fleet){0};
}

void holes_keep_groups(struct holes_host *host,
	bool (*keep)(const void *context, const struct holes_group *group), const void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < host->n_groups; i++) {
		if (keep(context, &host->groups[i]))
			host->groups[kept++] = host->groups[i];
		else
			free_group(&host->groups[i]);
	}
	host->n_groups = kept;
}

void holes_text(char *to, size_t room, const char *from)
{
	size_t n = 0;

	for (; from[n] && from[n] != '\n' && n + 1 < room; n++)
		to[n] = from[n] < ' ' || from[n] > '~' ? '?' : from[n];
	to[n] = 0;
}

int holes_fail(struct holes_error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int holes_fail_memory(struct holes_error *error)
{
	holes_fail(error, "out of memory");
	return -ENOMEM;
}
