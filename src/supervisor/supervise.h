/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two processes beside the VMM: the supervisor, and who says so if it dies. */
#ifndef IOVASHIM_SUPERVISOR_SUPERVISE_H
#define IOVASHIM_SUPERVISOR_SUPERVISE_H

#include "settings.h"

#include <sys/types.h>

/* The process that the filter was made in. It can end, and its ID be another's, before anybody here
 * looks for it: @pidfd is opened while it waits for us. */
struct vmm_process {
	pid_t pid;
	int pidfd;
};

/* Answers @listener until nobody is under the filter any more. Returns an exit status. */
int supervise(
	const struct settings *settings, int listener, const struct vmm_process *vmm, uint64_t tag);

/* Waits for the end of @supervisor, its child, and tells of it if it was none by itself. Returns an
 * exit status. */
int watch(const struct settings *settings, const struct vmm_process *vmm, pid_t supervisor);

#endif
