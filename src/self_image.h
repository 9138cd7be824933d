/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the VMM's process says of itself: its command line, and QEMU's version. */
#ifndef IOVASHIM_SELF_IMAGE_H
#define IOVASHIM_SELF_IMAGE_H

#include <stddef.h>

/* Reads /proc/self/cmdline, as much as fits in @room. Returns the bytes, 0 if it cannot be read. */
size_t self_command_line(char *bytes, size_t room);

/* The version that the executable's read-only data has in "QEMU emulator version 7.2.22 …", as
 * major << 8 | minor; 0 if there is none. Searches memory alone. */
unsigned int self_qemu_version(void);

/* The same in @bytes, for what is not this process's own executable. */
unsigned int self_find_version(const char *bytes, size_t length);

#endif
