// SPDX-License-Identifier: GPL-2.0-or-later
/* libiovamodel.so: opening. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "preload.h"

/* A file of the model's sysfs: its content as it is, in a descriptor that can be read. */
static int open_text(const struct fs_node *node, bool cloexec)
{
	int fd = memfd_create(strrchr(node->path, '/') + 1, cloexec ? MFD_CLOEXEC : 0);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = real.pwrite(fd, node->text, node->size, 0);
	if (n == (ssize_t)node->size)
		return fd;
	close(fd);
	return -ENOSPC;
}

static int open_object(const struct preload *p, const struct fs_node *node, bool cloexec)
{
	bool group = node->kind == FS_GROUP;
	int handle;

	objects_reap();
	handle = group ? model_open_group(p->model, node->group) : model_open_container(p->model);
	if (handle < 0)
		return handle;
	return object_open(group ? OBJECT_GROUP : OBJECT_CONTAINER, handle, node->group, cloexec);
}

/* Read-only mounts keep a program from all files, but not from a FIFO: somebody may be reading. */
static bool is_fifo(int dir, const char *path, int flags)
{
	struct stat st;

	return (flags & O_ACCMODE) != O_RDONLY && real.fstatat &&
	       !real.fstatat(dir, path, &st, 0) && S_ISFIFO(st.st_mode);
}

/* try_open()'s result is a descriptor, -errno, or this. */
#define NOT_OURS (-1000000)

static int try_open(int dir, const char *path, int flags)
{
	struct preload *p = preload_ready();
	const struct fs_node *node;
	bool cloexec = flags & O_CLOEXEC;

	if (!p)
		return NOT_OURS;
	switch (preload_find(dir, path, !(flags & O_NOFOLLOW), &node, NULL)) {
	case FS_FILE:
		return (flags & O_ACCMODE) == O_RDONLY ? open_text(node, cloexec) : -EACCES;
	case FS_CONTAINER:
	case FS_GROUP:
		return open_object(p, node, cloexec);
	case FS_DIR:
		return real.open(
			"/proc/self/fdinfo", O_RDONLY | (flags & (O_CLOEXEC | O_DIRECTORY)));
	case FS_LINK:
		return -ELOOP;
	case FS_MISSING:
		return -ENOENT;
	default:
		return p->rehearsal && is_fifo(dir, path, flags) ? -EACCES : NOT_OURS;
	}
}

static int result(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/* The mode, which is there only if a file may be created. */
static mode_t mode_of(int flags, va_list args)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

#define OPEN(name)                                                                                 \
	EXPORT int name(const char *path, int flags, ...)                                          \
	{                                                                                          \
		int fd = try_open(AT_FDCWD, path, flags);                                          \
		va_list args;                                                                      \
		mode_t mode;                                                                       \
                                                                                                   \
		va_start(args, flags);                                                             \
		mode = mode_of(flags, args);                                                       \
		va_end(args);                                                                      \
		return fd == NOT_OURS ? real.name(path, flags, mode) : result(fd);                 \
	}

#define OPENAT(name)                                                                               \
	EXPORT int name(int dir, const char *path, int flags, ...)                                 \
	{                                                                                          \
		int fd = try_open(dir, path, flags);                                               \
		va_list args;                                                                      \
		mode_t mode;                                                                       \
                                                                                                   \
		va_start(args, flags);                                                             \
		mode = mode_of(flags, args);                                                       \
		va_end(args);                                                                      \
		return fd == NOT_OURS ? real.name(dir, path, flags, mode) : result(fd);            \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

EXPORT int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

EXPORT int __open64_2(const char *path, int flags)
{
	return open64(path, flags);
}

EXPORT int __openat_2(int dir, const char *path, int flags)
{
	return openat(dir, path, flags);
}

EXPORT int __openat64_2(int dir, const char *path, int flags)
{
	return openat64(dir, path, flags);
}

/* fopen() opens without coming through open(). */
#define FOPEN(name)                                                                                \
	EXPORT FILE *name(const char *path, const char *mode)                                      \
	{                                                                                          \
		bool reading = *mode == 'r' && !strchr(mode, '+');                                 \
		int fd = try_open(AT_FDCWD, path, (reading ? O_RDONLY : O_RDWR) | O_CLOEXEC);      \
                                                                                                   \
		if (fd == NOT_OURS)                                                                \
			return real.name(path, mode);                                              \
		return result(fd) < 0 ? NULL : fdopen(fd, mode);                                   \
	}

FOPEN(fopen)
FOPEN(fopen64)
