// SPDX-License-Identifier: GPL-2.0-or-later
/* libiovamodel.so: using descriptors: ioctl, mmap, pread and pwrite. */
#include <errno.h>
#include <stdarg.h>

#include <linux/vfio.h>

#include "preload.h"
#include "preload_log.h"

static int result(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/* The argument is a descriptor of the program's; the model wants its own handle. */
static int set_container(struct preload *p, const struct object *group, void *arg)
{
	struct object container;
	int fd;

	if (p->env.copy_in(&fd, (uintptr_t)arg, sizeof(fd)))
		return -EFAULT;
	if (object_find(fd, &container)) {
		int ret = model_set_container(p->model, group->handle, container.handle);

		preload_log_group(container.handle, group->group, ret);
		return ret;
	}
	/* Open but nothing of VFIO's: as good as any handle that is no container. */
	if (fcntl(fd, F_GETFD) >= 0)
		return model_set_container(p->model, group->handle, group->handle);
	return model_set_container(p->model, group->handle, -1);
}

static int get_device(struct preload *p, const struct object *group, void *arg)
{
	int handle = model_ioctl(p->model, group->handle, VFIO_GROUP_GET_DEVICE_FD, arg);

	if (handle < 0)
		return handle;
	preload_log_device(group->group, model_device(p->model, handle));
	return object_open(OBJECT_DEVICE, handle, group->group, true);
}

static int object_ioctl(struct preload *p, const struct object *o, unsigned long request, void *arg)
{
	if (o->kind == OBJECT_GROUP && (uint32_t)request == VFIO_GROUP_SET_CONTAINER)
		return set_container(p, o, arg);
	if (o->kind == OBJECT_GROUP && (uint32_t)request == VFIO_GROUP_GET_DEVICE_FD)
		return get_device(p, o, arg);
	return model_ioctl(p->model, o->handle, request, arg);
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	struct preload *p = preload_ready();
	struct object o;
	va_list args;
	void *arg;
	int saved = errno, ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (!p || _IOC_TYPE(request) != VFIO_TYPE || !object_find(fd, &o))
		return real.ioctl(fd, request, arg);
	objects_reap();
	ret = object_ioctl(p, &o, request, arg);
	if (o.kind == OBJECT_CONTAINER)
		preload_log_container(&p->env, o.handle, (uint32_t)request, arg, ret);
	errno = saved;
	return result(ret);
}

/* vfio_pci_core_mmap(): shared, of one BAR, and inside it. The descriptor to map, or -errno. */
static int mappable(const struct object *o, size_t size, int flags, uint64_t offset)
{
	uint64_t index = offset >> PCI_REGION_SHIFT;
	uint64_t start = offset & (((uint64_t)1 << PCI_REGION_SHIFT) - 1);
	const struct model_bar *bar;

	if (o->kind != OBJECT_DEVICE)
		return -ENODEV;
	if (!(flags & MAP_SHARED) || index >= MODEL_BARS)
		return -EINVAL;
	bar = &o->device->bar[index];
	if (bar->io || bar->size < 4096 || start > bar->size || size > bar->size - start)
		return -EINVAL;
	return o->keeper;
}

/*
 * Guests may be larger than the machine that plans for them: what nobody touches needs no memory,
 * and no promise of any either.
 */
#define LARGE ((size_t)64 << 20)

static int unreserved(size_t size, int prot, int flags)
{
	return prot != PROT_NONE && size >= LARGE ? flags | MAP_NORESERVE : flags;
}

#define MMAP(name)                                                                                 \
	EXPORT void *name(void *addr, size_t size, int prot, int flags, int fd, off_t offset)      \
	{                                                                                          \
		struct preload *p = preload_ready();                                               \
		struct object o;                                                                   \
                                                                                                   \
		if (!p)                                                                            \
			return real.name(addr, size, prot, flags, fd, offset);                     \
		if (flags & MAP_ANONYMOUS || !object_find(fd, &o))                                 \
			return real.name(                                                          \
				addr, size, prot, unreserved(size, prot, flags), fd, offset);      \
		fd = mappable(&o, size, flags, (uint64_t)offset);                                  \
		if (fd >= 0)                                                                       \
			return real.name(addr, size, prot, flags, fd, offset);                     \
		errno = -fd;                                                                       \
		return MAP_FAILED;                                                                 \
	}

MMAP(mmap)
MMAP(mmap64)

/* A BAR's part of [start, start + size): what is beyond its end is not transferred. */
static ssize_t bar_io(
	const struct object *o, uint64_t index, uint64_t start, void *data, size_t size, bool write)
{
	uint64_t end = o->device->bar[index].size, at = (index << PCI_REGION_SHIFT) + start;

	if (start >= end)
		return -EINVAL;
	if (size > end - start)
		size = end - start;
	if (write)
		return real.pwrite(o->keeper, data, size, (off_t)at);
	return real.pread(o->keeper, data, size, (off_t)at);
}

static ssize_t device_io(struct preload *p, const struct object *o, void *data, size_t size,
	uint64_t offset, bool write)
{
	uint64_t index = offset >> PCI_REGION_SHIFT;
	uint64_t start = offset & (((uint64_t)1 << PCI_REGION_SHIFT) - 1);

	if (o->kind != OBJECT_DEVICE)
		return -EINVAL;
	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		return model_config(p->model, o->handle, write, start, data, size);
	if (index < MODEL_BARS)
		return bar_io(o, index, start, data, size, write);
	return -EINVAL;
}

#define PREAD(name)                                                                                \
	EXPORT ssize_t name(int fd, void *to, size_t size, off_t at)                               \
	{                                                                                          \
		struct preload *p = preload_ready();                                               \
		struct object o;                                                                   \
                                                                                                   \
		if (!p || !object_find(fd, &o))                                                    \
			return real.name(fd, to, size, at);                                        \
		return result((int)device_io(p, &o, to, size, (uint64_t)at, false));               \
	}

#define PWRITE(name)                                                                               \
	EXPORT ssize_t name(int fd, const void *from, size_t size, off_t at)                       \
	{                                                                                          \
		struct preload *p = preload_ready();                                               \
		struct object o;                                                                   \
                                                                                                   \
		if (!p || !object_find(fd, &o))                                                    \
			return real.name(fd, from, size, at);                                      \
		return result(                                                                     \
			(int)device_io(p, &o, (void *)(uintptr_t)from, size, (uint64_t)at, true)); \
	}

PREAD(pread)
PREAD(pread64)
PWRITE(pwrite)
PWRITE(pwrite64)

EXPORT ssize_t __pread_chk(int fd, void *to, size_t size, off_t at, size_t room)
{
	if (size > room)
		abort();
	return pread(fd, to, size, at);
}

EXPORT ssize_t __pread64_chk(int fd, void *to, size_t size, off64_t at, size_t room)
{
	if (size > room)
		abort();
	return pread64(fd, to, size, at);
}
