/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random sequences through the engine over holes, and past it over none: no difference.
 *
 * usage: differential [--ops N] [--seed S]; prints the seed, and the shortest failing sequence. */
#include "diff_world.h"
#include "draw.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEQUENCE = 120 };

static uint64_t random_state;

static uint64_t below(uint64_t limit)
{
	return draw_below(&random_state, limit);
}

static bool once_in(uint64_t n)
{
	return below(n) == 0;
}

static size_t draw_holes(struct range *holes)
{
	size_t n = 1 + below(MAX_HOLES - 1);

	for (size_t i = 0; i < n; i++) {
		uint64_t first = below(PAGES - 8);

		holes[i] = (struct range){first, first + below(once_in(4) ? 20 : 4)};
		if (holes[i].last >= PAGES)
			holes[i].last = PAGES - 1;
	}
	return n;
}

static void draw_plan(struct plan *plan)
{
	*plan = (struct plan){.type = once_in(5) ? VFIO_TYPE1_IOMMU : VFIO_TYPE1v2_IOMMU,
		.old = once_in(6),
		.precise = !once_in(4),
		.aligned = once_in(3),
		.skip = !once_in(4),
		.own = once_in(5),
		.aperture = once_in(3) ? PAGES / 2 + below(PAGES / 2) : PAGES};
	plan->n_holes = draw_holes(plan->holes);
	plan->n_joined = draw_holes(plan->joined);
}

/* Near the edges of holes, and of what has been mapped. */
static void draw_range(const struct plan *plan, const struct op *earlier, size_t n, struct op *op)
{
	const struct range *hole = &plan->holes[below(plan->n_holes)];

	op->pages = 1 + below(once_in(3) ? 90 : 8);
	op->first = below(PAGES - 8);
	if (n && !once_in(3)) {
		const struct op *old = &earlier[below(n)];

		op->first = old->first;
		op->pages = old->pages;
		if (once_in(3))
			op->first += below(3);
		if (once_in(3))
			op->pages += below(12);
	} else if (once_in(2)) {
		op->first = hole->first > 3 ? hole->first - below(4) : hole->first;
		op->pages = below(2) ? hole->last - op->first + 1 + below(4) : 1 + below(6);
	}
	if (plan->aligned)
		op->first -= op->first % 64;
	if (op->first >= PAGES)
		op->first = PAGES - 1;
	if (!op->pages || op->first + op->pages > PAGES)
		op->pages = PAGES - op->first;
}

static void draw_map(struct op *op)
{
	op->argsz = sizeof(struct vfio_iommu_type1_dma_map) - once_in(60);
	op->flags = once_in(40) ? (uint32_t)below(16) : 1 + (uint32_t)below(3);
	op->vaddr = below(PAGES * 2);
	if (op->kind == OP_REMAP)
		op->flags = VFIO_DMA_MAP_FLAG_VADDR | (once_in(40) ? 1 : 0);
}

static void draw_unmap(const struct plan *plan, struct op *op)
{
	static const uint32_t flags[] = {0, 0, 0, 0, 0, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
		VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, VFIO_DMA_UNMAP_FLAG_ALL,
		VFIO_DMA_UNMAP_FLAG_VADDR, VFIO_DMA_UNMAP_FLAG_VADDR, VFIO_DMA_UNMAP_FLAG_VADDR,
		VFIO_DMA_UNMAP_FLAG_ALL};

	op->flags = flags[below(sizeof(flags) / sizeof(flags[0]))];
	if (op->flags == VFIO_DMA_UNMAP_FLAG_ALL && !once_in(3))
		op->flags = 0; /* or the world is always empty */
	if (once_in(40))
		op->flags = (uint32_t)below(16);
	/* See engine_unmap.c's survey(): the one answer that cannot be given exactly. */
	if (plan->type == VFIO_TYPE1_IOMMU)
		op->flags &= ~VFIO_DMA_UNMAP_FLAG_VADDR;
	op->argsz = sizeof(struct vfio_iommu_type1_dma_unmap) - once_in(60);
	if (op->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)
		op->argsz += once_in(30) ? 8 : sizeof(struct vfio_bitmap);
}

static void draw_dirty(struct op *op)
{
	static const uint32_t flags[] = {VFIO_IOMMU_DIRTY_PAGES_FLAG_START,
		VFIO_IOMMU_DIRTY_PAGES_FLAG_START, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP,
		VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP, VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP};

	op->flags = flags[below(sizeof(flags) / sizeof(flags[0]))];
	op->argsz = 8 + sizeof(struct vfio_iommu_type1_dirty_bitmap_get);
	if (once_in(60))
		op->argsz = 8 + (uint32_t)below(40);
	if (once_in(60))
		op->flags = 1 + (uint32_t)below(15);
}

