/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events in words, for people: one line each. */
#include "describe.h"

#include <errno.h>

static const struct host_group *find_group(const struct container *container, int number)
{
	for (size_t i = 0; i < container->n_groups; i++)
		if (container->groups[i].number == number)
			return &container->groups[i];
	return NULL;
}

static void add_group(struct text *text, int number, const struct container *container)
{
	const struct host_group *group = find_group(container, number);

	text_add(text, "group %d", number);
	if (group && group->devices[0])
		text_add(text, " (%s)", group->devices);
}

void describe_owner(struct text *text, const struct hole *hole, const struct container *container)
{
	switch (hole->source) {
	case HOLE_SYSFS:
		text_add(text, "%s of ",
			hole->type == REGION_MSI      ? "the MSI window"
			: hole->type == REGION_DIRECT ? "a direct-mapped region"
						      : "a reserved region");
		add_group(text, hole->group, container);
		break;
	case HOLE_KERNEL:
		if (hole->range.last == UINT64_MAX)
			text_add(text, "beyond the IOMMU's %u bits",
				diagnosis_bits(hole->range.first - 1));
		else
			text_add(text, "not among the kernel's valid IOVA ranges");
		break;
	case HOLE_POLICY:
		text_add(text, "policy rule %s%s(%s:%u)", hole->name, hole->name[0] ? " " : "",
			hole->file, hole->line);
		break;
	}
}

static void add_crossed(struct text *text, const struct event *event)
{
	const struct hole *hole = diagnosis_hole(event->holes, event->iova, true);
	bool inside = dma_split_fit(event->holes, event->iova) == DMA_INSIDE;

	describe_memory(text, event);
	text_add(text, " at ");
	text_add_range(text, event->iova);
	text_add(text, " (");
	text_add_size(text, range_size(event->iova));
	text_add(text, ") %s ", inside ? "lies in" : "crosses");
	if (!hole)
		return;
	text_add_range(text, hole->range);
	text_add(text, ", ");
	describe_owner(text, hole, event->container);
}

static void add_split(struct text *text, const struct event *event)
{
	struct dma_split walk = dma_split_start(event->holes, event->iova);
	struct dma_part part;
	size_t pieces = 0;

	while (dma_split_next_piece(&walk, &part))
		pieces++;
	text_add(text, ": mapped in %zu piece%s; ", pieces, pieces == 1 ? "" : "s");
	text_add_size(text, dma_split_gap_bytes(event->holes, event->iova));
	text_add(text, " of it is out of the devices' reach, ");
	text_add(text, event->guarded
			       ? "guarded: a guest that uses that is stopped"
			       : "NOT GUARDED: a guest that uses that loses data in silence");
}

static void add_refusal(struct text *text, const struct event *event)
{
	text_add(text, ": refused (");
	text_add_errno(text, -event->result);
	text_add(text, "), ");
	switch (event->refusal) {
	case REFUSED_NOT:
	case REFUSED_BY_POLICY:
		text_add(text, dma_split_fit(event->holes, event->iova) == DMA_INSIDE
				       ? "since no device could reach any of it (policy: `inside`)"
				       : "as the policy says");
		if (event->why)
			describe_arithmetic(text, event);
		break;
	case REFUSED_TRANSLATED:
		text_add(text, "since a vIOMMU in the guest chose this IOVA and nothing can be "
			       "guarded there");
		break;
	case REFUSED_IN_USE:
		text_add(text, "since the guest already uses memory in ");
		text_add_range(text, event->failed);
		text_add(text, ", which devices cannot reach; tell it to keep off, reboot it, "
			       "then add the device again");
		break;
	case REFUSED_NO_GUARD:
		text_add(text, "since ");
		text_add_range(text, event->failed);
		text_add(text, " cannot be guarded (");
		text_add_errno(text, event->failed_errno);
		text_add(text, event->failed_errno == EINVAL
				       ? "); huge pages have to fit the hole's edges"
				       : ")");
		break;
	case REFUSED_BY_KERNEL:
		text_add(text, "since ");
		text_add_range(text, event->failed);
		text_add(text, " is not accessible memory of the VMM");
		break;
	case REFUSED_OVERLAP: /* describe_failure() */
		break;
	}
}

