/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The preload's own state: which request on which descriptor is the engine's. */
#include "shim.h"
#include "fd_io.h"
#include "host_facts.h"
#include "mem.h"
#include "shim_fd.h"
#include "shim_start.h"

#include <errno.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/sysmacros.h>

static const char not_known[] =
	"no memory for a container: its requests go to the kernel as they come, over holes too";
static const char not_kept[] = "no memory for a group's reserved_regions; its holes may be missed";

/* misc device VFIO_MINOR (include/linux/miscdevice.h): /dev/vfio/vfio, by whatever path. */
static bool is_container(int fd)
{
	return host_device_number(fd) == makedev(10, 196);
}

static int pass(int fd, unsigned long request, void *argument)
{
	return shim.next(NULL, fd, request, argument);
}

/* host_sandboxed(), of this thread alone; explanations are sparing once any has been. */
static bool note_sandbox(void)
{
	bool sandboxed = host_sandboxed();

	if (sandboxed)
		shim.sandboxed = true;
	return sandboxed;
}

/* The kernel's ranges follow the groups; it is asked where no sandbox could object to that, and if
 * the container is still open. */
static void learn(struct container *container, int fd, bool shrunk)
{
	if (!shim.engine.policy.source_kernel)
		return;
	if (fd >= 0 && !note_sandbox())
		engine_ask_info(&shim.engine, container, fd);
	else if (shrunk)
		engine_forget_info(&shim.engine, container);
}

static int set_iommu(struct container *container, int fd, void *argument)
{
	int result = pass(fd, VFIO_SET_IOMMU, argument);

	if (result < 0)
		return result;
	engine_iommu_set(&shim.engine, container, (unsigned long)argument);
	learn(container, fd, false);
	return result;
}

static int get_info(struct container *container, int fd, void *argument)
{
	uint32_t room; /* before the call, which raises argsz where capabilities do not fit */
	int result;

	memcpy(&room, argument, sizeof(room));
	result = pass(fd, VFIO_IOMMU_GET_INFO, argument);
	if (result >= 0 && shim.engine.policy.source_kernel)
		engine_learn_info(&shim.engine, container, argument, room);
	return result;
}

static int on_container(struct container *container, int fd, unsigned long request, void *argument)
{
	switch ((uint32_t)request) {
	case VFIO_SET_IOMMU:
		return set_iommu(container, fd, argument);
	case VFIO_IOMMU_GET_INFO:
		return get_info(container, fd, argument);
	case VFIO_IOMMU_MAP_DMA:
		return engine_map(&shim.engine, container, fd, argument);
	case VFIO_IOMMU_UNMAP_DMA:
		return engine_unmap(&shim.engine, container, fd, argument);
	case VFIO_IOMMU_DIRTY_PAGES:
		return engine_dirty_pages(&shim.engine, container, fd, argument);
	default:
		return pass(fd, request, argument);
	}
}

/* A container whose set-up was not seen: another process made it, or the shim came late. */
static void meet(struct container *container, int fd)
{
	container->inherited = true;
	learn(container, fd, false);
}

/* What the kernel would answer with EFAULT, at least where it costs nothing to see: the first page
 * is never mapped (vm.mmap_min_addr). */
static bool is_null(const void *argument)
{
	return (uintptr_t)argument < 4096;
}

static bool needs_setup(uint32_t request)
{
	return request == VFIO_IOMMU_MAP_DMA || request == VFIO_IOMMU_UNMAP_DMA ||
	       request == VFIO_IOMMU_DIRTY_PAGES;
}

static int container_request(int fd, unsigned long request, void *argument)
{
	struct container *container;
	int err = shim_start();

	if (err)
		return err;
	container = shim_container(fd);
	if (!container)
		engine_fault(&shim.engine, NULL, not_known, -ENOMEM);
	if (!container || (is_null(argument) && (uint32_t)request != VFIO_SET_IOMMU))
		return pass(fd, request, argument);
	if (!container->type && !container->inherited && needs_setup((uint32_t)request))
		meet(container, fd);
	return on_container(container, fd, request, argument);
}

