/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file's bytes, as many as it has when it is opened. */
#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST (1L << 30)

static int kind_of(int fd, size_t *size)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -ENXIO;
	*size = (size_t)st.st_size;
	return st.st_size > LARGEST ? -EFBIG : 0;
}

/* *@size becomes what was read: less if the file shrinks meanwhile. */
static int read_up_to(int fd, char *bytes, size_t *size)
{
	size_t length = 0;

	while (length < *size) {
		ssize_t n = read(fd, bytes + length, *size - length);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			break;
		if (n > 0)
			length += (size_t)n;
	}
	*size = length;
	bytes[length] = 0;
	return 0;
}

/* O_NONBLOCK: to open a pipe without a writer would wait. */
int whole_file_read(const char *path, char **bytes, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err;

	*bytes = NULL;
	if (fd < 0)
		return -errno;
	err = kind_of(fd, size);
	if (!err) {
		*bytes = malloc(*size + 1);
		err = *bytes ? read_up_to(fd, *bytes, size) : -ENOMEM;
	}
	close(fd);
	if (err) {
		free(*bytes);
		*bytes = NULL;
	}
	return err;
}
