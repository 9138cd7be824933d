/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a mapping could not be had as it was asked for: the kernel's answer, read in the order in
 * which vfio_dma_do_map() checks, against what is known. Pure. */
#ifndef IOVASHIM_DIAGNOSIS_H
#define IOVASHIM_DIAGNOSIS_H

#include "container.h"

enum cause {
	CAUSE_NONE,	   /* nothing stands against it */
	CAUSE_RESERVED,	   /* a reserved region of a group, or what the kernel leaves out */
	CAUSE_WIDTH,	   /* beyond the IOMMU's address bits */
	CAUSE_POLICY,	   /* a `hole` line */
	CAUSE_NO_IOMMU,	   /* VFIO_SET_IOMMU was not called */
	CAUSE_ARGSZ,	   /* argsz is too small */
	CAUSE_FLAGS,	   /* unknown ones, none, or FLAG_VADDR with others */
	CAUSE_SIZE,	   /* 0 */
	CAUSE_WRAP,	   /* IOVA or address goes past 2^64 */
	CAUSE_MISALIGNED,  /* to the IOMMU's smallest page */
	CAUSE_LIVE_UPDATE, /* FLAG_VADDR: no such mapping, or its address is valid */
	CAUSE_OVERLAP,	   /* another mapping is there */
	CAUSE_ENTRIES,	   /* dma_entry_limit */
	CAUSE_MEMLOCK,	   /* RLIMIT_MEMLOCK */
	CAUSE_MEMORY,	   /* the kernel, or iovashim, has no memory */
	CAUSE_UNMAPPED,	   /* the process has no memory there */
	CAUSE_ACCESS,	   /* or may not write (read) it */
	CAUSE_GUARDED,	   /* or it is guarded by iovashim, behind another mapping's hole */
	CAUSE_BAR,	   /* memory of a device that cannot be pinned */
	CAUSE_UNPINNABLE,  /* memory that cannot be pinned: a file's, another driver's */
	CAUSE_NO_TYPE1,	   /* no IOMMU behind the container (noiommu), or not a type1 one */
	CAUSE_UNKNOWN,
	CAUSES,
};

/* What whoever stands at the process could find out; all zero: nothing. */
struct circumstances {
	bool looked;	/* false: a sandbox forbids it, or it was done too often */
	bool guest_ran; /* a guest has run already */
	enum memory_kind memory;
	bool torn, barred, guarded; /* some of the memory: absent, not accessible, guarded */
	struct range where;	    /* the first such part, in the VMM's addresses */
	bool file;		    /* some of it belongs to a file on a disk */
	char device[20];	    /* BAR: PCI address of the device; "" if it cannot be told */
	int region;		    /* its region (BAR number); -1 if it cannot be told */
	bool memlock_known;
	bool may_lock;	  /* CAP_IPC_LOCK */
	uint64_t memlock; /* RLIMIT_MEMLOCK, bytes; UINT64_MAX: none */
	uint64_t locked;  /* bytes already */
	uint64_t entries; /* dma_entry_limit; 0: not known */
};

enum { MISALIGNED_IOVA = 1, MISALIGNED_VADDR = 2, MISALIGNED_SIZE = 4 };

/* A mapping as it was asked for, and what became of it. */
struct attempt {
	const struct container *container;
	const struct hole_set *holes;
	struct range iova; /* of what failed: the request, or a piece of it */
	uint64_t vaddr, size;
	uint64_t asked; /* size of the whole request */
	uint32_t argsz, flags;
	bool by_kernel;		   /* else it is iovashim that decided */
	const struct range *other; /* a split mapping that it overlaps, or NULL */
	int result;		   /* 0 or -errno */
};

struct diagnosis {
	enum cause cause;
	const struct hole *hole; /* RESERVED, WIDTH, POLICY */
	unsigned int bits;	 /* WIDTH: the IOMMU's */
	unsigned int needed;	 /* address bits of the mapping */
	unsigned int misaligned; /* MISALIGNED: a sum */
	uint64_t page;		 /* bytes, that it would have to be aligned to */
	bool split_known;	 /* OVERLAP: with a mapping that was split, ... */
	struct range other;	 /* ... which is this; else it is the kernel's alone to know */
	struct range iova;	 /* as in the attempt */
	uint64_t size;		 /* likewise */
	uint64_t asked;		 /* size of the whole request */
	struct circumstances facts;
};

/* Fills @diagnosis but for ->facts, which are read. */
void diagnose(struct diagnosis *diagnosis, const struct attempt *attempt);

/* The hole to name for a mapping at @iova, or NULL: one with an owner rather than the kernel's
 * bare word. Without @rules, those of the policy do not count: the kernel does not know them. */
const struct hole *diagnosis_hole(const struct hole_set *holes, struct range iova, bool rules);

/* Bits of @address: 40 for 0xfd00000000, 0 for 0. */
unsigned int diagnosis_bits(uint64_t address);

/* The one word that stands for it in the log. */
const char *diagnosis_word(enum cause cause);

#endif
