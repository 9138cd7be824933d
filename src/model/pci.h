/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PCI function as vfio-pci shows it: regions, interrupts, configuration space. */
#ifndef IOVAMODEL_PCI_H
#define IOVAMODEL_PCI_H

#include "host.h"
#include "type1.h"

#define PCI_CONFIG_MAX 4096

struct pci_function {
	const struct model_device *facts;
	unsigned int size; /* of the configuration space: 256 or 4096 */
	uint8_t config[PCI_CONFIG_MAX];
	uint8_t writable[PCI_CONFIG_MAX]; /* bits that a write changes */
};

/* The state after a reset. */
void pci_init(struct pci_function *f, const struct model_device *facts);

int pci_ioctl(struct pci_function *f, const struct model_group *group, const struct model_env *env,
	uint32_t cmd, uint64_t arg);

#endif
