// SPDX-License-Identifier: GPL-2.0-or-later
/* The ioctls of a device: drivers/vfio/pci/vfio_pci_core.c, for a function without a driver. */
#include <errno.h>
#include <string.h>

#include <linux/vfio.h>

#include "pci.h"

#define UPTO(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

static int get_info(const struct model_env *env, uint64_t arg)
{
	size_t size = UPTO(struct vfio_device_info, num_irqs);
	struct vfio_device_info info;

	if (env->copy_in(&info, arg, size))
		return -EFAULT;
	if (info.argsz < size)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VFIO_PCI_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	info.cap_offset = 0;
	if (info.argsz >= sizeof(info))
		size = sizeof(info);
	return env->copy_out(arg, &info, size) ? -EFAULT : 0;
}

/* I/O BARs and those below a page cannot be mapped. */
static void fill_bar(const struct model_bar *bar, struct vfio_region_info *info)
{
	info->size = bar->size;
	info->flags = 0;
	if (!bar->size)
		return;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (!bar->io && bar->size >= 4096)
		info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
}

/* The MSI-X table's BAR may be mapped whole: a capability says so, after the struct. */
static int add_msix_mappable(
	const struct model_env *env, struct vfio_region_info *info, uint64_t arg)
{
	struct vfio_info_cap_header cap = {.id = VFIO_REGION_INFO_CAP_MSIX_MAPPABLE, .version = 1};

	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	if (info->argsz < sizeof(*info) + sizeof(cap)) {
		info->argsz = sizeof(*info) + sizeof(cap);
		info->cap_offset = 0;
		return 0;
	}
	info->cap_offset = sizeof(*info);
	return env->copy_out(arg + sizeof(*info), &cap, sizeof(cap)) ? -EFAULT : 0;
}

static int get_region_info(const struct pci_function *f, const struct model_env *env, uint64_t arg)
{
	struct vfio_region_info info;
	int ret = 0;

	if (env->copy_in(&info, arg, sizeof(info)))
		return -EFAULT;
	if (info.argsz < sizeof(info))
		return -EINVAL;
	info.offset = (uint64_t)info.index << PCI_REGION_SHIFT;
	info.cap_offset = 0;
	switch (info.index) {
	case VFIO_PCI_CONFIG_REGION_INDEX:
		info.size = f->size;
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
		break;
	case VFIO_PCI_BAR0_REGION_INDEX ... VFIO_PCI_BAR5_REGION_INDEX:
		fill_bar(&f->facts->bar[info.index], &info);
		if (f->facts->msix && info.index == f->facts->msix_bar &&
			info.flags & VFIO_REGION_INFO_FLAG_MMAP)
			ret = add_msix_mappable(env, &info, arg);
		break;
	case VFIO_PCI_ROM_REGION_INDEX:
		info.size = 0;
		info.flags = 0;
		break;
	default:
		return -EINVAL;
	}
	if (ret)
		return ret;
	return env->copy_out(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* vfio_pci_get_irq_count() */
static uint32_t irq_count(const struct pci_function *f, uint32_t index)
{
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return f->facts->pin ? 1 : 0;
	case VFIO_PCI_MSI_IRQ_INDEX:
		return f->facts->msi;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return f->facts->msix;
	case VFIO_PCI_ERR_IRQ_INDEX:
		return f->facts->express;
	default:
		return 1;
	}
}

static int get_irq_info(const struct pci_function *f, const struct model_env *env, uint64_t arg)
{
	struct vfio_irq_info info;

	if (env->copy_in(&info, arg, sizeof(info)))
		return -EFAULT;
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	if (info.index == VFIO_PCI_ERR_IRQ_INDEX && !f->facts->express)
		return -EINVAL;
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	info.count = irq_count(f, info.index);
	if (info.index == VFIO_PCI_INTX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
	else
		info.flags |= VFIO_IRQ_INFO_NORESIZE;
	return env->copy_out(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/*
 * vfio_set_irqs_validate_and_prepare(). Nothing raises an interrupt here, so what passes is
 * forgotten: the caller's eventfds stay silent.
 */
static int set_irqs(const struct pci_function *f, const struct model_env *env, uint64_t arg)
{
	size_t min = offsetof(struct vfio_irq_set, data), each = 0;
	struct vfio_irq_set set;
	uint32_t count;

	if (env->copy_in(&set, arg, min))
		return -EFAULT;
	if (set.argsz < min || set.index >= VFIO_PCI_NUM_IRQS ||
		set.count >= UINT32_MAX - set.start ||
		set.flags & ~(VFIO_IRQ_SET_DATA_TYPE_MASK | VFIO_IRQ_SET_ACTION_TYPE_MASK))
		return -EINVAL;
	count = irq_count(f, set.index);
	if (set.start >= count || set.start + set.count > count)
		return -EINVAL;
	switch (set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		break;
	case VFIO_IRQ_SET_DATA_BOOL:
		each = 1;
		break;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		each = 4;
		break;
	default:
		return -EINVAL;
	}
	if (each && (!set.count || set.argsz - min < set.count * each))
		return -EINVAL;
	return 0;
}

int pci_ioctl(struct pci_function *f, const struct model_env *env, uint32_t cmd, uint64_t arg)
{
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(env, arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(f, env, arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info(f, env, arg);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(f, env, arg);
	case VFIO_DEVICE_RESET:
		pci_init(f, f->facts);
		return 0;
	case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO:
	case VFIO_DEVICE_PCI_HOT_RESET:
		/* No slot or bus that could be reset, as on a root bus. */
		return -ENODEV;
	default:
		return -ENOTTY;
	}
}
