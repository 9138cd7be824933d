/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a command is, as execvp(3) finds it. */
#ifndef IOVASHIM_FIND_PROGRAM_H
#define IOVASHIM_FIND_PROGRAM_H

/* *@path (malloc'ed) becomes @name itself if it has a slash, else the first executable file of that
 * name in PATH. Returns 0, -ENOENT if there is none, -EACCES or -EISDIR if there is one that cannot
 * be executed, or another -errno; *@path is then NULL, or the file that cannot be executed. */
int find_program(const char *name, char **path);

#endif
