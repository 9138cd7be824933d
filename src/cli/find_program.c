/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a command is, as execvp(3) finds it. */
#include "find_program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What execve(2) says of the file itself, but for EISDIR, which it calls EACCES. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? -errno : 0;
}

/* Keeps the first file that is there, unless a later one can be executed. */
static int look(const char *folder, size_t length, const char *name, char **path, int before)
{
	char *candidate;
	int err;

	if (asprintf(&candidate, "%.*s%s%s", (int)length, folder, length ? "/" : "", name) < 0)
		return -ENOMEM;
	err = executable(candidate);
	if (err && (err == -ENOENT || err == -ENOTDIR || *path)) {
		free(candidate);
		return before;
	}
	free(*path);
	*path = candidate;
	return err;
}

static char *search_path(void)
{
	const char *path = getenv("PATH");
	size_t size = confstr(_CS_PATH, NULL, 0);
	char *fallback;

	if (path)
		return strdup(path);
	fallback = malloc(size);
	if (fallback)
		confstr(_CS_PATH, fallback, size);
	return fallback;
}

int find_program(const char *name, char **path)
{
	char *folders, *folder;
	size_t length;
	int err = -ENOENT;

	*path = NULL;
	if (!*name)
		return -ENOENT;
	if (strchr(name, '/')) {
		*path = strdup(name);
		return *path ? executable(name) : -ENOMEM;
	}
	folders = search_path();
	if (!folders)
		return -ENOMEM;
	for (folder = folders; err && err != -ENOMEM; folder += length + 1) {
		length = strcspn(folder, ":");
		err = look(folder, length, name, path, err);
		if (!folder[length])
			break;
	}
	free(folders);
	return err;
}
