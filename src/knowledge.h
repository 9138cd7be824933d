/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of VMMs, as tables: what each does when a mapping fails, and what to change, in its
 * own syntax. To add a VMM is to add a table (knowledge_vmms.c). Pure. */
#ifndef IOVASHIM_KNOWLEDGE_H
#define IOVASHIM_KNOWLEDGE_H

#include "diagnosis.h"

/* What a mapping that failed means to the VMM. */
enum effect {
	EFFECT_NONE, /* it did not fail */
	EFFECT_HARMLESS,
	EFFECT_LOST, /* the VMM goes on, and what devices do there fails */
	EFFECT_FATAL,
	EFFECT_UNKNOWN,
};

struct outcome {
	enum effect effect;
	const char *words; /* a clause, for people */
};

/* What a change does to the guest's view of its hardware and to migration. */
enum cost {
	COST_NONE, /* nothing: it is the host's or the VMM's alone */
	COST_LESS_MEMORY,
	COST_LAYOUT,
	COST_MACHINE,
	COST_BITS,
	COST_PEER_TO_PEER,
	COST_UNREACHABLE,
	COST_HOLE,
	COSTS,
};

/* When a remedy can be offered: all of them have to hold. */
enum {
	WHEN_RAM = 1 << 0,
	WHEN_BAR = 1 << 1,
	WHEN_X86 = 1 << 2,	       /* the guest */
	WHEN_HYPER_TRANSPORT = 1 << 3, /* the hole is AMD's, below 1 TiB */
	WHEN_BOOT = 1 << 4,	       /* RAM that the VMM's memory option gives, which was read */
	WHEN_DIMM = 1 << 5,	       /* QEMU: the -device of this RAM was found */
	WHEN_FITS = 1 << 6,	       /* some of it fits below the hole */
	WHEN_ABOVE = 1 << 7,	       /* there is room for it above the hole */
	WHEN_MOVES = 1 << 8,	 /* QEMU: a newer machine type, or an AMD CPU, would move it */
	WHEN_OLD = 1 << 9,	 /* QEMU: and its version is too old for that */
	WHEN_HOST_CPU = 1 << 10, /* QEMU: -cpu host or max */
	WHEN_OTHER_CPU = 1 << 11,
	WHEN_WIDTH = 1 << 12,	/* the IOMMU's width is known, and it is 32 bits at least */
	WHEN_CROSSES = 1 << 13, /* some of it lies outside of holes */
	WHEN_INSIDE = 1 << 14,	/* none does */
	WHEN_ASKED = 1 << 15,	/* it is the policy or IOVASHIM_MODE that keeps it whole */
	WHEN_MEMLOCK = 1 << 16, /* the limit is known */
	WHEN_LAYOUT = 1 << 17,	/* nothing better than the bare layout can be told */
};

/* @change and @why are templates: {words} in braces are filled in by advice.c. */
struct remedy {
	uint32_t causes; /* a bit for each, 1 << CAUSE_… */
	uint32_t when;	 /* WHEN_… */
	const char *to;	 /* whose change it is: "qemu", "libvirt", "host", … */
	const char *change;
	const char *why; /* a clause; "" */
	enum cost cost;
};

struct vmm_profile {
	const char *title;	      /* for people */
	const char *const *programs;  /* beginnings of the executable's name; NULL at the end */
	struct outcome ram, ram_late; /* before a guest ran, and after */
	struct outcome viommu, bar;
	struct outcome overlap;	       /* effect EFFECT_NONE: as for any other cause */
	const struct remedy *remedies; /* up to one whose causes are 0 */
};

/* The profile of the program @path; that of any program if it is not known. */
const struct vmm_profile *knowledge_find(const char *path);

/* The remedies that hold for every VMM, likewise ended. */
extern const struct remedy knowledge_common[];

/* In a clause; "" for COST_NONE. */
const char *knowledge_cost(enum cost cost);

/* What it means that a mapping of @memory failed for @cause. */
struct outcome knowledge_outcome(const struct vmm_profile *profile, enum cause cause,
	enum memory_kind memory, bool guest_ran);

/* Its word in the log. */
const char *knowledge_effect(enum effect effect);

/* The tables themselves, up to one without programs, which is any program's. */
extern const struct vmm_profile knowledge_vmms[];

#endif
