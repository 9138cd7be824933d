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

/* Before n_splits says that there are any, and after it says that there are fewer. */
static void note_extent(struct container *container, size_t n)
{
	if (!n)
		return;
	container->splits_first = container->splits[0].iova.first;
	container->splits_last = container->splits[n - 1].iova.last;
}

int container_split_add(struct container *container, const struct split *split)
{
	size_t n = container->n_splits, i = container_split_from(container, split->iova.first);
	int err = mem_reserve(&container->splits, &container->split_room, sizeof(*split), n + 1);

	if (err)
		return err;
	memmove(&container->splits[i + 1], &container->splits[i], (n - i) * sizeof(*split));
	container->splits[i] = *split;
	note_extent(container, n + 1);
	container->n_splits = n + 1;
	return 0;
}

void container_splits_remove(struct container *container, struct range iova)
{
	size_t first = container_split_from(container, iova.first), end = first;
	size_t n = container->n_splits;

	while (end < n && container->splits[end].iova.first <= iova.last)
		end++;
	if (end == first)
		return;
	memmove(&container->splits[first], &container->splits[end],
		(n - end) * sizeof(*container->splits));
	n -= end - first;
	container->n_splits = n;
	note_extent(container, n);
	/* A small list stays: the next split is not far. */
	if (!n && container->split_room * sizeof(struct split) > MEM_FIRST + sizeof(struct split))
		mem_release(&container->splits, &container->split_room, sizeof(struct split));
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
