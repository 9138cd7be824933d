/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The environment in which a VMM is started: IOVASHIM_* variables, LD_PRELOAD. */
#include "preload_env.h"
#include "cli.h"
#include "installed.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	char *path = installed_find("libiovashim.so");
	int status;

	if (!path)
		return EXIT_OWN;
	if (strpbrk(path, separators))
		status = cli_fail("%s: LD_PRELOAD cannot hold a path with a space or a colon: move "
				  "it, and this program with it",
			path);
	else
		status = put_first(path);
	free(path);
	return status;
}