static void add_kernel_failure(struct text *text, const struct event *event)
{
	text_add(text, ": split, but the kernel refused the piece ");
	text_add_range(text, event->failed);
	text_add(text, " (");
	text_add_errno(text, -event->result);
	text_add(text, "); nothing is left mapped");
	if (event->result == -ENOMEM)
		text_add(text, "; is RLIMIT_MEMLOCK large enough for all guest RAM?");
	else if (event->result == -ENOSPC)
		text_add(text, "; the container's mappings are used up (dma_entry_limit)");
}

static void add_observed(struct text *text, const struct event *event)
{
	text_add(text, ": passed to the kernel unchanged");
	if (event->result < 0) {
		text_add(text, ", which refused it (");
		text_add_errno(text, -event->result);
		text_add(text, ")");
		if (event->why)
			describe_arithmetic(text, event);
		return;
	}
	text_add(text, ", which accepted it");
	if (event->memory == MEMORY_BAR)
		text_add(text, "; DMA between passed-through devices may be lost all the same");
	else
		text_add(text, ": devices cannot reach it all the same, and what they write "
			       "there is lost in silence");
}

/* No piece failed: the mapping could not be kept in mind. */
static void add_own_failure(struct text *text, const struct event *event)
{
	text_add(text, ": refused (");
	text_add_errno(text, -event->result);
	text_add(text, "), since iovashim itself has run out of memory; nothing is left mapped");
}

/* The kernel refused it for something else than the hole that it touches, or it touches none. */
static bool is_other_failure(const struct event *event)
{
	const struct diagnosis *why = event->why;

	if (!why || !event->result || event->verdict == VERDICT_SPLIT ||
		event->verdict == VERDICT_SKIP)
		return false;
	return event->verdict == VERDICT_PASS || event->refusal == REFUSED_OVERLAP ||
	       (event->verdict == VERDICT_OBSERVE && !why->hole);
}

static void add_action(struct text *text, const struct event *event)
{
	switch (event->verdict) {
	case VERDICT_SPLIT:
		if (event->result)
			add_kernel_failure(text, event);
		else
			add_split(text, event);
		break;
	case VERDICT_SKIP:
		text_add(text, ": reported as mapped, devices cannot reach any of it%s",
			event->guarded ? ", guarded" : "");
		break;
	case VERDICT_REFUSE:
		add_refusal(text, event);
		break;
	case VERDICT_OBSERVE:
	case VERDICT_PASS:
		add_observed(text, event);
		break;
	}
}

void describe_map(struct text *text, const struct event *event, const char *vmm)
{
	bool acts = event->verdict == VERDICT_SPLIT || event->verdict == VERDICT_SKIP;

	if (is_other_failure(event)) {
		describe_failure(text, event);
	} else {
		add_crossed(text, event);
		if (acts && event->result && !event->failed_errno)
			add_own_failure(text, event);
		else
			add_action(text, event);
	}
	describe_outcome(text, event, vmm);
}

struct advice describe_advice(const struct event *event, const struct describe_host *host)
{
	const struct diagnosis *why = event->why;
	const struct range *hole =
		why->hole ? hole_set_find(event->holes, event->iova.first) : NULL;

	return (struct advice){.ram = event->iova,
		.hole = hole && range_overlaps(*hole, event->iova) ? *hole : (struct range){0, 0},
		.vmm = host->vmm,
		.args = host->args.length ? &host->args : NULL,
		.version = host->version,
		.cause = why->cause,
		.memory = event->memory,
		.asked = event->verdict == VERDICT_OBSERVE || event->refusal == REFUSED_BY_POLICY,
		.why = why};
}
