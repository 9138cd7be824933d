/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads files of QEMU's fw_cfg device, byte by byte: any version of it can do that. */
#include "fw_cfg.h"

enum { PORT_SELECTOR = 0x510, PORT_DATA = 0x511 };
enum { KEY_SIGNATURE = 0x00, KEY_DIRECTORY = 0x19 };
enum { NAME_LENGTH = 56 };

static void select_key(uint16_t key)
{
	__asm__ volatile("outw %0, %1" : : "a"(key), "Nd"((uint16_t)PORT_SELECTOR));
}

void fw_cfg_read(void *to, uint32_t length)
{
	for (uint8_t *p = to; length; length--)
		*p++ = in8(PORT_DATA);
}

static uint32_t read_big_endian(unsigned int bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | in8(PORT_DATA);
	return value;
}

bool fw_cfg_present(void)
{
	select_key(KEY_SIGNATURE);
	return read_big_endian(4) == 0x51454d55; /* "QEMU" */
}

/* Reads a directory entry's name to its end, whatever it is. */
static bool name_is(const char *name)
{
	bool same = true;

	for (unsigned int i = 0; i < NAME_LENGTH; i++) {
		char c = (char)in8(PORT_DATA);

		if (same && c != *name)
			same = false;
		if (*name)
			name++;
	}
	return same;
}

bool fw_cfg_open(const char *name, uint32_t *size)
{
	uint32_t files;

	select_key(KEY_DIRECTORY);
	for (files = read_big_endian(4); files; files--) {
		uint16_t key;

		*size = read_big_endian(4);
		key = (uint16_t)read_big_endian(2);
		read_big_endian(2);
		if (!name_is(name))
			continue;
		select_key(key);
		return true;
	}
	return false;
}
