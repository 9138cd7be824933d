/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether firmware will start a ROM. Pure. */
#ifndef IOVASHIM_ROM_IMAGE_H
#define IOVASHIM_ROM_IMAGE_H

#include <stddef.h>

/* What keeps the ROM of @size @bytes from being iovashim's on a pci-testdev; NULL if nothing does.
 */
const char *rom_image_check(const unsigned char *bytes, size_t size);

#endif
