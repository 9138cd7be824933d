/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of advice: which remedies of the tables can be offered, and their numbers. Pure.
 */
#ifndef IOVASHIM_ADVICE_CASE_H
#define IOVASHIM_ADVICE_CASE_H

#include "advice.h"

/* What templates are filled from. Sizes in bytes; 0 where it does not apply. */
struct advice_case {
	const struct advice *advice;
	const struct vmm_profile *profile;
	uint32_t when;					/* WHEN_… that hold */
	uint64_t fit;					/* of the mapping, below the hole */
	uint64_t fit_memory;				/* for the VMM's memory option */
	uint64_t above;					/* the address that follows the hole */
	uint64_t most;					/* maxmem, with the rest as a DIMM above */
	unsigned int above_bits, moved_bits, dimm_bits; /* physical address bits */
	struct vmm_word cpu, machine, dimm;
};

struct advice_case advice_case_of(const struct advice *advice);

bool advice_is_arm(const struct advice *advice);

/* QEMU on a PC: what begins where this does can be a DIMM, or boot RAM of another NUMA node. */
bool advice_may_be_dimm(const struct advice *advice);

/* A CPU model of AMD's, as QEMU's -cpu names it. */
bool advice_is_amd_model(struct vmm_word cpu);

/* Appends @template with what stands in braces filled in. */
void advice_expand(struct text *text, const char *template, const struct advice_case *c);

/* "512M": Linux and QEMU take K, M and G. */
void advice_add_length(struct text *text, uint64_t bytes);

#endif
