/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that others read while it is replaced. */
#ifndef IOVASHIM_NEW_FILE_H
#define IOVASHIM_NEW_FILE_H

#include <stdio.h>
#include <sys/types.h>

/* What open() would give a new file: 0666 less the umask. */
mode_t new_file_mode(void);

/* Writes @path with @draw: whoever reads it sees the old file or the whole new one, of mode @mode,
 * also after a crash. A device, a pipe or a symbolic link (/dev/stdout) is written to as it is.
 * @draw returns 0 or -errno; errors of writing are the stream's to remember. Returns 0 or -errno;
 * @path is then as it was. Meanwhile there is a file ".NAME.XXXXXX" beside it. */
int new_file_write(const char *path, mode_t mode, int (*draw)(FILE *to, const void *context),
	const void *context);

#endif
