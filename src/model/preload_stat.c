// SPDX-License-Identifier: GPL-2.0-or-later
/* libiovamodel.so: asking about paths and descriptors without opening them. */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "preload.h"

_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "both have 64-bit offsets here");

/* A file system of its own, whose inodes are the nodes' places. */
#define MODEL_DEV makedev(0, 0xfff)

static void fill_stat(const struct fs *fs, const struct fs_node *node, struct stat *st)
{
	*st = (struct stat){
		.st_dev = MODEL_DEV,
		.st_ino = (ino_t)(node - fs->nodes) + 1,
		.st_nlink = 1,
		.st_blksize = 4096,
	};
	switch (node->kind) {
	case FS_FILE:
		st->st_mode = S_IFREG | 0444;
		st->st_size = 4096;
		break;
	case FS_LINK:
		st->st_mode = S_IFLNK | 0777;
		break;
	case FS_CONTAINER:
		st->st_mode = S_IFCHR | 0666;
		st->st_rdev = makedev(FS_CONTAINER_MAJOR, FS_CONTAINER_MINOR);
		break;
	case FS_GROUP:
		st->st_mode = S_IFCHR | 0600;
		st->st_rdev = makedev(FS_GROUP_MAJOR, FS_GROUP_MINOR(node->group));
		break;
	default:
		st->st_mode = S_IFDIR | 0755;
		break;
	}
}

/* 0 if @st was filled, -errno, or 1 if the path is not the model's. */
static int path_stat(int dir, const char *path, bool follow, struct stat *st)
{
	struct preload *p = preload_ready();
	const struct fs_node *node;

	if (!p)
		return 1;
	switch (preload_find(dir, path, follow, &node, NULL)) {
	case FS_NONE:
	case FS_SHARED:
		return 1;
	case FS_MISSING:
		return -ENOENT;
	default:
		fill_stat(&p->fs, node, st);
		return 0;
	}
}

/* What fstat() found for @fd, as it would be for a descriptor of the kernel's. */
static void correct(int fd, struct stat *st)
{
	struct object o;

	if (!object_find(fd, &o))
		return;
	st->st_size = 0;
	st->st_blocks = 0;
	switch (o.kind) {
	case OBJECT_CONTAINER:
		st->st_mode = S_IFCHR | 0666;
		st->st_rdev = makedev(FS_CONTAINER_MAJOR, FS_CONTAINER_MINOR);
		break;
	case OBJECT_GROUP:
		st->st_mode = S_IFCHR | 0600;
		st->st_rdev = makedev(FS_GROUP_MAJOR, FS_GROUP_MINOR(o.group));
		break;
	case OBJECT_DEVICE:
		st->st_mode = 0600; /* an anonymous inode has no type */
		break;
	}
}

/* The header says that no path is NULL; some programs know better. */
static bool is_empty(const char *path)
{
	return !path || !*path;
}