static void read_group(struct container *container, struct host_group *group)
{
	int err = host_group_read(group, !note_sandbox());

	engine_group_added(&shim.engine, container, group);
	if (err)
		engine_fault(&shim.engine, container,
			"cannot read a group's reserved_regions; its holes may be missed", err);
	if (group->truncated)
		engine_fault(&shim.engine, container,
			"a group has more reserved regions than are looked at", -E2BIG);
}

static void group_joined(int fd, int container_fd)
{
	int number = host_group_number(fd);
	struct container *container = shim_container(container_fd);
	struct host_group *group; /* larger than what a thread's stack may have left */

	if (container)
		shim_keeps(fd, container);
	if (!container || number < 0)
		return;
	group = mem_alloc(sizeof(*group));
	if (group) {
		group->number = number;
		read_group(container, group);
	} else {
		engine_fault(&shim.engine, container, not_kept, -ENOMEM);
	}
	mem_free(group, sizeof(*group));
	if (container->type)
		learn(container, container_fd, false);
}

static int group_set_container(int fd, void *argument)
{
	int result = pass(fd, VFIO_GROUP_SET_CONTAINER, argument);
	int container_fd, err;

	if (result < 0)
		return result;
	memcpy(&container_fd, argument, sizeof(container_fd));
	if (!is_container(container_fd))
		return result;
	err = shim_start();
	if (err) {
		pass(fd, VFIO_GROUP_UNSET_CONTAINER, NULL);
		return err;
	}
	group_joined(fd, container_fd);
	return result;
}

struct leaving {
	int group;
};

static void group_left(void *context, int fd, struct container *container)
{
	const struct leaving *leaving = context;
	size_t before = container->n_groups;

	engine_group_removed(&shim.engine, container, leaving->group);
	if (container->n_groups == before)
		return;
	if (!container->n_groups)
		engine_iommu_set(&shim.engine, container, 0);
	else
		learn(container, fd, true);
}

static int group_unset_container(int fd)
{
	struct leaving leaving = {host_group_number(fd)};
	int result = pass(fd, VFIO_GROUP_UNSET_CONTAINER, NULL);

	if (result >= 0 && leaving.group >= 0)
		shim_each_container(group_left, &leaving);
	if (result >= 0)
		shim_closing(fd);
	return result;
}

static int group_get_device(int fd, void *argument)
{
	struct container *container = shim_kept_by(fd);
	int device = pass(fd, VFIO_GROUP_GET_DEVICE_FD, argument), saved = errno;
	struct stat st;

	if (device >= 0 && container)
		shim_keeps(device, container);
	if (device >= 0 && !fd_stat(device, &st))
		opened_add(&shim.opened, &st, argument);
	errno = saved;
	return device;
}

int shim_vfio(int fd, unsigned long request, void *argument)
{
	/* The same numbers mean other things on devices: 0x3b71 is MAP_DMA on a container and a
	 * PCI hot reset on a device. What it is on decides. */
	if (is_container(fd))
		return container_request(fd, request, argument);
	switch ((uint32_t)request) {
	case VFIO_GROUP_SET_CONTAINER:
		return group_set_container(fd, argument);
	case VFIO_GROUP_UNSET_CONTAINER:
		return group_unset_container(fd);
	case VFIO_GROUP_GET_DEVICE_FD:
		return group_get_device(fd, argument);
	default:
		return pass(fd, request, argument);
	}
}

void shim_memslot(int vm, const void *argument)
{
	struct kvm_userspace_memory_region region;

	memcpy(&region, argument, sizeof(region));
	memslots_set(&shim.memory.memslots, vm, region.slot, region.guest_phys_addr,
		region.memory_size, region.userspace_addr);
}

void shim_kvm_run(int err)
{
	if (!shim.guest_ran)
		shim.guest_ran = true;
	if (err == -EFAULT && shim.started && shim.memory.guard.n_spans)
		journal_guest_stopped(&shim.journal);
}
