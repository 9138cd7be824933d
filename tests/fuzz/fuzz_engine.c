/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: any sequence of requests through the engine over holes, and past it over none,
 * ends the same. */
#include "diff_world.h"
#include "fuzz.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>

struct input {
	const uint8_t *at;
	size_t left;
};

static unsigned int take(struct input *input)
{
	if (!input->left)
		return 0;
	input->left--;
	return *input->at++;
}

static size_t take_holes(struct input *input, struct range *holes)
{
	size_t n = 1 + take(input) % MAX_HOLES;

	for (size_t i = 0; i < n; i++) {
		uint64_t first = take(input) % PAGES, last = first + take(input) % 24;

		holes[i] = (struct range){first, last < PAGES ? last : PAGES - 1};
	}
	return n;
}

static void take_plan(struct input *input, struct plan *plan)
{
	unsigned int bits = take(input);

	*plan = (struct plan){.type = bits & 1 ? VFIO_TYPE1_IOMMU : VFIO_TYPE1v2_IOMMU,
		.precise = bits & 2,
		.aligned = bits & 4,
		.skip = bits & 8,
		.own = bits & 32,
		.old = bits & 64,
		.aperture = bits & 16 ? PAGES / 2 + take(input) % (PAGES / 2) : PAGES};
	plan->n_holes = take_holes(input, plan->holes);
	plan->n_joined = take_holes(input, plan->joined);
}

static void take_fault(
	struct input *input, const struct plan *plan, struct op *op, unsigned int bits)
{
	static const enum model_call calls[] = {
		MODEL_CALL_MAP, MODEL_CALL_UNMAP, MODEL_CALL_UNMAP, MODEL_CALL_DIRTY};

	op->fault = calls[op->kind];
	if (op->kind == OP_MAP && bits & 1)
		op->fault = MODEL_CALL_UNMAP;
	op->fault_nth = 1 + take(input) % 4;
	op->fault_errno = 1 + (int)(take(input) % 34);
	/* Of a kernel that is asked what is in the way, these are the good answers. */
	if (plan->own && (op->fault_errno == EFAULT || op->fault_errno == EINVAL))
		op->fault_errno = EBUSY;
}

/* The size that the argument has for these flags, or one that is off. */
static uint32_t argsz_of(const struct op *op, unsigned int off)
{
	uint32_t size = op->kind == OP_UNMAP ? 24 : op->kind == OP_DIRTY ? 48 : 32;

	if (op->kind == OP_UNMAP && op->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)
		size += sizeof(struct vfio_bitmap);
	return size - (off == 7 ? 1 : 0);
}

static void take_op(struct input *input, const struct plan *plan, struct op *op)
{
	unsigned int bits = take(input);

	*op = (struct op){.kind = (enum op_kind)(take(input) % OP_KINDS),
		.flags = take(input) % 16,
		.first = take(input) % PAGES,
		.pages = take(input) % PAGES,
		.vaddr = take(input),
		.bitmap_page = bits & 64 ? 2048 : PAGE,
		.fill = plan->aligned ? 0xa5 : 0,
		.fault = MODEL_CALLS};
	if (plan->aligned)
		op->first -= op->first % 64;
	if (op->first + op->pages > PAGES)
		op->pages = PAGES - op->first;
	op->skew = (bits & 56) == 56 ? 1 : 0;
	op->argsz = argsz_of(op, bits & 7);
	/* The one answer that cannot be given exactly; see engine_unmap.c's survey(). */
	if (op->kind == OP_UNMAP && plan->type == VFIO_TYPE1_IOMMU)
		op->flags &= ~VFIO_DMA_UNMAP_FLAG_VADDR;
	if (op->kind == OP_REMAP)
		op->flags = VFIO_DMA_MAP_FLAG_VADDR | (op->flags & 1);
	if (bits & 128 && op->kind <= OP_DIRTY && op->kind != OP_REMAP)
		take_fault(input, plan, op, bits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	static struct world world;
	struct plan plan;
	struct op op;
	bool good = true, verbose = getenv("VERBOSE") != NULL;

	take_plan(&input, &plan);
	if (verbose)
		diff_print_plan(stderr, &plan);
	world_open(&world, &plan);
	while (good && input.left) {
		take_op(&input, &plan, &op);
		if (verbose)
			diff_print_op(stderr, &op);
		good = world_step(&world, &op);
	}
	good = good && world_agrees(&world) && world_empties(&world);
	if (!good) {
		fprintf(stderr, "difference: %s\n", world.why);
		abort();
	}
	world_close(&world);
	return 0;
}
