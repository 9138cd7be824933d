/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a mapping could not be had: vfio_dma_do_map()'s checks, in its order. */
#include "diagnosis.h"

#include <errno.h>
#include <linux/vfio.h>

static const char *const words[CAUSES] = {
	[CAUSE_NONE] = "none",
	[CAUSE_RESERVED] = "reserved",
	[CAUSE_WIDTH] = "width",
	[CAUSE_POLICY] = "policy",
	[CAUSE_NO_IOMMU] = "no-iommu",
	[CAUSE_ARGSZ] = "argsz",
	[CAUSE_FLAGS] = "flags",
	[CAUSE_SIZE] = "size",
	[CAUSE_WRAP] = "wrap",
	[CAUSE_MISALIGNED] = "misaligned",
	[CAUSE_LIVE_UPDATE] = "live-update",
	[CAUSE_OVERLAP] = "overlap",
	[CAUSE_ENTRIES] = "entries",
	[CAUSE_MEMLOCK] = "memlock",
	[CAUSE_MEMORY] = "memory",
	[CAUSE_UNMAPPED] = "unmapped",
	[CAUSE_ACCESS] = "access",
	[CAUSE_GUARDED] = "guarded",
	[CAUSE_BAR] = "bar",
	[CAUSE_UNPINNABLE] = "unpinnable",
	[CAUSE_NO_TYPE1] = "no-type1",
	[CAUSE_UNKNOWN] = "unknown",
};

const char *diagnosis_word(enum cause cause)
{
	return words[cause];
}

unsigned int diagnosis_bits(uint64_t address)
{
	return address ? 64 - (unsigned int)__builtin_clzll(address) : 0;
}

const struct hole *diagnosis_hole(const struct hole_set *holes, struct range iova, bool rules)
{
	const struct hole *kernel = NULL;

	for (size_t i = hole_set_from(holes, iova.first); i < holes->n_holes; i++) {
		const struct hole *hole = &holes->holes[i];

		if (hole->range.first > iova.last)
			break;
		if (!range_overlaps(range_align_outwards(hole->range, holes->page), iova) ||
			(hole->source == HOLE_POLICY && !rules))
			continue;
		/* The kernel says that, sysfs and the policy say why. */
		if (hole->source != HOLE_KERNEL)
			return hole;
		kernel = kernel ? kernel : hole;
	}
	return kernel;
}

static enum cause cause_of_hole(struct diagnosis *diagnosis, const struct hole *hole)
{
	diagnosis->hole = hole;
	if (hole->source == HOLE_POLICY)
		return CAUSE_POLICY;
	if (hole->source == HOLE_SYSFS || hole->range.last != UINT64_MAX || !hole->range.first)
		return CAUSE_RESERVED;
	diagnosis->bits = diagnosis_bits(hole->range.first - 1);
	return CAUSE_WIDTH;
}

/* A mapping that reaches from a reserved region to beyond the width fails for either; one that
 * begins beyond it, for that alone. */
static enum cause holes_cause(
	struct diagnosis *diagnosis, const struct attempt *attempt, bool rules)
{
	const struct hole *hole = diagnosis_hole(attempt->holes, attempt->iova, rules);

	return hole ? cause_of_hole(diagnosis, hole) : CAUSE_UNKNOWN;
}

/* vfio_dma_do_map(): what it refuses whatever is mapped. */
static enum cause malformed(struct diagnosis *diagnosis, const struct attempt *attempt)
{
	const uint32_t access = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	uint32_t known = access | VFIO_DMA_MAP_FLAG_VADDR, flags = attempt->flags;
	uint64_t mask = diagnosis->page - 1;

