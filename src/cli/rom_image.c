/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether firmware will start a ROM. */
#include "rom_image.h"

#include <string.h>

/* PCI Firmware Specification 3.0, 5.1: the header of an image, and its PCI data structure. */
enum { IMAGE_DATA = 0x18, DATA_VENDOR = 4, DATA_DEVICE = 6, DATA_SIZE = 0x18 };
/* QEMU's pci-testdev: firmware starts no ROM whose IDs are another device's. */
enum { TESTDEV_VENDOR = 0x1b36, TESTDEV_DEVICE = 0x0005 };

static unsigned int read16(const unsigned char *at)
{
	return at[0] | (unsigned int)at[1] << 8;
}

const char *rom_image_check(const unsigned char *bytes, size_t size)
{
	size_t data;

	if (size < IMAGE_DATA + 2 || read16(bytes) != 0xaa55)
		return "it is no option ROM";
	data = read16(bytes + IMAGE_DATA);
	if (data + DATA_SIZE > size || memcmp(bytes + data, "PCIR", 4) != 0)
		return "it is no option ROM of a PCI device";
	if (read16(bytes + data + DATA_VENDOR) != TESTDEV_VENDOR ||
		read16(bytes + data + DATA_DEVICE) != TESTDEV_DEVICE)
		return "its PCI IDs are not those of pci-testdev (1b36:0005): no firmware would "
		       "start it";
	if (!memmem(bytes, size, "iovashim-rom: ", 14))
		return "it is not iovashim's";
	return NULL;
}
