/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BIOS half's start: once, at power-on, while the ROM's memory is still writable. */
#include "bios.h"

#include "reserve.h"

/* Below 1 MiB are the interrupt vectors, the boot sector and the ROMs, whatever E820 says. */
enum { ONE_MIB = 0x100000 };
enum { MOST_ENTRIES = 2 * ROM_MOST_HOLES + 64 }; /* a hole makes two more */

struct resident resident __attribute__((section(".resident.data")));

/* gcc may ask for it. */
void *memset(void *to, int value, size_t length);
void *memset(void *to, int value, size_t length)
{
	for (uint8_t *p = to; length; length--)
		*p++ = (uint8_t)value;
	return to;
}

static void screen(const char *line)
{
	for (; *line; line++) {
		if (*line == '\n')
			print_char('\r');
		print_char(*line);
	}
}

static const struct memory *read_map(unsigned int *count)
{
	static struct memory map[MOST_ENTRIES];
	static struct e820_entry entry;
	uint32_t next = 0;

	*count = 0;
	do {
		if (!int15_e820(&next, &entry))
			break;
		if (*count == MOST_ENTRIES)
			return NULL;
		if (!entry.length)
			continue;
		map[*count].range.first = entry.start;
		map[*count].range.last = entry.start + entry.length - 1;
		map[*count].kind = entry.type == E820_RAM	 ? MEMORY_FREE
				   : entry.type == E820_RESERVED ? MEMORY_RESERVED
								 : MEMORY_OTHER;
		++*count;
	} while (next);
	return *count ? map : NULL;
}

static void reserve(const struct holes *holes, const struct memory *map, unsigned int count)
{
	(void)map;
	(void)count;
	for (unsigned int i = 0; i < holes->count; i++) {
		resident.holes[i] = holes->range[i];
		if (!(holes->range[i].first >> 32))
			resident.low = 1;
	}
	resident.count = (uint16_t)holes->count;
	resident.old_vector = read_vector();
	write_vector((uint32_t)code_segment() << 16 | (uint16_t)(uint32_t)&hook);
}

static bool active(void)
{
	static const char name[] = "iovashim";
	uint32_t vector = read_vector();
	char before[16];

	if ((uint16_t)vector < 8)
		return false;
	read_far(vector - 8, before);
	for (unsigned int i = 0; i < 8; i++)
		if (before[i] != name[i])
			return false;
	return true;
}

/* The part that starts is given back, and the image's sum is made zero again. */
static void shrink(void)
{
	uint32_t size = (uint32_t)rom_resident_sectors * 512;
	uint8_t sum = 0;

	rom_start[2] = (uint8_t)(uint32_t)rom_resident_sectors;
	rom_start[size - 1] = 0;
	for (uint32_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + rom_start[i]);
	rom_start[size - 1] = (uint8_t)-sum;
}

/* Off by ACPI's port (SeaBIOS puts it at 0x600, S5 is type 0), as one who watches would want. */
static _Noreturn void power_off(void)
{
	wait_microseconds(5000000);
	__asm__ volatile("outw %0, %1" : : "a"((uint16_t)0x2000), "d"((uint16_t)0x604));
	halt();
}

void bios_start(void)
{
	static const struct firmware bios = {
		.name = "bios",
		.screen = screen,
		.own_below = ONE_MIB,
		.read_map = read_map,
		.reserve = reserve,
		.active = active,
	};

	if (reserve_holes(&bios) == RESERVE_STOP)
		power_off();
	shrink();
}
