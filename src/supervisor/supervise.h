/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two processes beside the VMM: the supervisor, and who says so if it dies. */
#ifndef IOVASHIM_SUPERVISOR_SUPERVISE_H
#define IOVASHIM_SUPERVISOR_SUPERVISE_H

#include "settings.h"

#include <sys/types.h>

/* Answers @listener until nobody is under the filter any more. @vmm is the process that the filter
 * was made in. Returns an exit status. */
int supervise(const struct settings *settings, int listener, pid_t vmm, uint64_t tag);

/* Waits for the end of @supervisor, its child, and tells of it if it was none by itself. Returns an
 * exit status. */
int watch(const struct settings *settings, pid_t vmm, pid_t supervisor);

#endif
