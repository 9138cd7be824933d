/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a VMM's process has to say of itself: its command line, and QEMU's version. */
#ifndef IOVASHIM_VMM_IMAGE_H
#define IOVASHIM_VMM_IMAGE_H

#include <stddef.h>

/* Reads the command line of the process @proc, "/proc/self" or "/proc/PID", as much as fits in
 * @room. Returns the bytes, 0 if it cannot be read. */
size_t vmm_command_line(const char *proc, char *bytes, size_t room);

/* The version that this process's executable's read-only data has in "QEMU emulator version 7.2.22
 * …", as major << 8 | minor; 0 if there is none. Searches memory alone. */
unsigned int vmm_own_version(void);

/* The same in @bytes, for what is not this process's own executable. */
unsigned int vmm_find_version(const char *bytes, size_t length);

#endif
