/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be told from a program's code and data: system calls of its own, the Go tool chain. */
#include "elf_code.h"
#include "elf_facts.h"

#include <string.h>

enum { REACH = 32 }; /* bytes between instructions that belong to one call */

static const unsigned char mov_ioctl_eax[] = {0xb8, 16, 0, 0, 0};
static const unsigned char mov_ioctl_edi[] = {0xbf, 16, 0, 0, 0};
static const unsigned char mov_map_dma_edx[] = {0xba, 0x71, 0x3b, 0, 0};
static const unsigned char syscall_insn[] = {0x0f, 0x05};

/* True if @near is within REACH bytes of a place where @first is: behind it, or before it too. */
static bool close_by(const unsigned char *code, size_t length, const unsigned char first[5],
	const unsigned char *near, size_t near_length, bool before)
{
	const unsigned char *end = code + length, *found = code;

	while ((found = memmem(found, (size_t)(end - found), first, 5))) {
		const unsigned char *from = found + 5, *to = end;

		if (before)
			from = found - code > REACH ? found - REACH : code;
		if (end - found > REACH + 5)
			to = found + 5 + REACH;
		if (memmem(from, (size_t)(to - from), near, near_length))
			return true;
		found++;
	}
	return false;
}

unsigned int elf_code_x86_64(const unsigned char *code, size_t length, bool imports_syscall)
{
	if (close_by(code, length, mov_ioctl_eax, syscall_insn, sizeof(syscall_insn), false))
		return ELF_OWN_IOCTL;
	if (imports_syscall &&
		close_by(code, length, mov_map_dma_edx, mov_ioctl_edi, sizeof(mov_ioctl_edi), true))
		return ELF_OWN_IOCTL;
	return 0;
}

/* As Go's own debug/buildinfo looks for it. */
unsigned int elf_data_go(const unsigned char *data, size_t length)
{
	static const char magic[] = "\xff Go buildinf:";

	return memmem(data, length, magic, sizeof(magic) - 1) ? ELF_GO : 0;
}
