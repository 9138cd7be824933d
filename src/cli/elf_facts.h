/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ELF file's bytes in, what matters to interception out. Pure: makes no system call. */
#ifndef IOVASHIM_ELF_FACTS_H
#define IOVASHIM_ELF_FACTS_H

#include <stdbool.h>
#include <stddef.h>

enum elf_flag {
	ELF_IMPORTS_IOCTL = 1 << 0,
	ELF_IMPORTS_SYSCALL = 1 << 1,
	ELF_IMPORTS_DLOPEN = 1 << 2,
	ELF_DEFINES_IOCTL = 1 << 3, /* and exports it: found before that of a preloaded library */
	ELF_OWN_IOCTL = 1 << 4,	    /* has code that makes the system call without libc's ioctl */
	ELF_GO = 1 << 5,	    /* made by the Go tool chain */
	ELF_NO_DEFAULT_LIBRARIES = 1
				   << 6, /* DF_1_NODEFLIB: the loader's own folders are left out */
	ELF_PIE = 1 << 7,
	ELF_IMPORTS_EXEC = 1 << 8,
	ELF_NATIVE = 1 << 9, /* of the machine, word size and byte order that this was built for */
};

/* All strings are owned, NULL if there is none. Free with elf_facts_free(). */
struct elf_facts {
	const char *damage; /* why it cannot run, as "is truncated: ..."; static, NULL if sound */
	unsigned int flags;
	unsigned int type;    /* ET_... */
	unsigned int machine; /* EM_... */
	unsigned int bits;    /* 32 or 64 */
	bool has_entry;
	char *interpreter; /* PT_INTERP: the loader */
	char *soname, *rpath, *runpath;
	size_t n_needed;
	char **needed; /* DT_NEEDED, in its order */
};

/* True if @image begins as an ELF file does. */
bool elf_is(const void *image, size_t size);

/* Reads @image, which elf_is() and which libelf may write to (never beyond @size). Of files that
 * are not ELF_NATIVE only type, machine and bits are read. Returns 0, with ->damage set if the file
 * is not sound, or -ENOMEM with nothing to free. */
int elf_facts_read(struct elf_facts *facts, char *image, size_t size);

void elf_facts_free(struct elf_facts *facts);

/* "x86-64", "AArch64" ...; NULL if it is not one of the common ones. */
const char *elf_machine_name(unsigned int machine);

#endif
