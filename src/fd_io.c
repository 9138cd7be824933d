/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors: the few calls on them that the shim makes. */
#include "fd_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

int __fxstat(int version, int fd, struct stat *st);

int fd_stat(int fd, struct stat *st)
{
#ifdef __x86_64__
	return __fxstat(1, fd, st);
#else
	return __fxstat(0, fd, st);
#endif
}

struct line_reader {
	char buffer[1024];
	size_t used;
	bool skipping; /* the rest of a line that was too long */
	void (*line)(void *context, const char *line, size_t length);
	void *context;
};

static void emit(struct line_reader *reader, size_t length)
{
	if (!reader->skipping)
		reader->line(reader->context, reader->buffer, length);
}

/* Hands on the whole lines in the buffer and moves the rest to its start. */
static void emit_lines(struct line_reader *reader)
{
	char *newline;

	while ((newline = memchr(reader->buffer, '\n', reader->used)) != NULL) {
		size_t length = (size_t)(newline - reader->buffer);

		emit(reader, length);
		reader->skipping = false;
		reader->used -= length + 1;
		memmove(reader->buffer, newline + 1, reader->used);
	}
	if (reader->used == sizeof(reader->buffer)) {
		emit(reader, reader->used);
		reader->skipping = true;
		reader->used = 0;
	}
}

int fd_each_line(const char *path, void (*line)(void *context, const char *line, size_t length),
	void *context)
{
	struct line_reader reader = {.line = line, .context = context};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, reader.buffer + reader.used, sizeof(reader.buffer) - reader.used);
		if (n > 0) {
			reader.used += (size_t)n;
			emit_lines(&reader);
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (!n && reader.used)
		emit(&reader, reader.used);
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}
