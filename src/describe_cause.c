/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a mapping failed and what it means to the VMM, in words for people. */
#include "describe.h"
#include "knowledge.h"

#include <errno.h>
#include <inttypes.h>

/* The narrowest IOMMUs that are about. */
static const unsigned int narrowest = 36;

/* "guest RAM", "BAR 2 of 0000:00:05.0". */
void describe_memory(struct text *text, const struct event *event)
{
	const struct circumstances *facts = event->why ? &event->why->facts : NULL;

	switch (event->memory) {
	case MEMORY_UNKNOWN:
		text_add(text, "memory");
		break;
	case MEMORY_BAR:
		text_add(text, "device BAR");
		if (facts && facts->region >= 0)
			text_add(text, " %d", facts->region);
		if (facts && facts->device[0])
			text_add(text, " of %s", facts->device);
		break;
	default:
		text_add(text, "guest RAM");
		break;
	}
}

void describe_arithmetic(struct text *text, const struct event *event)
{
	const struct diagnosis *why = event->why;
	uint64_t gap = dma_split_gap_bytes(event->holes, why->iova);
	const struct range *hole = hole_set_find(event->holes, why->iova.first);

	text_add(text, "; ");
	if (why->cause == CAUSE_WIDTH)
		text_add(text, "it needs %u address bits, the IOMMU has %u; ", why->needed,
			why->bits);
	text_add_size(text, gap);
	text_add(text, " of it ");
	text_add(text, gap == range_size(why->iova) ? "is in there: all" : "is in there");
	if (!hole || hole->first <= why->iova.first)
		return;
	text_add(text, ", at most ");
	text_add_size(text, hole->first - why->iova.first);
	text_add(text, " fits from 0x%" PRIx64 " on", why->iova.first);
}

static void add_memlock(struct text *text, const struct diagnosis *why)
{
	const struct circumstances *facts = &why->facts;

	text_add(text, "no matter of IOVA: VFIO locks what it maps, and RLIMIT_MEMLOCK ");
	if (!facts->memlock_known) {
		text_add(text, "is probably less than that");
		return;
	}
	text_add(text, "is ");
	text_add_size(text, facts->memlock ? facts->memlock : 1);
	text_add(text, "; locked already: ");
	if (facts->locked)
		text_add_size(text, facts->locked);
	else
		text_add(text, "nothing");
	text_add(text, ", needed: ");
	text_add_size(text, why->size);
	text_add(text, " more; the process has no CAP_IPC_LOCK");
}

static void add_misaligned(struct text *text, const struct diagnosis *why)
{
	const char *comma = "";

	for (unsigned int i = 0; i < 3; i++) {
		static const char *const names[] = {"IOVA", "address", "size"};

		if (!(why->misaligned & 1u << i))
			continue;
		text_add(text, "%s%s", comma, names[i]);
		comma = ", ";
	}
	text_add(text, " not aligned to the IOMMU's smallest page, ");
	text_add_size(text, why->page);
}

static void add_where(struct text *text, const struct diagnosis *why, const char *what)
{
	text_add(text, "no matter of IOVA: ");
	text_add_range(text, why->facts.where);
	text_add(text, " in the VMM %s", what);
}

static void add_overlap(struct text *text, const struct diagnosis *why)
{
	text_add(text, "another mapping is there already: ");
	if (!why->split_known) {
		text_add(text, "one that the kernel was given as it came");
		return;
	}
	text_add(text, "the split one at ");
	text_add_range(text, why->other);
}

static void add_hole(struct text *text, const struct event *event)
{
	const struct hole *hole = event->why->hole;

	text_add(text, "it %s ",
		dma_split_fit(event->holes, event->why->iova) == DMA_INSIDE ? "lies in"
									    : "crosses");
	text_add_range(text, hole->range);
	text_add(text, ", ");
	describe_owner(text, hole, event->container);
	describe_arithmetic(text, event);
}

