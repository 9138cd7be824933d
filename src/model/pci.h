/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PCI function as vfio-pci shows it: regions, interrupts, configuration space. */
#ifndef IOVAMODEL_PCI_H
#define IOVAMODEL_PCI_H

#include "host.h"
#include "type1.h"

#define PCI_CONFIG_MAX 4096

/* Where a region starts in the device's file: VFIO_PCI_INDEX_TO_OFFSET(). */
#define PCI_REGION_SHIFT 40

struct pci_function {
	const struct model_device *facts;
	unsigned int size; /* of the configuration space: 256 or 4096 */
	uint8_t config[PCI_CONFIG_MAX];
	uint8_t writable[PCI_CONFIG_MAX]; /* bits that a write changes */
};

/* The state after a reset. */
void pci_init(struct pci_function *f, const struct model_device *facts);

/* An ioctl of the device's file: the result, or -errno. */
int pci_ioctl(struct pci_function *f, const struct model_env *env, uint32_t cmd, uint64_t arg);

/*
 * Reads or writes @len bytes of configuration space at @offset; read-only bits stay.
 * @len, or -EFAULT beyond the end, as vfio_config_do_rw().
 */
int pci_config_read(const struct pci_function *f, uint64_t offset, void *to, size_t len);
int pci_config_write(struct pci_function *f, uint64_t offset, const void *from, size_t len);

#endif
