/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the ROM's file. */
#include "cli.h"
#include "installed.h"
#include "reserve_parts.h"
#include "rom_image.h"
#include "whole_file.h"

#include <stdlib.h>
#include <string.h>

char *reserve_find_rom(void)
{
	char *path = installed_find("iovashim-reserve.rom"), *text;
	const char *wrong;
	size_t size;
	int err;

	if (!path)
		return NULL;
	err = whole_file_read(path, &text, &size);
	wrong = err ? strerror(-err) : rom_image_check((unsigned char *)text, size);
	if (wrong)
		cli_complain("--reserve: %s: %s", path, wrong);
	if (!err)
		free(text);
	if (!wrong)
		return path;
	free(path);
	return NULL;
}
