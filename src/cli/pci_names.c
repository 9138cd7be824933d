/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of PCI devices, by pci.ids. */
#include "pci_names.h"

#include "cli.h"

#include <pci/pci.h>
#include <stdlib.h>

/* pci_init() would set these, and look for a way to devices, which names do not need. libpci calls
 * them without a look when it finds no list of names: then there are none, and that is all. */
static void say_nothing(char *message, ...)
{
	(void)message;
}

/* Out of memory, for one. It may not return. */
__attribute__((noreturn)) static void give_up(char *message, ...)
{
	cli_complain("libpci: %s", message);
	exit(EXIT_OWN);
}

static void name_device(struct pci_access *pci, struct holes_device *device)
{
	const int flags = PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_NUMBERS;
	char text[256];
	const char *name;

	if (!device->has_ids || device->name[0])
		return;
	name = pci_lookup_name(pci, text, sizeof(text), flags, device->vendor, device->device);
	if (!name)
		name = pci_lookup_name(pci, text, sizeof(text),
			PCI_LOOKUP_VENDOR | PCI_LOOKUP_NO_NUMBERS, device->vendor);
	if (name)
		holes_text(device->name, sizeof(device->name), name);
}

void pci_names_fill(struct holes_host *host)
{
	struct pci_access *pci = pci_alloc();

	pci->error = give_up;
	pci->warning = pci->debug = say_nothing;
	for (size_t i = 0; i < host->n_groups; i++)
		for (size_t k = 0; k < host->groups[i].n_devices; k++)
			name_device(pci, &host->groups[i].devices[k]);
	pci_cleanup(pci);
}
