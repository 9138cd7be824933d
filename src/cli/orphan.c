/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process beside the VMM that is not the VMM's to wait for. */
#include "orphan.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int orphan_fork(void)
{
	pid_t child, grandchild;
	int status;

	fflush(NULL);
	child = fork();
	if (child < 0)
		return -errno;
	if (!child) {
		setsid();
		grandchild = fork();
		if (!grandchild)
			return 0;
		_exit(grandchild < 0 ? errno : 0);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return errno == ECHILD ? 1 : -errno; /* SIGCHLD is ignored */
	if (!WIFEXITED(status))
		return -ECHILD;
	return WEXITSTATUS(status) ? -WEXITSTATUS(status) : 1;
}
