/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file's bytes. */
#ifndef IOVASHIM_WHOLE_FILE_H
#define IOVASHIM_WHOLE_FILE_H

#include <stddef.h>

/* Reads the regular file @path: *@bytes (malloc'ed, one NUL more at its end) and *@size. Returns 0
 * or -errno: EISDIR, ENXIO for what is no regular file, EFBIG beyond 1 GiB. */
int whole_file_read(const char *path, char **bytes, size_t *size);

#endif