static int result(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

#define PATH_STAT(name, type, follow)                                                              \
	EXPORT int name(const char *path, struct type *st)                                         \
	{                                                                                          \
		int ret = path_stat(AT_FDCWD, path, follow, (struct stat *)st);                    \
                                                                                                   \
		return ret == 1 ? real.name(path, st) : result(ret);                               \
	}

#define PATH_XSTAT(name, type, follow)                                                             \
	EXPORT int name(int version, const char *path, struct type *st)                            \
	{                                                                                          \
		int ret = path_stat(AT_FDCWD, path, follow, (struct stat *)st);                    \
                                                                                                   \
		return ret == 1 ? real.name(version, path, st) : result(ret);                      \
	}

PATH_STAT(stat, stat, true)
PATH_STAT(stat64, stat64, true)
PATH_STAT(lstat, stat, false)
PATH_STAT(lstat64, stat64, false)
PATH_XSTAT(__xstat, stat, true)
PATH_XSTAT(__xstat64, stat64, true)
PATH_XSTAT(__lxstat, stat, false)
PATH_XSTAT(__lxstat64, stat64, false)

#define FD_STAT(name, type)                                                                        \
	EXPORT int name(int fd, struct type *st)                                                   \
	{                                                                                          \
		struct preload *p = preload_ready();                                               \
		int ret = real.name(fd, st);                                                       \
                                                                                                   \
		if (!ret && p)                                                                     \
			correct(fd, (struct stat *)st);                                            \
		return ret;                                                                        \
	}

#define FD_XSTAT(name, type)                                                                       \
	EXPORT int name(int version, int fd, struct type *st)                                      \
	{                                                                                          \
		struct preload *p = preload_ready();                                               \
		int ret = real.name(version, fd, st);                                              \
                                                                                                   \
		if (!ret && p)                                                                     \
			correct(fd, (struct stat *)st);                                            \
		return ret;                                                                        \
	}

FD_STAT(fstat, stat)
FD_STAT(fstat64, stat64)
FD_XSTAT(__fxstat, stat)
FD_XSTAT(__fxstat64, stat64)

#define AT_STAT(name, type)                                                                        \
	EXPORT int name(int dir, const char *path, struct type *st, int flags)                     \
	{                                                                                          \
		int ret = path_stat(dir, path, !(flags & AT_SYMLINK_NOFOLLOW), (struct stat *)st); \
                                                                                                   \
		if (ret != 1)                                                                      \
			return result(ret);                                                        \
		ret = real.name(dir, path, st, flags);                                             \
		if (!ret && flags & AT_EMPTY_PATH && is_empty(path))                               \
			correct(dir, (struct stat *)st);                                           \
		return ret;                                                                        \
	}

#define AT_XSTAT(name, type)                                                                       \
	EXPORT int name(int version, int dir, const char *path, struct type *st, int flags)        \
	{                                                                                          \
		int ret = path_stat(dir, path, !(flags & AT_SYMLINK_NOFOLLOW), (struct stat *)st); \
                                                                                                   \
		if (ret != 1)                                                                      \
			return result(ret);                                                        \
		ret = real.name(version, dir, path, st, flags);                                    \
		if (!ret && flags & AT_EMPTY_PATH && is_empty(path))                               \
			correct(dir, (struct stat *)st);                                           \
		return ret;                                                                        \
	}

AT_STAT(fstatat, stat)
AT_STAT(fstatat64, stat64)
AT_XSTAT(__fxstatat, stat)
AT_XSTAT(__fxstatat64, stat64)

static void to_statx(const struct stat *st, struct statx *stx)
{
	stx->stx_mask = STATX_BASIC_STATS;
	stx->stx_mode = (uint16_t)st->st_mode;
	stx->stx_nlink = 1;
	stx->stx_ino = st->st_ino;
	stx->stx_size = (uint64_t)st->st_size;
	stx->stx_blksize = 4096;
	stx->stx_blocks = 0;
	stx->stx_dev_major = major(st->st_dev);
	stx->stx_dev_minor = minor(st->st_dev);
	stx->stx_rdev_major = major(st->st_rdev);
	stx->stx_rdev_minor = minor(st->st_rdev);
}

EXPORT int statx(int dir, const char *path, int flags, unsigned int mask, struct statx *stx)
{
	struct stat st;
	int ret = path_stat(dir, path, !(flags & AT_SYMLINK_NOFOLLOW), &st);

	if (ret == 1) {
		ret = real.statx(dir, path, flags, mask, stx);
		/* A program that asks about a descriptor: only the type and number matter. */
		if (ret || !(flags & AT_EMPTY_PATH) || !is_empty(path) || fstat(dir, &st))
			return ret;
		stx->stx_mode = (uint16_t)st.st_mode;
		stx->stx_rdev_major = major(st.st_rdev);
		stx->stx_rdev_minor = minor(st.st_rdev);
		return 0;
	}
	if (!ret) {
		memset(stx, 0, sizeof(*stx));
		to_statx(&st, stx);
	}
	return result(ret);
}

static int check_access(int dir, const char *path, int mode)
{
	struct stat st;
	int ret = path_stat(dir, path, true, &st);

	if (!ret && mode & W_OK && !S_ISCHR(st.st_mode))
		ret = -EACCES;
	return ret;
}

EXPORT int access(const char *path, int mode)
{
	int ret = check_access(AT_FDCWD, path, mode);

	return ret == 1 ? real.access(path, mode) : result(ret);
}

EXPORT int faccessat(int dir, const char *path, int mode, int flags)
{
	int ret = check_access(dir, path, mode);

	return ret == 1 ? real.faccessat(dir, path, mode, flags) : result(ret);
}
