// SPDX-License-Identifier: GPL-2.0-or-later
/* libiovamodel.so: links, resolved paths, the system's name. */
#include <errno.h>
#include <string.h>

#include "preload.h"

/* What /proc/self/fd/N of the kernel's own descriptors shows. */
static void object_name(const struct object *o, char *name, size_t size)
{
	switch (o->kind) {
	case OBJECT_CONTAINER:
		snprintf(name, size, "/dev/vfio/vfio");
		break;
	case OBJECT_GROUP:
		snprintf(name, size, "/dev/vfio/%u", o->group);
		break;
	case OBJECT_DEVICE:
		snprintf(name, size, "anon_inode:[vfio-device]");
		break;
	}
}

/* The descriptor that a path in /proc/self/fd or /proc/PID/fd stands for, or -1. */
static int proc_fd(const char *path)
{
	int fd, end = 0, pid;

	if (sscanf(path, "/proc/self/fd/%d%n", &fd, &end) == 1 && !path[end])
		return fd;
	if (sscanf(path, "/proc/%d/fd/%d%n", &pid, &fd, &end) == 2 && !path[end] && pid == getpid())
		return fd;
	return -1;
}

/* Length put in @to, -errno, or 0 if the path is not the model's. */
static ssize_t read_link(int dir, const char *path, char *to, size_t size)
{
	const struct fs_node *node;
	struct object o;
	char name[64];
	const char *text;
	size_t len;

	if (!preload_ready())
		return 0;
	switch (preload_find(dir, path, false, &node, NULL)) {
	case FS_LINK:
		text = node->text;
		break;
	case FS_MISSING:
		return -ENOENT;
	case FS_NONE:
	case FS_SHARED:
		if (!path || strncmp(path, "/proc/", 6) || !object_find(proc_fd(path), &o))
			return 0;
		object_name(&o, name, sizeof(name));
		text = name;
		break;
	default:
		return -EINVAL;
	}
	len = strlen(text) < size ? strlen(text) : size;
	memcpy(to, text, len);
	return (ssize_t)len;
}

static ssize_t result(ssize_t ret)
{
	if (ret >= 0)
		return ret;
	errno = (int)-ret;
	return -1;
}

EXPORT ssize_t readlink(const char *restrict path, char *restrict to, size_t size)
{
	ssize_t ret = read_link(AT_FDCWD, path, to, size);

	return ret ? result(ret) : real.readlink(path, to, size);
}

EXPORT ssize_t readlinkat(int dir, const char *restrict path, char *restrict to, size_t size)
{
	ssize_t ret = read_link(dir, path, to, size);

	return ret ? result(ret) : real.readlinkat(dir, path, to, size);
}

EXPORT ssize_t __readlink_chk(const char *path, char *to, size_t size, size_t room)
{
	if (size > room)
		abort();
	return readlink(path, to, size);
}

EXPORT ssize_t __readlinkat_chk(int dir, const char *path, char *to, size_t size, size_t room)
{
	if (size > room)
		abort();
	return readlinkat(dir, path, to, size);
}

EXPORT char *realpath(const char *restrict path, char *restrict to)
{
	const struct fs_node *node;
	char resolved[PATH_MAX];

	if (!preload_ready() || !path)
		return real.realpath(path, to);
	switch (preload_find(AT_FDCWD, path, true, &node, resolved)) {
	case FS_NONE:
		return real.realpath(path, to);
	case FS_MISSING:
		errno = ENOENT;
		return NULL;
	default:
		if (!to)
			return strdup(resolved);
		return memcpy(to, resolved, strlen(resolved) + 1);
	}
}

EXPORT char *__realpath_chk(const char *path, char *to, size_t room)
{
	if (to && room < PATH_MAX)
		abort();
	return realpath(path, to);
}

/* The kernel whose behaviour is modelled is the one that programs should find. */
EXPORT int uname(struct utsname *name)
{
	struct preload *p = preload_ready();
	int ret = real.uname(name);

	if (!ret && p)
		snprintf(name->release, sizeof(name->release), "%u.%u.0-iovamodel",
			p->host.kernel >> 16, p->host.kernel & 0xffff);
	return ret;
}
