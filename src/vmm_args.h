/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a VMM's own command line says of the guest that it was started with: read, never guessed, so
 * that advice can be given in its words. Pure. */
#ifndef IOVASHIM_VMM_ARGS_H
#define IOVASHIM_VMM_ARGS_H

#include "range.h"

#include <stddef.h>

/* Parts of the command line, not terminated: valid as long as it is. at NULL: not there. */
struct vmm_word {
	const char *at;
	size_t length;
};

struct vmm_args {
	struct vmm_word machine; /* QEMU: the type alone */
	struct vmm_word cpu;	 /* QEMU: all of -cpu's value */
	struct vmm_word backend; /* QEMU: the -object that is the machine's memory */
	uint64_t memory;	 /* bytes; 0: not said */
	uint64_t most_memory;	 /* QEMU's maxmem, bytes; 0: not said */
	bool kvm;		 /* QEMU */
	bool libvirt;		 /* QEMU: started by it */
	const char *bytes;	 /* the command line: arguments, each with its NUL */
	size_t length;
};

/* @bytes as /proc/PID/cmdline has them; has to outlive @args. */
void vmm_args_read(struct vmm_args *args, const char *bytes, size_t length);

/* QEMU's `-device pc-dimm` whose addr= is @address, or at NULL. */
struct vmm_word vmm_args_dimm(const struct vmm_args *args, uint64_t address);

/* The value of @key in "word,key=value,…", or at NULL. */
struct vmm_word vmm_args_value(struct vmm_word options, const char *key);

/* The first of the words that commas separate. */
struct vmm_word vmm_args_first(struct vmm_word options);

bool vmm_word_is(struct vmm_word word, const char *string);
bool vmm_word_begins(struct vmm_word word, const char *string);

#endif
