/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The environment in which a VMM is started: IOVASHIM_* variables, LD_PRELOAD. */
#include "preload_env.h"
#include "cli.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char library[] = "libiovashim.so";
static const char separators[] = " :"; /* of LD_PRELOAD, and there is no way to quote them */

int env_set_path(const char *name, const char *value)
{
	char *folder, *path;
	int err;

	if (!value)
		value = getenv(name);
	if (!value || !*value)
		return 0;
	if (*value == '/')
		return setenv(name, value, 1) ? -errno : 0;
	folder = getcwd(NULL, 0);
	if (!folder)
		return -errno;
	err = asprintf(&path, "%s/%s", folder, value) < 0 ? -ENOMEM : 0;
	free(folder);
	if (err)
		return err;
	if (setenv(name, path, 1))
		err = -errno;
	free(path);
	return err;
}

/* The library beside this executable, if there is one; NULL if not. */
static char *beside(void)
{
	char *self = realpath("/proc/self/exe", NULL), *path = NULL;
	char *slash = self ? strrchr(self, '/') : NULL;

	if (slash && asprintf(&path, "%.*s/%s", (int)(slash - self), self, library) < 0)
		path = NULL;
	free(self);
	if (path && access(path, R_OK)) {
		free(path);
		path = NULL;
	}
	return path;
}

static char *find_library(void)
{
	static const char *const places[] = {
		LIBDIR "/iovashim/libiovashim.so", LIBDIR "/libiovashim.so"};
	char *path = beside();

	for (size_t i = 0; !path && i < sizeof(places) / sizeof(places[0]); i++)
		if (!access(places[i], R_OK))
			path = strdup(places[i]);
	return path;
}

/* True if @path is the first of @list: put there by whoever started this process. */
static bool is_first(const char *list, const char *path)
{
	size_t length = strlen(path);

	list += strspn(list, separators);
	return !strncmp(list, path, length) && (!list[length] || strchr(separators, list[length]));
}

static int put_first(const char *path)
{
	const char *before = getenv("LD_PRELOAD");
	char *list;
	int status = 0;

	if (before && is_first(before, path))
		return 0;
	if (asprintf(&list, "%s%s%s", path, before && *before ? " " : "", before ? before : "") < 0)
		return cli_fail("no memory");
	if (setenv("LD_PRELOAD", list, 1))
		status = cli_fail("LD_PRELOAD: %s", strerror(errno));
	free(list);
	return status;
}

int env_preload(void)
{
	char *path = find_library();
	int status;

	if (!path)
		return cli_fail("%s is neither beside this program nor in " LIBDIR
				"/iovashim or " LIBDIR,
			library);
	if (strpbrk(path, separators))
		status = cli_fail("%s: LD_PRELOAD cannot hold a path with a space or a colon: move "
				  "it, and this program with it",
			path);
	else
		status = put_first(path);
	free(path);
	return status;
}
