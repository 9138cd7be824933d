/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random requests over holes by way of the shim, and over none around it: no difference.
 *
 * usage: differential [--ops N] [--seed S] HOLEY-GROUP PLAIN-GROUP
 *
 * The groups' files in /dev/vfio. Run with the shim preloaded and a policy of "inside skip". Prints
 * the seed, and at a difference the shortest sequence that shows it. */
#include "../model/draw.h"
#include "differential.h"

#include <inttypes.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t random_state;
static bool can_update_vaddr;

static uint64_t below(uint64_t limit)
{
	return draw_below(&random_state, limit);
}

static bool once_in(uint64_t n)
{
	return below(n) == 0;
}

/* An edge of a hole is at a page of the universe that need not begin a unit. */
static void draw_plan(struct plan *plan)
{
	uint64_t edge = once_in(2) ? UNIT * (8 + below(32)) : 100 + below(PAGES - 200);

	plan->type = once_in(6) ? VFIO_TYPE1_IOMMU : VFIO_TYPE1v2_IOMMU;
	switch (below(4)) {
	case 0:
		plan->base = 0xfd00000000 - edge * PAGE;
		plan->hole = (struct span){edge, PAGES - 1};
		break;
	case 1:
		plan->base = 0x10000000000 - edge * PAGE;
		plan->hole = (struct span){0, edge - 1};
		break;
	default:
		edge = once_in(2) ? UNIT * (8 + below(16)) : 100 + below(300);
		plan->base = 0xfee00000 - edge * PAGE;
		plan->hole = (struct span){edge, edge + 16 * UNIT - 1};
		break;
	}
}

/* One of the latest mappings, if there is one; it may be gone, or never have come to be. */
static const struct op *draw_old(const struct op *earlier, size_t n)
{
	const struct op *old = &earlier[below(n)];

	for (int tries = 0; tries < 6 && old->kind != OP_MAP; tries++)
		old = &earlier[n - 1 - below(n < 20 ? n : 20)];
	return old;
}

/* Like an earlier one, or a little more or less of it. */
static void draw_old_range(const struct op *old, struct op *op)
{
	uint64_t by = once_in(2) ? UNIT : 1;

	op->first = old->first;
	op->pages = old->pages;
	if (once_in(2))
		return;
	if (once_in(3))
		op->first += (int64_t)(by * below(3));
	if (once_in(3))
		op->first -= (int64_t)(by * below(3));
	if (once_in(2))
		op->pages += by * below(12);
	if (once_in(4) && op->pages > by)
		op->pages -= by;
}

/* From somewhere before an edge of the hole, or at it, to somewhere behind. */
static void draw_edge_range(const struct plan *plan, struct op *op)
{
	uint64_t by = once_in(3) ? 1 : UNIT, before = by * below(5);
	uint64_t edge = once_in(2) ? plan->hole.first : plan->hole.last + 1;

	op->first = (int64_t)edge - (int64_t)before;
	op->pages = once_in(3) ? plan->hole.last + 1 - plan->hole.first : 0;
	op->pages += once_in(4) ? before : before + by * below(5);
}

static void draw_range(const struct plan *plan, const struct op *earlier, size_t n, struct op *op)
{
	bool maps = op->kind == OP_MAP;
	int64_t lowest = maps || op->kind == OP_REMAP ? 0 : -UNIT;

	op->first = (int64_t)(UNIT * below(PAGES / UNIT));
	op->pages = UNIT * (1 + below(once_in(12) ? 40 : 4));
	if (n && !once_in(maps ? 2 : 8))
		draw_old_range(draw_old(earlier, n), op);
	else if (!once_in(3))
		draw_edge_range(plan, op);
	if (op->first < lowest)
		op->first = lowest;
	if (op->first >= PAGES)
		op->first = PAGES - 1;
	if (!op->pages || op->pages > (uint64_t)(PAGES - op->first))
		op->pages = (uint64_t)(PAGES - op->first);
}

