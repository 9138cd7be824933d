/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's fw_cfg device by its I/O ports (QEMU docs/specs/fw_cfg), and ports themselves. */
#ifndef IOVASHIM_ROM_FW_CFG_H
#define IOVASHIM_ROM_FW_CFG_H

#include <stdbool.h>
#include <stdint.h>

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* True if there is such a device. */
bool fw_cfg_present(void);

/* Selects the file called @name: fw_cfg_read() then reads it from its start. False if there is
 * none; else *@size is its size in bytes. */
bool fw_cfg_open(const char *name, uint32_t *size);

/* The next @length bytes of what is selected; zeros beyond its end. */
void fw_cfg_read(void *to, uint32_t length);

#endif
