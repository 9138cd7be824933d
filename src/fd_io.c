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
	bool done;     /* no more lines are wanted */
	bool (*line)(void *context, const char *line, size_t length);
	void *context;
};

static void emit(struct line_reader *reader, const char *line, size_t length)
{
	if (!reader->skipping && !reader->done)
		reader->done = !reader->line(reader->context, line, length);
}

/* Hands on the whole lines in the buffer and moves the rest to its start. */
static void emit_lines(struct line_reader *reader)
{
	const char *at = reader->buffer, *end = at + reader->used, *newline;

	while ((newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		emit(reader, at, (size_t)(newline - at));
		reader->skipping = false;
		at = newline + 1;
	}
	reader->used = (size_t)(end - at);
	memmove(reader->buffer, at, reader->used);
	if (reader->used == sizeof(reader->buffer)) {
		emit(reader, reader->buffer, reader->used);
		reader->skipping = true;
		reader->used = 0;
	}
}

int fd_each_line_while(const char *path,
	bool (*line)(void *context, const char *line, size_t length), void *context)
{
	struct line_reader reader;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	reader.used = 0;
	reader.skipping = reader.done = false;
	reader.line = line;
	reader.context = context;
	do {
		n = read(fd, reader.buffer + reader.used, sizeof(reader.buffer) - reader.used);
		if (n > 0) {
			reader.used += (size_t)n;
			emit_lines(&reader);
		}
	} while (!reader.done && (n > 0 || (n < 0 && errno == EINTR)));
	if (!n && reader.used)
		emit(&reader, reader.buffer, reader.used);
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

struct all_lines {
	void (*line)(void *context, const char *line, size_t length);
	void *context;
};

static bool one_of_all(void *context, const char *line, size_t length)
{
	const struct all_lines *all = context;

	all->line(all->context, line, length);
	return true;
}

int fd_each_line(const char *path, void (*line)(void *context, const char *line, size_t length),
	void *context)
{
	return fd_each_line_while(path, one_of_all, &(struct all_lines){line, context});
}
