/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that others read while it is replaced: written beside its place, then renamed into it. */
#include "new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

mode_t new_file_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* What cannot be replaced by a file, and links, which somebody made to have the file elsewhere. */
static bool is_special(const char *path)
{
	struct stat status;

	return !lstat(path, &status) && !S_ISREG(status.st_mode);
}

/* @file is closed, and @on_disk once it was written. */
static int draw_and_close(
	FILE *file, bool on_disk, int (*draw)(FILE *to, const void *context), const void *context)
{
	int err;

	errno = 0;
	err = draw(file, context);
	if (!err && (fflush(file) || ferror(file)))
		err = errno ? -errno : -EIO;
	if (!err && on_disk && fsync(fileno(file)))
		err = -errno;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

static int write_through(
	const char *path, int (*draw)(FILE *to, const void *context), const void *context)
{
	FILE *file = fopen(path, "we");

	return file ? draw_and_close(file, false, draw, context) : -errno;
}

/* Hidden, so that readers of all files of a directory leave it alone. malloc'ed. */
static char *name_beside(const char *path)
{
	const char *slash = strrchr(path, '/');
	int length = slash ? (int)(slash - path) + 1 : 0;
	char *name;

	if (asprintf(&name, "%.*s.%s.XXXXXX", length, path, path + length) < 0)
		return NULL;
	return name;
}

static int write_temporary(
	char *name, mode_t mode, int (*draw)(FILE *to, const void *context), const void *context)
{
	int descriptor = mkostemp(name, O_CLOEXEC), err;
	FILE *file;

	if (descriptor < 0)
		return -errno;
	file = fchmod(descriptor, mode) ? NULL : fdopen(descriptor, "w");
	if (file) {
		err = draw_and_close(file, true, draw, context);
	} else {
		err = -errno;
		close(descriptor);
	}
	if (err)
		unlink(name);
	return err;
}

int new_file_write(const char *path, mode_t mode, int (*draw)(FILE *to, const void *context),
	const void *context)
{
	char *temporary;
	int err;

	if (is_special(path))
		return write_through(path, draw, context);
	temporary = name_beside(path);
	if (!temporary)
		return -ENOMEM;
	err = write_temporary(temporary, mode, draw, context);
	if (!err && rename(temporary, path)) {
		err = -errno;
		unlink(temporary);
	}
	free(temporary);
	return err;
}
