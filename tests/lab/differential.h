/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two containers of the real kernel that must not differ: one with holes, by way of the shim, and
 * one without, around it. */
#ifndef IOVASHIM_LAB_DIFFERENTIAL_H
#define IOVASHIM_LAB_DIFFERENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A universe has 48 units of 64 KiB; the MSI window is 16 of them. */
enum { UNIT = 16, PAGES = 48 * UNIT, SEQUENCE = 100, WORDS = 16 };
#define PAGE 4096ULL

/* What is mapped. Page n of the universe is always backed by page n of one of these, so that a
 * guard, on the memory of a hole's page, never meets memory that another mapping uses. */
enum buffer {
	BUFFER_FIRST,
	BUFFER_SECOND,
	BUFFER_PATCHY,	 /* some units are not there, or inaccessible */
	BUFFER_READONLY, /* to the process */
	BUFFERS,
};

enum op_kind { OP_MAP, OP_REMAP, OP_UNMAP, OP_DIRTY };

/* One request. All of it follows from this, so that a sequence can be cut and played again. */
struct op {
	enum op_kind kind;
	uint32_t argsz, flags;
	int64_t first; /* page of the universe; requests that map nothing may begin below it */
	uint64_t pages;
	uint64_t skew, vaddr_skew, size_skew; /* bytes added */
	enum buffer buffer;
	uint64_t bitmap_page, bitmap_bytes;
	unsigned int fill; /* what the bitmap's memory holds before */
};

struct span {
	uint64_t first, last; /* pages, inclusive */
};

struct plan {
	unsigned long type; /* VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU */
	uint64_t base;	    /* IOVA of page 0 of the container with holes */
	struct span hole;
};

struct counts {
	uint64_t ops, succeeded, crossed, inside, dirty;
};

/* What the two are made of: the groups' files, and the memory. Ends the program where that cannot
 * be had. */
void world_init(const char *holey_group, const char *plain_group);

/* VFIO_UPDATE_VADDR, by the kernel that runs. */
bool world_can_update_vaddr(void);

/* Plays a sequence in fresh containers. NULL if there was no difference; else what it was, *failed
 * being the number of steps that were taken. @counts may be NULL. */
const char *world_play(
	const struct plan *plan, const struct op *ops, size_t n, size_t *failed, struct counts *c);

#endif
