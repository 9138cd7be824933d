// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether a program can be rehearsed: it has to take a preloaded library. */
#include "cli.h"
#include "plan_run.h"
#include "vmm_check.h"

#include <errno.h>
#include <string.h>

static int judge_program(const struct vmm *vmm, const char *name)
{
	if (vmm->exec_error) {
		cli_complain("%s: %s", name, strerror(vmm->exec_error));
		return vmm->exec_error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC;
	}
	if (vmm->reach == REACH_PRELOAD)
		return 0;
	return cli_fail("%s cannot be rehearsed, since the model kernel has to be preloaded: %s",
		name, vmm->reason);
}

int check_program(const char *name)
{
	struct vmm vmm;
	int status = vmm_check(&vmm, name) ? cli_fail("out of memory") : judge_program(&vmm, name);

	vmm_free(&vmm);
	return status;
}