	if (attempt->argsz < sizeof(struct vfio_iommu_type1_dma_map))
		return CAUSE_ARGSZ;
	if (flags & ~known)
		return CAUSE_FLAGS;
	if (!attempt->size)
		return CAUSE_SIZE;
	if (attempt->iova.first + attempt->size - 1 < attempt->iova.first ||
		attempt->vaddr + attempt->size - 1 < attempt->vaddr)
		return CAUSE_WRAP;
	if (!(flags & access) == !(flags & VFIO_DMA_MAP_FLAG_VADDR))
		return CAUSE_FLAGS;
	diagnosis->misaligned = (attempt->iova.first & mask ? MISALIGNED_IOVA : 0u) |
				(attempt->vaddr & mask ? MISALIGNED_VADDR : 0u) |
				(attempt->size & mask ? MISALIGNED_SIZE : 0u);
	if (diagnosis->misaligned)
		return CAUSE_MISALIGNED;
	return flags & VFIO_DMA_MAP_FLAG_VADDR ? CAUSE_LIVE_UPDATE : CAUSE_NONE;
}

static enum cause invalid(struct diagnosis *diagnosis, const struct attempt *attempt)
{
	enum cause cause;

	/* Without a driver the container answers everything so (vfio_fops_unl_ioctl). */
	if (!attempt->container->type &&
		(!attempt->container->inherited || attempt->container->no_iommu))
		return CAUSE_NO_IOMMU;
	cause = malformed(diagnosis, attempt);
	return cause ? cause : holes_cause(diagnosis, attempt, false);
}

static enum cause overlap(struct diagnosis *diagnosis, const struct attempt *attempt)
{
	diagnosis->split_known = attempt->other != NULL;
	if (attempt->other)
		diagnosis->other = *attempt->other;
	return CAUSE_OVERLAP;
}

/* vfio_pin_pages_remote(): pages that are locked already do not count again, so that too little
 * room is a proof only for what has not been locked; the kernel's own lack is the other cause. */
static enum cause no_memory(const struct circumstances *facts, uint64_t size)
{
	if (!facts->memlock_known)
		return CAUSE_MEMLOCK;
	if (facts->may_lock || facts->memlock == UINT64_MAX)
		return CAUSE_MEMORY;
	return facts->locked > facts->memlock || size > facts->memlock - facts->locked
		       ? CAUSE_MEMLOCK
		       : CAUSE_MEMORY;
}

/* vaddr_get_pfns() */
static enum cause fault(const struct circumstances *facts)
{
	if (facts->torn)
		return CAUSE_UNMAPPED;
	if (facts->guarded)
		return CAUSE_GUARDED;
	if (facts->memory == MEMORY_BAR)
		return CAUSE_BAR;
	if (facts->barred)
		return CAUSE_ACCESS;
	return facts->file ? CAUSE_UNPINNABLE : CAUSE_UNKNOWN;
}

static enum cause cause_of_errno(struct diagnosis *diagnosis, const struct attempt *attempt)
{
	switch (-attempt->result) {
	case EINVAL:
		return invalid(diagnosis, attempt);
	case EOVERFLOW:
		return CAUSE_WRAP;
	case EEXIST:
		return overlap(diagnosis, attempt);
	case ENOSPC:
		return CAUSE_ENTRIES;
	case ENOMEM:
		return no_memory(&diagnosis->facts, attempt->size);
	case EFAULT:
		return fault(&diagnosis->facts);
	case EOPNOTSUPP: /* check_vma_flags(): a file system that maps its pages directly */
		return CAUSE_UNPINNABLE;
	case ENOTTY:
		return CAUSE_NO_TYPE1;
	default:
		return attempt->flags & VFIO_DMA_MAP_FLAG_VADDR ? CAUSE_LIVE_UPDATE : CAUSE_UNKNOWN;
	}
}

void diagnose(struct diagnosis *diagnosis, const struct attempt *attempt)
{
	struct circumstances facts = diagnosis->facts;
	uint64_t page = attempt->holes->page;

	*diagnosis = (struct diagnosis){.page = page,
		.iova = attempt->iova,
		.size = attempt->size,
		.asked = attempt->asked,
		.needed = diagnosis_bits(attempt->iova.last),
		.facts = facts};
	if (attempt->by_kernel && attempt->result)
		diagnosis->cause = cause_of_errno(diagnosis, attempt);
	else
		diagnosis->cause = holes_cause(diagnosis, attempt, true);
	if (!attempt->result && diagnosis->cause == CAUSE_UNKNOWN)
		diagnosis->cause = CAUSE_NONE;
}
