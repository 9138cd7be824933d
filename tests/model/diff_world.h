/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two worlds that must not differ: the engine over a kernel with holes, and a kernel without. */
#ifndef IOVASHIM_DIFF_WORLD_H
#define IOVASHIM_DIFF_WORLD_H

#include "engine.h"
#include "model.h"

#include <stdio.h>

enum { PAGES = 160, MAX_HOLES = 6, WORDS = 8, ARGUMENT = 64 };
#define PAGE 4096ULL
#define BASE 0x100000000ULL /* IOVA of page 0 */

enum op_kind {
	OP_MAP,
	OP_REMAP, /* MAP with FLAG_VADDR */
	OP_UNMAP,
	OP_DIRTY,
	OP_WRITE, /* by a device */
	OP_JOIN,  /* a second group, with holes of its own */
	OP_LEAVE,
	OP_KINDS,
};

/* One step; everything that it does follows from it, so that a sequence can be cut and replayed. */
struct op {
	enum op_kind kind;
	uint32_t argsz, flags;
	uint64_t first, pages; /* of the universe; pages is UINT64_MAX for odd sizes */
	uint64_t skew;	       /* bytes added to the address, to misalign it */
	uint64_t vaddr;
	uint64_t bitmap_page;
	unsigned int fill;     /* what the bitmap's memory holds before */
	enum model_call fault; /* MODEL_CALLS: none */
	unsigned int fault_nth;
	int fault_errno;
	unsigned int guard_nth; /* the guard that fails, 0: none */
	int guard_errno;
};

struct plan {
	unsigned long type; /* VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU */
	bool old;	    /* Linux 5.10: without FLAG_ALL and FLAG_VADDR */
	bool precise;	    /* the first group tells dirty pages apart */
	/* Mappings and bitmaps begin with a word, so that bitmaps may hold rubbish before: inside
	 * a word, update_user_bitmap() takes it over into what it keeps of the mapping. */
	bool aligned;
	bool skip;	   /* policy: inside skip, else refuse */
	bool own;	   /* the first holes are the policy's alone, with inside observe */
	uint64_t aperture; /* pages, PAGES or more: no limit */
	size_t n_holes, n_joined;
	struct range holes[MAX_HOLES];	/* in pages, of the first group */
	struct range joined[MAX_HOLES]; /* of the second */
};

struct side {
	struct model_host host;
	struct model *model;
	int container, group, second;
};

struct world {
	struct plan plan;
	struct side holey, plain;
	struct engine engine;
	struct container shim;
	struct range holes[2 * MAX_HOLES + 1]; /* in pages, those in force */
	size_t n_holes;
	/* A failed remap leaves a piece with the new address and the mark that it is not valid,
	 * which nobody can tell from the old one. */
	bool moved;
	bool joined_once;	/* mappings made then keep the second group's gaps when it leaves */
	int guarded[PAGES * 4]; /* by page of vaddr: how many guards are up */
	unsigned int guards;	/* that are still to be set before one fails; 0: none fails */
	int guard_errno;
	bool guard_failed;
	struct hole own[MAX_HOLES];
	char why[256]; /* the first difference */
};

void world_open(struct world *world, const struct plan *plan);
void world_close(struct world *world);

/* Takes one step in both worlds. False with world->why at a difference. */
bool world_step(struct world *world, const struct op *op);

/* Every page of both worlds. */
bool world_agrees(struct world *world);

/* Unmaps all, and sees that nothing is left: mapping, record or guard. */
bool world_empties(struct world *world);

void diff_print_plan(FILE *out, const struct plan *plan);
void diff_print_op(FILE *out, const struct op *op);

#endif
