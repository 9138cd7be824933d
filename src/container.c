/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of one VFIO container. */
#include "container.h"
#include "mem.h"

#include <errno.h>
#include <string.h>

size_t container_split_from(const struct container *container, uint64_t address)
{
	size_t low = 0, high = container->n_splits;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (container->splits[middle].iova.last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct split *container_split_at(const struct container *container, struct range iova)
{
	size_t i = container_split_from(container, iova.first);

	if (i == container->n_splits || container->splits[i].iova.first > iova.last)
		return NULL;
	return &container->splits[i];
}

int container_split_add(struct container *container, const struct split *split)
{
	size_t n = container->n_splits, i = container_split_from(container, split->iova.first);
	int err = mem_reserve(&container->splits, &container->split_room, sizeof(*split), n + 1);

	if (err)
		return err;
	memmove(&container->splits[i + 1], &container->splits[i], (n - i) * sizeof(*split));
	container->splits[i] = *split;
	container->n_splits = n + 1;
	return 0;
}

void container_split_remove(struct container *container, size_t index)
{
	size_t n = container->n_splits - 1;

	memmove(&container->splits[index], &container->splits[index + 1],
		(n - index) * sizeof(*container->splits));
	container->n_splits = n;
	if (!n)
		mem_release(&container->splits, &container->split_room, sizeof(*container->splits));
}

void container_reset(struct container *container)
{
	container->n_splits = 0;
	mem_release(&container->splits, &container->split_room, sizeof(*container->splits));
	container->kernel_known = false;
	container->n_valid = 0;
	container->type = 0;
	container->inherited = false;
	container->observed = false;
	container->no_iommu = false;
}

int container_set_valid(struct container *container, const struct range *valid, size_t n)
{
	container->kernel_known = false;
	container->n_valid = 0;
	if (mem_reserve(&container->valid, &container->valid_room, sizeof(*valid), n))
		return -ENOMEM;
	if (n)
		memcpy(container->valid, valid, n * sizeof(*valid));
	container->n_valid = n;
	container->kernel_known = true;
	return 0;
}

static size_t group_index(const struct container *container, int number)
{
	size_t i = 0;

	while (i < container->n_groups && container->groups[i].number != number)
		i++;
	return i;
}

int container_add_group(struct container *container, const struct host_group *group)
{
	size_t i = group_index(container, group->number);
	int err = mem_reserve(&container->groups, &container->group_room, sizeof(*group), i + 1);

	if (err)
		return err;
	container->groups[i] = *group;
	if (i == container->n_groups)
		container->n_groups++;
	return 0;
}

void container_remove_group(struct container *container, int number)
{
	size_t i = group_index(container, number);

	if (i < container->n_groups)
		container->groups[i] = container->groups[--container->n_groups];
}

void container_free(struct container *container)
{
	container_reset(container);
	container->n_groups = 0;
	mem_release(&container->groups, &container->group_room, sizeof(*container->groups));
	mem_release(&container->valid, &container->valid_room, sizeof(*container->valid));
}
