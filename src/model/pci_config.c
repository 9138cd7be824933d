// SPDX-License-Identifier: GPL-2.0-or-later
/* A function's configuration space: header, power management, MSI, PCI Express, MSI-X. */
#include <errno.h>
#include <string.h>

#include <linux/pci_regs.h>

#include "host_device.h"
#include "pci.h"

#define AT_PM	   0x40
#define AT_MSI	   0x50
#define AT_EXPRESS 0x68
#define AT_MSIX	   0xb0

static void put(uint8_t *at, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void set(struct pci_function *f, unsigned int at, uint64_t value, unsigned int bytes)
{
	put(f->config + at, value, bytes);
}

static void allow(struct pci_function *f, unsigned int at, uint64_t bits, unsigned int bytes)
{
	put(f->writable + at, bits, bytes);
}

/* Appends capability @id at @at; @last is where the offset of the one before is kept. */
static void add_capability(struct pci_function *f, unsigned int *last, unsigned int at, uint8_t id)
{
	f->config[*last] = (uint8_t)at;
	f->config[at] = id;
	*last = at + PCI_CAP_LIST_NEXT;
}

static void init_header(struct pci_function *f)
{
	const struct model_device *d = f->facts;

	set(f, PCI_VENDOR_ID, d->vendor, 2);
	set(f, PCI_DEVICE_ID, d->device, 2);
	set(f, PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
	set(f, PCI_REVISION_ID, d->revision, 1);
	set(f, PCI_CLASS_PROG, d->class, 3);
	set(f, PCI_SUBSYSTEM_VENDOR_ID, d->subvendor, 2);
	set(f, PCI_SUBSYSTEM_ID, d->subdevice, 2);
	set(f, PCI_INTERRUPT_PIN, d->pin, 1);
	allow(f, PCI_COMMAND,
		PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
			PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE,
		2);
	allow(f, PCI_CACHE_LINE_SIZE, 0xff, 1);
	allow(f, PCI_LATENCY_TIMER, 0xff, 1);
	allow(f, PCI_INTERRUPT_LINE, 0xff, 1);
}

/* Only the bits above a BAR's size can be written: that is how its size is found. */
static void init_bar(struct pci_function *f, unsigned int i)
{
	const struct model_bar *bar = &f->facts->bar[i];
	unsigned int at = PCI_BASE_ADDRESS_0 + 4 * i;
	uint32_t type = bar->io ? PCI_BASE_ADDRESS_SPACE_IO : 0;

	if (!bar->size)
		return;
	if (bar->wide)
		type |= PCI_BASE_ADDRESS_MEM_TYPE_64;
	if (bar->prefetch)
		type |= PCI_BASE_ADDRESS_MEM_PREFETCH;
	set(f, at, type, 4);
	allow(f, at, ~(bar->size - 1), bar->wide ? 8 : 4);
}

static void init_pm(struct pci_function *f, unsigned int *last)
{
	add_capability(f, last, AT_PM, PCI_CAP_ID_PM);
	set(f, AT_PM + PCI_PM_PMC, 3, 2);
	allow(f, AT_PM + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK, 2);
}

static void init_msi(struct pci_function *f, unsigned int *last)
{
	unsigned int vectors = f->facts->msi, log = 0;

	if (!vectors)
		return;
	while (vectors >>= 1)
		log++;
	add_capability(f, last, AT_MSI, PCI_CAP_ID_MSI);
	set(f, AT_MSI + PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT | log << 1, 2);
	allow(f, AT_MSI + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE, 2);
	allow(f, AT_MSI + PCI_MSI_ADDRESS_LO, ~(uint64_t)3, 8);
	allow(f, AT_MSI + PCI_MSI_DATA_64, 0xffff, 2);
}

static void init_express(struct pci_function *f, unsigned int *last)
{
	if (!f->facts->express)
		return;
	add_capability(f, last, AT_EXPRESS, PCI_CAP_ID_EXP);
	set(f, AT_EXPRESS + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4, 2);
	set(f, AT_EXPRESS + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER, 4);
	allow(f, AT_EXPRESS + PCI_EXP_DEVCTL, 0x7fff, 2);
	set(f, AT_EXPRESS + PCI_EXP_LNKCAP, PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4, 4);
	set(f, AT_EXPRESS + PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_CLS_2_5GB | 1 << 4, 2);
}

/* The table is at the start of its BAR. */
static void init_msix(struct pci_function *f, unsigned int *last)
{
	const struct model_device *d = f->facts;

	if (!d->msix)
		return;
	add_capability(f, last, AT_MSIX, PCI_CAP_ID_MSIX);
	set(f, AT_MSIX + PCI_MSIX_FLAGS, d->msix - 1, 2);
	set(f, AT_MSIX + PCI_MSIX_TABLE, d->msix_bar, 4);
	set(f, AT_MSIX + PCI_MSIX_PBA, (uint32_t)host_device_msix_pending(d) | d->msix_bar, 4);
	allow(f, AT_MSIX + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 2);
}

void pci_init(struct pci_function *f, const struct model_device *facts)
{
	unsigned int last = PCI_CAPABILITY_LIST;

	memset(f, 0, sizeof(*f));
	f->facts = facts;
	f->size = facts->express ? 4096 : 256;
	init_header(f);
	for (unsigned int i = 0; i < MODEL_BARS; i++)
		init_bar(f, i);
	init_pm(f, &last);
	init_msi(f, &last);
	init_express(f, &last);
	init_msix(f, &last);
}

int pci_config_read(const struct pci_function *f, uint64_t offset, void *to, size_t len)
{
	if (offset >= f->size || len > f->size - offset)
		return -EFAULT;
	memcpy(to, f->config + offset, len);
	return (int)len;
}

int pci_config_write(struct pci_function *f, uint64_t offset, const void *from, size_t len)
{
	const uint8_t *bytes = from;

	if (offset >= f->size || len > f->size - offset)
		return -EFAULT;
	for (size_t i = 0; i < len; i++) {
		uint8_t mask = f->writable[offset + i], *at = &f->config[offset + i];

		*at = (uint8_t)((*at & ~mask) | (bytes[i] & mask));
	}
	return (int)len;
}
