/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of PCI devices, by pci.ids. */
#ifndef IOVASHIM_CLI_PCI_NAMES_H
#define IOVASHIM_CLI_PCI_NAMES_H

#include "holes.h"

/* Names every device that has ids and no name yet; what pci.ids does not know stays without.
 * Nothing is asked of the network. */
void pci_names_fill(struct holes_host *host);

#endif
