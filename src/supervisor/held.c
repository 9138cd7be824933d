/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Containers, known by the open file that they are. */
#include "mem.h"
#include "remote.h"
#include "state.h"

#include <errno.h>
#include <dirent.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* VFIO_MINOR of the misc devices: /dev/vfio/vfio, by whatever path. The bench has another device
 * stand in for it where there is no VFIO. */
#ifndef CONTAINER_MINOR
#define CONTAINER_MINOR 196
#endif

bool held_is_set(const struct held *held)
{
	struct vfio_iommu_type1_info info = {.argsz = sizeof(info)};

	return ioctl(held->fd, VFIO_IOMMU_GET_INFO, &info) >= 0;
}

static bool is_open_in(const struct held *held, const struct client *client)
{
	char path[40];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/fd", client->proc);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			found = remote_same_file(client->process, atoi(entry->d_name), held->fd);
	if (dir)
		closedir(dir);
	return found;
}

/* Empty shells: no IOMMU is set, and no process that we know of has them. */
void held_drop_unused(struct supervisor *supervisor)
{
	size_t kept = 0;

	for (size_t i = 0; i < supervisor->n_held; i++) {
		struct held *held = supervisor->held[i];
		bool used = held_is_set(held);

		for (size_t j = 0; j < supervisor->n_clients && !used; j++)
			used = is_open_in(held, supervisor->clients[j]);
		if (used) {
			supervisor->held[kept++] = held;
			continue;
		}
		engine_container_gone(&supervisor->engine, &held->container);
		close(held->fd);
		mem_free(held, sizeof(*held));
	}
	supervisor->n_held = kept;
}

/* Takes @fd over. */
static struct held *add(struct supervisor *supervisor, int fd)
{
	struct held *held = mem_alloc(sizeof(*held));

	if (held &&
		!mem_reserve(&supervisor->held, &supervisor->held_room, sizeof(held),
			supervisor->n_held + 1) &&
		!engine_container_init(&supervisor->engine, &held->container)) {
		held->fd = fd;
		supervisor->held[supervisor->n_held++] = held;
		return held;
	}
	mem_free(held, held ? sizeof(*held) : 0);
	close(fd);
	return NULL;
}

struct held *held_find(struct supervisor *supervisor, pid_t tid, int fd, bool make)
{
	pid_t parent;
	int own;

	for (size_t i = 0; i < supervisor->n_held; i++)
		if (remote_same_file(tid, fd, supervisor->held[i]->fd))
			return supervisor->held[i];
	own = make ? remote_descriptor(remote_process(tid, &parent), fd) : -1;
	if (own < 0)
		return NULL;
	if (host_device_number(own) != makedev(10, CONTAINER_MINOR)) {
		close(own);
		return NULL;
	}
	return add(supervisor, own);
}
