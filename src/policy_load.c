/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds and reads the policy: IOVASHIM_CONF, else SYSCONFDIR/iovashim/holes.conf, else built in. */
#include "policy_load.h"
#include "fd_io.h"
#include "policy_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { LARGEST_FILE = 16 << 20, FIRST_READ = 4 << 10 };

static const char system_conf[] = SYSCONFDIR "/iovashim/holes.conf";

/* Refuses what is no plain file: a pipe would make the VMM wait, a device never end. */
static int check_file(int fd)
{
	struct stat st;

	if (fd_stat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -ENXIO;
	return st.st_size > LARGEST_FILE ? -EFBIG : 0;
}

/* Reads on until *@text, of *@size bytes, is full or the file ends. */
static int fill(int fd, char *text, size_t size, size_t *length)
{
	while (*length < size) {
		ssize_t n = read(fd, text + *length, size - *length);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			break;
		if (n > 0)
			*length += (size_t)n;
	}
	return 0;
}

/* The size in stat is a hint only: the file may grow meanwhile, and those in /proc say 0. */
static int read_all(int fd, char **text, size_t *length)
{
	size_t size = FIRST_READ;
	char *grown;
	int rc;

	for (*length = 0;; size *= 2) {
		grown = realloc(*text, size);
		if (!grown)
			return -ENOMEM;
		*text = grown;
		rc = fill(fd, *text, size, length);
		if (rc)
			return rc;
		if (*length > LARGEST_FILE)
			return -EFBIG;
		if (*length < size)
			return 0;
	}
}

/* A policy_reader's read. O_NONBLOCK: to open a pipe without a writer would block. */
static int read_file(void *context, const char *path, char **text, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc;

	(void)context;
	if (fd < 0)
		return -errno;
	*text = NULL;
	rc = check_file(fd);
	if (!rc)
		rc = read_all(fd, text, length);
	close(fd);
	if (rc) {
		free(*text);
		*text = NULL;
	}
	return rc;
}

int policy_load(struct policy *policy, const char *conf, const struct policy_host *host,
	const char **origin, struct policy_error *error)
{
	const struct policy_reader reader = {read_file, NULL};
	const bool explicit_conf = conf && *conf;
	struct policy_line line = {.number = 1, .error = error};
	char *text = NULL;
	size_t length = 0;
	int rc;

	*origin = line.file = explicit_conf ? conf : system_conf;
	rc = read_file(NULL, *origin, &text, &length);
	if (rc == -ENOENT && !explicit_conf) {
		*origin = "built-in";
		return policy_parse(policy, *origin, builtin_holes_conf, builtin_holes_conf_length,
			host, &reader, error);
	}
	if (rc)
		return policy_fail_read(&line, line.start, *origin, rc);
	rc = policy_parse(policy, *origin, text, length, host, &reader, error);
	free(text);
	return rc;
}
