/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors: the few calls on them that the shim makes. */
#ifndef IOVASHIM_FD_IO_H
#define IOVASHIM_FD_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* fstat(2) by the symbol that every glibc since 2.2.5 has (fstat itself is GLIBC_2.33).
 * Returns 0, or -1 with errno. */
int fd_stat(int fd, struct stat *st);

/* Calls @line for each line of the file @path, without its newline; a line of more than 1 KiB
 * comes cut. Only open, read and close are called. Returns 0 or -errno. */
int fd_each_line(const char *path, void (*line)(void *context, const char *line, size_t length),
	void *context);

/* The same, until @line returns false. */
int fd_each_line_while(const char *path,
	bool (*line)(void *context, const char *line, size_t length), void *context);

#endif