static void draw_map(struct op *op)
{
	op->argsz = sizeof(struct vfio_iommu_type1_dma_map) - once_in(60);
	op->flags = 1 + (uint32_t)below(3);
	if (op->kind == OP_REMAP)
		op->flags = VFIO_DMA_MAP_FLAG_VADDR | once_in(40);
	if (once_in(40))
		op->flags = (uint32_t)below(16);
	op->buffer = once_in(8) ? below(BUFFERS) : below(2);
	/* The kernel takes a new address unseen; the shim has to guard what is there. */
	if (op->flags & VFIO_DMA_MAP_FLAG_VADDR)
		op->buffer = below(2);
	if (once_in(60))
		op->vaddr_skew = once_in(2) ? PAGE / 2 : 1;
}

static void draw_unmap(const struct plan *plan, struct op *op)
{
	static const uint32_t flags[] = {0, 0, 0, 0, 0, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
		VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, VFIO_DMA_UNMAP_FLAG_VADDR,
		VFIO_DMA_UNMAP_FLAG_VADDR, VFIO_DMA_UNMAP_FLAG_VADDR};

	op->flags = flags[below(sizeof(flags) / sizeof(flags[0]))];
	if (once_in(30))
		op->flags = VFIO_DMA_UNMAP_FLAG_ALL;
	if (once_in(30))
		op->flags = (uint32_t)below(16);
	/* engine_unmap.c's survey() has the one answer that cannot be given exactly. */
	if (!can_update_vaddr || plan->type == VFIO_TYPE1_IOMMU)
		op->flags &= ~VFIO_DMA_UNMAP_FLAG_VADDR;
	op->argsz = sizeof(struct vfio_iommu_type1_dma_unmap) - once_in(60);
	if (op->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)
		op->argsz += once_in(30) ? 8 : sizeof(struct vfio_bitmap);
}

static void draw_dirty(struct op *op)
{
	static const uint32_t flags[] = {VFIO_IOMMU_DIRTY_PAGES_FLAG_START,
		VFIO_IOMMU_DIRTY_PAGES_FLAG_START, VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP, VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP};

	op->flags = flags[below(sizeof(flags) / sizeof(flags[0]))];
	if (once_in(12))
		op->flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP;
	op->argsz = 8 + sizeof(struct vfio_iommu_type1_dirty_bitmap_get);
	if (once_in(60))
		op->argsz = 8 + (uint32_t)below(40);
	if (once_in(60))
		op->flags = (uint32_t)below(16);
}

/* Of the size that covers the range; sometimes of more, or of less. */
static void draw_bitmap(struct op *op)
{
	static const unsigned int fills[] = {0, 0, 0xff, 0xa5};

	op->bitmap_page = once_in(60) ? 1ULL << (11 + below(4)) : PAGE;
	op->bitmap_bytes = (op->pages + 63) / 64 * 8;
	if (once_in(4))
		op->bitmap_bytes = WORDS * 8;
	else if (once_in(30))
		op->bitmap_bytes -= 8;
	op->fill = fills[below(sizeof(fills) / sizeof(fills[0]))];
}

static void draw_op(const struct plan *plan, struct op *ops, size_t n)
{
	static const enum op_kind kinds[] = {OP_MAP, OP_MAP, OP_MAP, OP_MAP, OP_MAP, OP_UNMAP,
		OP_UNMAP, OP_UNMAP, OP_UNMAP, OP_DIRTY, OP_DIRTY, OP_REMAP, OP_REMAP};
	struct op *op = &ops[n];

	*op = (struct op){.kind = kinds[below(sizeof(kinds) / sizeof(kinds[0]))]};
	if (op->kind == OP_REMAP && !can_update_vaddr)
		op->kind = OP_MAP;
	draw_range(plan, ops, n, op);
	if (op->kind == OP_UNMAP)
		draw_unmap(plan, op);
	else if (op->kind == OP_DIRTY)
		draw_dirty(op);
	else
		draw_map(op);
	draw_bitmap(op);
	if (once_in(80))
		op->skew = once_in(2) ? PAGE / 2 : 1;
	if (once_in(80))
		op->size_skew = once_in(2) ? PAGE / 2 : -op->pages * PAGE; /* size 0 */
	if (once_in(160))
		op->size_skew = -(op->pages + 1) * PAGE; /* over the end of the address space */
}

