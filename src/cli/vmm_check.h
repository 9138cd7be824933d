/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a VMM can be reached: by preload, by a seccomp supervisor, or not at all; and why. */
#ifndef IOVASHIM_VMM_CHECK_H
#define IOVASHIM_VMM_CHECK_H

#include "elf_facts.h"
#include "libraries.h"

enum reach { REACH_PRELOAD, REACH_SECCOMP, REACH_NEITHER };

enum { SCRIPT_DEPTH = 5 }; /* a script for a script for a ...: the kernel's limit */

struct vmm {
	enum reach reach;
	char reason[512]; /* one line */
	int exec_error; /* the errno with which exec will fail; 0: it will not, or that is not known
			 */
	char *path;	/* as execvp(3) finds it; NULL if nothing was found */
	size_t n_scripts; /* @path is a script for scripts[0], which may be one for scripts[1] ...
			   */
	char *scripts[SCRIPT_DEPTH];
	bool set_user, set_group,
		capabilities; /* the file has them; of a script they do not count */
	bool launcher;	      /* judged by what it hands on to the programs that it executes */
	bool secure;	      /* the loader will drop LD_PRELOAD, for this user */
	const char *damage;   /* of the ELF file; see elf_facts.h */
	bool elf;
	struct libraries libraries; /* list[0] is the ELF program, if it is one of this machine */
	unsigned int type, machine, bits;
};

/* Looks at the program @name, without running anything. Returns 0 or -ENOMEM. To free in both
 * cases. */
int vmm_check(struct vmm *vmm, const char *name);

void vmm_free(struct vmm *vmm);

/* "preload", "seccomp", "neither". */
const char *reach_name(enum reach reach);

/* True if @library is libc itself, or part of it: its own calls are not a VMM's. */
bool library_is_libc(const struct library *library);

#endif
