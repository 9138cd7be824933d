/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BIOS half: what its assembly, its part that stays and its part that only starts it share. */
#ifndef IOVASHIM_ROM_BIOS_H
#define IOVASHIM_ROM_BIOS_H

#include "cut.h"
#include "holes.h"

/* An entry of the map as INT 15h, EAX E820h, gives it (ACPI 6.4, 15.1). */
struct e820_entry {
	uint64_t start, length;
	uint32_t type;
} __attribute__((packed));
enum { E820_RAM = 1, E820_RESERVED = 2 };

/* What stays in the ROM once it is started, and is read-only from then on. */
struct resident {
	uint32_t old_vector; /* INT 15h's before: offset, segment << 16 */
	uint16_t count;
	uint16_t low; /* a hole is below 4 GiB: what cannot tell of it is to fail */
	struct range holes[ROM_MOST_HOLES];
} __attribute__((packed, aligned(4)));
extern struct resident resident;

/* What the hook has on its caller's stack: bios_entry.S pushes it. */
struct frame {
	uint16_t gs, fs, es, ds;
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint16_t ip, cs, flags;
} __attribute__((packed));

/* In bios_entry.S. One entry of the map that INT 15h gave before, into GS:@di; *@next is EBX,
 * before and after. False when there is no more. */
bool old_e820(uint32_t *next, uint32_t di);
/* Likewise from INT 15h as it is now, for the start: into DS:@entry. */
bool int15_e820(uint32_t *next, struct e820_entry *entry);
void hook(void);
uint32_t read_vector(void);
void write_vector(uint32_t offset_and_segment);
uint16_t code_segment(void);
/* 16 bytes at SEGMENT:OFFSET. */
void read_far(uint32_t offset_and_segment, void *to);
void print_char(char c);
void wait_microseconds(uint32_t microseconds);
_Noreturn void halt(void);

/* What they call. */
void hook_e820(struct frame *frame);
void bios_start(void);

/* The image: where it begins, what is to stay of it in units of 512 bytes. */
extern uint8_t rom_start[], rom_resident_sectors[];

#endif