static void print_plan(const struct plan *plan)
{
	printf("  type %lu base %#" PRIx64 " hole %" PRIu64 "-%" PRIu64 "\n", plan->type,
		plan->base, plan->hole.first, plan->hole.last);
}

static void print_op(const struct op *op)
{
	static const char *const names[] = {"map", "remap", "unmap", "dirty"};

	printf("  %-6s pages %" PRId64 "+%" PRIu64 " flags %" PRIu32 " argsz %" PRIu32 " buffer %d",
		names[op->kind], op->first, op->pages, op->flags, op->argsz, op->buffer);
	printf(" skew %" PRIu64 " %" PRIu64 " %" PRId64 " bitmap %" PRIu64 "+%" PRIu64 " %#x\n",
		op->skew, op->vaddr_skew, (int64_t)op->size_skew, op->bitmap_page, op->bitmap_bytes,
		op->fill);
}

/* Leaves out one step after the other, as long as it still fails. */
static size_t leave_out(const struct plan *plan, struct op *ops, size_t n)
{
	struct op fewer[SEQUENCE];
	size_t failed;

	for (size_t i = n; i > 0; i--) {
		memcpy(fewer, ops, (i - 1) * sizeof(*ops));
		memcpy(fewer + i - 1, ops + i, (n - i) * sizeof(*ops));
		if (world_play(plan, fewer, n - 1, &failed, NULL))
			memcpy(ops, fewer, --n * sizeof(*ops));
	}
	return n;
}

/* What was needed only for a later step that is gone can go too. */
static size_t shrink(const struct plan *plan, struct op *ops, size_t n)
{
	size_t before;

	do {
		before = n;
		n = leave_out(plan, ops, n);
	} while (n < before);
	return n;
}

static void report(const struct plan *plan, struct op *ops, size_t n, uint64_t seed)
{
	const char *why;
	size_t failed;

	n = shrink(plan, ops, n);
	why = world_play(plan, ops, n, &failed, NULL);
	printf("not ok: seed %" PRIu64 ": %s, after\n", seed, why ? why : "not seen again");
	print_plan(plan);
	for (size_t i = 0; i < n; i++)
		print_op(&ops[i]);
}

static bool play_all(uint64_t ops, uint64_t seed, struct counts *counts)
{
	struct op sequence[SEQUENCE];
	struct plan plan;
	size_t failed;

	for (; counts->ops < ops; seed++) {
		random_state = seed * 0x9e3779b97f4a7c15 + 1;
		draw_plan(&plan);
		for (size_t i = 0; i < SEQUENCE; i++)
			draw_op(&plan, sequence, i);
		if (!world_play(&plan, sequence, SEQUENCE, &failed, counts))
			continue;
		report(&plan, sequence, failed, seed);
		return false;
	}
	return true;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	uint64_t ops = 20000, seed = 1;
	struct counts counts = {0};
	double began = now(), took;
	int i = 1;

	for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
		if (!strcmp(argv[i], "--ops"))
			ops = strtoull(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--seed"))
			seed = strtoull(argv[i + 1], NULL, 0);
	}
	if (argc - i != 2) {
		fputs("usage: differential [--ops N] [--seed S] HOLEY-GROUP PLAIN-GROUP\n", stderr);
		return 2;
	}
	world_init(argv[i], argv[i + 1]);
	can_update_vaddr = world_can_update_vaddr();
	printf("# from seed %" PRIu64 ", addresses %s be updated\n", seed,
		can_update_vaddr ? "can" : "cannot");
	if (!play_all(ops, seed, &counts))
		return 1;
	took = now() - began;
	printf("ok: %" PRIu64 " operations (%" PRIu64 " succeeded; mapped across a hole: %" PRIu64
	       ", inside: %" PRIu64 "; bitmaps: %" PRIu64 ") in %.1f s, %.0f/s\n",
		counts.ops, counts.succeeded, counts.crossed, counts.inside, counts.dirty, took,
		(double)counts.ops / took);
	return 0;
}
