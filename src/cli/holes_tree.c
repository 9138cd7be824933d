/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tree of files, /sys or a copy of it, as holes_read() wants it. */
#include "holes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int join(void *root, const char *path, char full[PATH_MAX])
{
	int n = snprintf(full, PATH_MAX, "%s/%s", (const char *)root, path);

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int read_file(void *root, const char *path, char *text, size_t size)
{
	char full[PATH_MAX];
	size_t used = 0;
	ssize_t n = 0;
	int err = join(root, path, full), fd;

	if (err)
		return err;
	/* Not to wait for the other end of what a copied tree may hold in a file's place. */
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	while (used + 1 < size) {
		n = read(fd, text + used, size - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	err = n < 0 ? -errno : (int)used;
	close(fd);
	text[used] = 0;
	return err;
}

static int read_link(void *root, const char *path, char *text, size_t size)
{
	char full[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t n;
	int err = join(root, path, full);

	if (err)
		return err;
	n = readlink(full, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = 0;
	slash = strrchr(target, '/');
	holes_text(text, size, slash ? slash + 1 : target);
	return 0;
}

static int list_directory(
	void *root, const char *path, int (*entry)(void *to, const char *name), void *to)
{
	char full[PATH_MAX];
	struct dirent *found;
	int err = join(root, path, full);
	DIR *dir;

	if (err)
		return err;
	dir = opendir(full);
	if (!dir)
		return -errno;
	while (!err && (found = readdir(dir)) != NULL)
		if (found->d_name[0] != '.')
			err = entry(to, found->d_name);
	closedir(dir);
	return err;
}

static bool exists(void *root, const char *path)
{
	char full[PATH_MAX];
	struct stat st;

	return !join(root, path, full) && !lstat(full, &st);
}

struct holes_tree holes_tree_open(const char *root, bool saved)
{
	return (struct holes_tree){
		.read = read_file,
		.link = read_link,
		.list = list_directory,
		.exists = exists,
		.context = (void *)(uintptr_t)root,
		.name = root,
		.saved = saved,
	};
}
