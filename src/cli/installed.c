/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds what is installed with this command: its libraries, and what it hands to VMMs. */
#include "installed.h"
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* @folder, @length long, and @name, if that can be read; NULL if not. */
static char *readable(const char *folder, size_t length, const char *name)
{
	char *path;

	if (asprintf(&path, "%.*s/%s", (int)length, folder, name) < 0)
		return NULL;
	if (!access(path, R_OK))
		return path;
	free(path);
	return NULL;
}

static char *beside(const char *name)
{
	char *self = realpath("/proc/self/exe", NULL);
	char *slash = self ? strrchr(self, '/') : NULL;
	char *path = slash ? readable(self, (size_t)(slash - self), name) : NULL;

	free(self);
	return path;
}

char *installed_find(const char *name)
{
	static const char *const folders[] = {LIBDIR "/iovashim", LIBDIR, DATADIR "/iovashim"};
	char *path = beside(name);

	for (size_t i = 0; !path && i < sizeof(folders) / sizeof(folders[0]); i++)
		path = readable(folders[i], strlen(folders[i]), name);
	if (!path)
		cli_complain("%s is neither beside this program nor in %s, %s or %s: install it",
			name, folders[0], folders[1], folders[2]);
	return path;
}
