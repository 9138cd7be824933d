// SPDX-License-Identifier: GPL-2.0-or-later
/* What vfio-pci shows of a function. */
#include <errno.h>
#include <string.h>

#include "pci.h"

void pci_init(struct pci_function *f, const struct model_device *facts)
{
	memset(f, 0, sizeof(*f));
	f->facts = facts;
}

int pci_ioctl(struct pci_function *f, const struct model_group *group, const struct model_env *env,
	uint32_t cmd, uint64_t arg)
{
	(void)f, (void)group, (void)env, (void)cmd, (void)arg;
	return -ENOTTY;
}
