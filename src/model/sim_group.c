// SPDX-License-Identifier: GPL-2.0-or-later
/* /dev/vfio/N: drivers/vfio/group.c, for groups with a container. */
#include <errno.h>
#include <string.h>

#include <linux/vfio.h>

#include "sim.h"

int sim_group_open(struct model *m, unsigned int number)
{
	int ret = model_check_fault(m, MODEL_CALL_OPEN_GROUP);
	struct sim_file *file;

	if (ret)
		return ret;
	for (size_t i = 0; i < m->host->nr_groups; i++) {
		struct sim_group *g = &m->groups[i];

		if (g->facts->number != number)
			continue;
		if (g->refs)
			return -EBUSY;
		file = sim_file_new(m, FILE_GROUP);
		if (!file)
			return -ENOMEM;
		g->refs = 1;
		file->group = g;
		return file->handle;
	}
	return -ENOENT;
}

/* vfio_container_attach_group() */
static int join(struct sim_group *g, struct sim_container *c)
{
	if (c->groups && c->noiommu != g->facts->noiommu)
		return -EPERM;
	if (c->has_iommu && !c->noiommu) {
		int ret = type1_attach(&c->iommu, g->facts);

		if (ret)
			return ret;
	}
	c->noiommu = g->facts->noiommu;
	g->next = c->groups;
	c->groups = g;
	c->refs++;
	g->container = c;
	g->users = 1;
	return 0;
}

/* vfio_group_detach_container(): with its last group, a container loses its IOMMU. */
static void leave(struct model *m, struct sim_group *g)
{
	struct sim_container *c = g->container;
	struct sim_group **link = &c->groups;

	if (c->has_iommu && !c->noiommu)
		type1_detach(&c->iommu, g->facts);
	while (*link != g)
		link = &(*link)->next;
	*link = g->next;
	g->container = NULL;
	g->users = 0;
	if (c->has_iommu && !c->groups) {
		if (!c->noiommu)
			type1_release(&c->iommu);
		c->has_iommu = false;
	}
	sim_container_put(m, c);
}

void sim_group_put(struct model *m, struct sim_group *g)
{
	if (--g->refs == 0 && g->container)
		leave(m, g);
}

int sim_group_set_container(struct model *m, struct sim_group *g, struct sim_file *container)
{
	int ret = model_check_fault(m, MODEL_CALL_SET_CONTAINER);

	if (ret)
		return ret;
	if (!container)
		return -EBADF;
	if (g->container)
		return -EINVAL;
	if (container->kind != FILE_CONTAINER)
		return m->kernel.version >= MODEL_KERNEL(6, 2) ? -EBADFD : -EINVAL;
	return join(g, container->container);
}

static int unset_container(struct model *m, struct sim_group *g)
{
	int ret = model_check_fault(m, MODEL_CALL_UNSET_CONTAINER);

	if (ret)
		return ret;
	if (!g->container)
		return -EINVAL;
	if (g->users != 1)
		return -EBUSY;
	leave(m, g);
	return 0;
}

static int get_status(struct model *m, struct sim_group *g, uint64_t arg)
{
	struct vfio_group_status status;

	if (m->env->copy_in(&status, arg, sizeof(status)))
		return -EFAULT;
	if (status.argsz < sizeof(status))
		return -EINVAL;
	status.flags = VFIO_GROUP_FLAGS_VIABLE;
	if (g->container)
		status.flags |= VFIO_GROUP_FLAGS_CONTAINER_SET;
	return m->env->copy_out(arg, &status, sizeof(status)) ? -EFAULT : 0;
}

/* vfio_group_use_container(): the first open of a device keeps the group's file open. */
static int use(struct model *m, struct sim_group *g, struct sim_device *d)
{
	struct sim_file *file;

	if (!g->container || !g->container->has_iommu)
		return -EINVAL;
	file = sim_file_new(m, FILE_DEVICE);
	if (!file)
		return -ENOMEM;
	file->device = d;
	if (d->opens++ == 0) {
		g->refs++;
		g->users++;
	}
	return file->handle;
}

int sim_group_get_device(struct model *m, struct sim_group *g, const char *name)
{
	int ret = model_check_fault(m, MODEL_CALL_GET_DEVICE_FD);

	if (ret)
		return ret;
	for (size_t i = 0; i < g->facts->nr_devices; i++)
		if (!strcmp(g->facts->devices[i].name, name))
			return use(m, g, &g->devices[i]);
	return -ENODEV;
}

/* Only as much of the name as can matter is read: byte by byte, to stop at its end. */
static int get_device_ioctl(struct model *m, struct sim_group *g, uint64_t arg)
{
	char name[64] = "";

	for (size_t i = 0; i < sizeof(name) - 1; i++) {
		if (m->env->copy_in(&name[i], arg + i, 1))
			return -EFAULT;
		if (!name[i])
			break;
	}
	return sim_group_get_device(m, g, name);
}

int sim_group_ioctl(struct model *m, struct sim_group *g, uint32_t cmd, uint64_t arg)
{
	int handle;

	switch (cmd) {
	case VFIO_GROUP_GET_DEVICE_FD:
		return get_device_ioctl(m, g, arg);
	case VFIO_GROUP_GET_STATUS:
		return get_status(m, g, arg);
	case VFIO_GROUP_SET_CONTAINER:
		if (m->env->copy_in(&handle, arg, sizeof(handle)))
			return -EFAULT;
		return sim_group_set_container(m, g, sim_file_find(m, handle));
	case VFIO_GROUP_UNSET_CONTAINER:
		return unset_container(m, g);
	default:
		return -ENOTTY;
	}
}
