/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rehearsed VMM cannot get out of: a place where nothing can be written, reached or
 * signalled. */
#ifndef IOVASHIM_PLAN_CONFINE_H
#define IOVASHIM_PLAN_CONFINE_H

#include <stdbool.h>

/*
 * For a child process that is to become a VMM. Afterwards every file system is read-only and its
 * devices cannot be opened (but null, zero, full, random, urandom and, with @kvm, /dev/kvm), only
 * directory @writable can be written; there is no network, no socket to another process, no process
 * to signal, no capability. Children of the caller begin with a process tree of their own: fork
 * once more. NULL, or what could not be had (static text), with errno.
 */
const char *confine(const char *writable, bool kvm);

/* The last step, in the process that executes the VMM: the filter and the capabilities. */
const char *confine_calls(void);

#endif
