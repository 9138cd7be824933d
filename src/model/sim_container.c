// SPDX-License-Identifier: GPL-2.0-or-later
/* /dev/vfio/vfio: drivers/vfio/container.c, with type1 as the only backend. */
#include <errno.h>

#include <linux/vfio.h>

#include "sim.h"

int sim_container_open(struct model *m)
{
	int ret = model_check_fault(m, MODEL_CALL_OPEN_CONTAINER);
	struct sim_container *c;
	struct sim_file *file;

	if (ret)
		return ret;
	c = m->env->zalloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	file = sim_file_new(m, FILE_CONTAINER);
	if (!file) {
		m->env->free(c);
		return -ENOMEM;
	}
	c->refs = 1;
	file->container = c;
	return file->handle;
}

void sim_container_put(struct model *m, struct sim_container *c)
{
	if (--c->refs == 0)
		m->env->free(c);
}

/* Groups without an IOMMU have a backend that knows no ioctl but this one. */
static int check_extension(const struct model *m, const struct sim_container *c, uint64_t arg)
{
	if (c->noiommu && c->groups)
		return arg == VFIO_NOIOMMU_IOMMU;
	return type1_extension(c->has_iommu ? &c->iommu : NULL, m->kernel.version, arg);
}

static int attach_all(struct sim_container *c)
{
	for (struct sim_group *g = c->groups; g; g = g->next) {
		int ret = type1_attach(&c->iommu, g->facts);

		if (!ret)
			continue;
		for (struct sim_group *undo = c->groups; undo != g; undo = undo->next)
			type1_detach(&c->iommu, undo->facts);
		return ret;
	}
	return 0;
}

/* vfio_ioctl_set_iommu() */
static int set_iommu(struct model *m, struct sim_container *c, uint64_t type)
{
	int ret = model_check_fault(m, MODEL_CALL_SET_IOMMU);

	if (ret)
		return ret;
	if (!c->groups || c->has_iommu)
		return -EINVAL;
	if (check_extension(m, c, type) <= 0)
		return -ENODEV;
	if (!c->noiommu) {
		ret = type1_init(&c->iommu, &m->kernel, type);
		if (ret)
			return ret;
		ret = attach_all(c);
		if (ret) {
			type1_release(&c->iommu);
			return ret;
		}
	}
	c->has_iommu = true;
	return 0;
}

static int iommu_ioctl(struct model *m, struct sim_container *c, uint32_t cmd, uint64_t arg)
{
	int ret = 0;

	switch (cmd) {
	case VFIO_IOMMU_GET_INFO:
		ret = model_check_fault(m, MODEL_CALL_GET_INFO);
		break;
	case VFIO_IOMMU_MAP_DMA:
		ret = model_check_fault(m, MODEL_CALL_MAP);
		break;
	case VFIO_IOMMU_UNMAP_DMA:
		ret = model_check_fault(m, MODEL_CALL_UNMAP);
		break;
	case VFIO_IOMMU_DIRTY_PAGES:
		ret = model_check_fault(m, MODEL_CALL_DIRTY);
		break;
	}
	if (ret)
		return ret;
	if (!c->has_iommu)
		return -EINVAL;
	return c->noiommu ? -ENOTTY : type1_ioctl(&c->iommu, cmd, arg);
}

int sim_container_ioctl(struct model *m, struct sim_container *c, uint32_t cmd, uint64_t arg)
{
	switch (cmd) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return check_extension(m, c, arg);
	case VFIO_SET_IOMMU:
		return set_iommu(m, c, arg);
	default:
		return iommu_ioctl(m, c, cmd, arg);
	}
}