static void draw_fault(const struct plan *plan, struct op *op)
{
	static const int errors[] = {ENOMEM, ENOSPC, EBUSY, EINTR, EFAULT};

	if (!once_in(12))
		return;
	op->fault = op->kind == OP_DIRTY   ? MODEL_CALL_DIRTY
		    : op->kind == OP_UNMAP ? MODEL_CALL_UNMAP
		    : once_in(3)	   ? MODEL_CALL_UNMAP
					   : MODEL_CALL_MAP;
	op->fault_nth = 1 + (unsigned int)below(3);
	/* EFAULT is what the engine expects of a kernel that it asks what is in the way. */
	op->fault_errno = errors[below(sizeof(errors) / sizeof(errors[0]) - plan->own)];
}

static void draw_guard(struct op *op)
{
	static const int errors[] = {EBUSY, EFAULT, EACCES};

	if (!once_in(12) || op->fault != MODEL_CALLS)
		return;
	op->guard_nth = 1 + (unsigned int)below(2);
	op->guard_errno = errors[below(sizeof(errors) / sizeof(errors[0]))];
}

static void draw_op(const struct plan *plan, struct op *ops, size_t n)
{
	static const enum op_kind kinds[] = {OP_MAP, OP_MAP, OP_MAP, OP_MAP, OP_MAP, OP_UNMAP,
		OP_UNMAP, OP_UNMAP, OP_UNMAP, OP_REMAP, OP_REMAP, OP_DIRTY, OP_DIRTY, OP_DIRTY,
		OP_WRITE, OP_WRITE, OP_WRITE};
	struct op *op = &ops[n];

	*op = (struct op){.kind = kinds[below(sizeof(kinds) / sizeof(kinds[0]))],
		.fault = MODEL_CALLS,
		.bitmap_page = once_in(60) ? 1ULL << (11 + below(4)) : PAGE,
		.fill = !plan->aligned ? 0
			: once_in(2)   ? 0xff
				       : 0xa5};
	if (once_in(50))
		op->kind = once_in(2) ? OP_JOIN : OP_LEAVE;
	draw_range(plan, ops, n, op);
	if (op->kind == OP_MAP || op->kind == OP_REMAP)
		draw_map(op);
	else if (op->kind == OP_UNMAP)
		draw_unmap(plan, op);
	else if (op->kind == OP_DIRTY)
		draw_dirty(op);
	if (op->kind <= OP_DIRTY)
		draw_fault(plan, op);
	if (op->kind <= OP_REMAP)
		draw_guard(op);
	if (once_in(80))
		op->skew = once_in(2) ? PAGE / 2 : 1;
	if (once_in(100))
		op->pages = 0;
}

/* Runs a sequence. True if there was no difference; *failed is the step that showed one. */
static bool play(const struct plan *plan, const struct op *ops, size_t n, size_t *failed, char *why)
{
	static struct world world;
	bool good = true;

	world_open(&world, plan);
	for (*failed = 0; good && *failed < n; ++*failed)
		good = world_step(&world, &ops[*failed]);
	good = good && world_agrees(&world) && world_empties(&world);
	strcpy(why, world.why);
	world_close(&world);
	return good;
}

/* Leaves out one step after the other, as long as it still fails. */
static size_t shrink(const struct plan *plan, struct op *ops, size_t n)
{
	struct op fewer[SEQUENCE];
	char why[256];
	size_t failed;

	for (size_t i = n; i > 0; i--) {
		memcpy(fewer, ops, (i - 1) * sizeof(*ops));
		memcpy(fewer + i - 1, ops + i, (n - i) * sizeof(*ops));
		if (play(plan, fewer, n - 1, &failed, why))
			continue;
		memcpy(ops, fewer, --n * sizeof(*ops));
	}
	return n;
}

static void report(const struct plan *plan, struct op *ops, size_t n, uint64_t seed)
{
	char why[256];
	size_t failed;

	n = shrink(plan, ops, n);
	play(plan, ops, n, &failed, why);
	printf("not ok: seed %" PRIu64 ": %s, after\n", seed, why);
	diff_print_plan(stdout, plan);
	for (size_t i = 0; i < n; i++)
		diff_print_op(stdout, &ops[i]);
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 0);
}

int main(int argc, char **argv)
{
	uint64_t ops = 1000000, seed = 1;
	struct op sequence[SEQUENCE];
	struct plan plan;
	char why[256];
	size_t failed;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--ops"))
			ops = number(argv[i + 1]);
		else if (!strcmp(argv[i], "--seed"))
			seed = number(argv[i + 1]);
	}
	printf("differential: %" PRIu64 " operations from seed %" PRIu64 "\n", ops, seed);
	for (uint64_t done = 0; done < ops; done += SEQUENCE, seed++) {
		random_state = seed * 0x9e3779b97f4a7c15 + 1;
		draw_plan(&plan);
		for (size_t i = 0; i < SEQUENCE; i++)
			draw_op(&plan, sequence, i);
		if (play(&plan, sequence, SEQUENCE, &failed, why))
			continue;
		report(&plan, sequence, failed < SEQUENCE ? failed : SEQUENCE, seed);
		return 1;
	}
	printf("ok: no difference\n");
	return 0;
}