static void add_unknown(struct text *text, const struct event *event)
{
	const struct diagnosis *why = event->why;

	if (event->result != -EINVAL) {
		text_add(text, "no cause that iovashim knows of");
		return;
	}
	text_add(text, "nothing that iovashim knows of stands against it");
	if (!event->container->type)
		text_add(text, "; whether VFIO_SET_IOMMU was called was not seen");
	if (!event->container->kernel_known && why->needed >= narrowest)
		text_add(text,
			"; the kernel was not asked for its valid ranges: perhaps the IOMMU has "
			"less than the %u address bits that it needs",
			why->needed);
}

/* What needs no number. */
static const char *const plain[CAUSES] = {
	[CAUSE_NO_IOMMU] = "the container has no IOMMU: VFIO_SET_IOMMU was not called yet, or its "
			   "last group has left",
	[CAUSE_ARGSZ] = "argsz is less than the struct's 32 bytes",
	[CAUSE_FLAGS] = "flags that this kernel does not know, or that do not go together; at "
			"least one of READ and WRITE it must be",
	[CAUSE_SIZE] = "its size is 0",
	[CAUSE_WRAP] = "IOVA or address and size go past 2^64",
	[CAUSE_LIVE_UPDATE] = "FLAG_VADDR: no mapping of just this range waits for a new address, "
			      "or what is behind its holes cannot be guarded",
	[CAUSE_ENTRIES] = "the container's mappings are used up (dma_entry_limit)",
	[CAUSE_MEMORY] = "no matter of IOVA: the kernel, or the VMM's cgroup, is out of memory; it "
			 "is not RLIMIT_MEMLOCK",
	[CAUSE_BAR] = "no matter of IOVA: a device's memory that cannot be had now (decoding or "
		      "power off) or by this kernel",
	[CAUSE_UNPINNABLE] = "no matter of IOVA: memory of a file that the kernel does not pin for "
			     "devices",
	[CAUSE_NO_TYPE1] = "the container is not one of type1 with an IOMMU (noiommu?)",
};

static void add_cause(struct text *text, const struct event *event)
{
	const struct diagnosis *why = event->why;

	switch (why->cause) {
	case CAUSE_RESERVED:
	case CAUSE_WIDTH:
	case CAUSE_POLICY:
		add_hole(text, event);
		break;
	case CAUSE_MISALIGNED:
		add_misaligned(text, why);
		break;
	case CAUSE_OVERLAP:
		add_overlap(text, why);
		break;
	case CAUSE_MEMLOCK:
		add_memlock(text, why);
		break;
	case CAUSE_UNMAPPED:
		add_where(text, why, "is not mapped");
		break;
	case CAUSE_ACCESS:
		add_where(text, why, "cannot be accessed in the way that is asked for");
		break;
	case CAUSE_GUARDED:
		add_where(text, why, "is guarded: it lies in a hole of another mapping");
		break;
	case CAUSE_ENTRIES:
		text_add(text, "%s", plain[why->cause]);
		if (why->facts.entries)
			text_add(text, ", of which there are %" PRIu64, why->facts.entries);
		break;
	case CAUSE_NONE:
	case CAUSE_UNKNOWN:
		add_unknown(text, event);
		break;
	default:
		text_add(text, "%s", plain[why->cause]);
		break;
	}
}

void describe_outcome(struct text *text, const struct event *event, const char *vmm)
{
	struct outcome outcome;

	if (!event->why || !event->result)
		return;
	outcome = knowledge_outcome(
		knowledge_find(vmm), event->why->cause, event->memory, event->why->facts.guest_ran);
	text_add(text, "; %s", outcome.words);
}

void describe_failure(struct text *text, const struct event *event)
{
	describe_memory(text, event);
	text_add(text, " at ");
	text_add_range(text, event->iova);
	text_add(text, " (");
	if (event->why->asked)
		text_add_size(text, event->why->asked);
	else
		text_add(text, "0 bytes");
	text_add(text, "): %s (",
		event->refusal == REFUSED_OVERLAP ? "refused" : "refused by the kernel");
	text_add_errno(text, -event->result);
	text_add(text, "): ");
	add_cause(text, event);
}
