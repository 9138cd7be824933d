/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel, memory and audience that write down, in order, what the engine asked of them, and fail
 * where they are told to. */
#ifndef IOVASHIM_FAKE_KERNEL_H
#define IOVASHIM_FAKE_KERNEL_H

#include "engine.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <string.h>

/* Where the VMM has what it maps at IOVA 0: what is written down are IOVAs alone. */
#define FAKE_VADDR UINT64_C(0x700000000000)

enum { FAKE_FD = 5, FAKE_MAPPED = 64 };

/* The @at-th call from now on (1: the next) fails with @err; 0: none does. */
struct fake_failure {
	int at, err;
};

struct fake {
	struct text log;
	char log_bytes[2048];
	void *own; /* the VMM's own pointer */
	struct fake_failure kernel, guard;
	int unmap_err;	  /* of what the engine unmaps by itself */
	bool zero_mapped; /* something is at address 0 */
	int classify_err;
	enum memory_kind memory;
	uint64_t given_back;
	size_t n_mapped;
	struct range mapped[FAKE_MAPPED]; /* what the kernel holds, by IOVA */
	int guards;			  /* set and not lifted */
	int guard_events;		  /* likewise, as the audience heard of them */
	const void *info;		  /* the reply to GET_INFO */
	size_t info_bytes;
	void (*before)(struct fake *fake, unsigned long request); /* of each kernel call */
};

static inline int fake_failing(struct fake_failure *failure)
{
	return failure->at && !--failure->at ? failure->err : 0;
}

static inline void fake_log_range(struct fake *fake, const char *what, struct range r)
{
	text_add(&fake->log, "%s%s %" PRIx64 "-%" PRIx64, fake->log.length ? ", " : "", what,
		r.first, r.last);
}

static inline void fake_forget(struct fake *fake)
{
	fake->log = text_start(fake->log_bytes, sizeof(fake->log_bytes));
}

/* A mapping from address 0, where nothing is: only whether another is in the way can come of it. */
static inline int fake_probe(struct fake *fake, struct range r, int err)
{
	fake_log_range(fake, "probe", r);
	for (size_t i = 0; i < fake->n_mapped; i++)
		if (range_overlaps(fake->mapped[i], r))
			return -EEXIST;
	if (fake->zero_mapped && !err)
		fake->mapped[fake->n_mapped++] = r;
	return err ? -err : fake->zero_mapped ? 0 : -EFAULT;
}

static inline int fake_map(struct fake *fake, const struct vfio_iommu_type1_dma_map *map, int err)
{
	struct range r = {map->iova, map->iova + map->size - 1};

	if (!map->vaddr)
		return fake_probe(fake, r, err);
	fake_log_range(fake, fake->own == map ? "pass" : "map", r);
	if (map->argsz != sizeof(*map))
		text_add(&fake->log, " argsz %u", map->argsz);
	if (map->flags != (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE))
		text_add(&fake->log, " flags %u", map->flags);
	if (map->vaddr != map->iova + FAKE_VADDR)
		text_add(&fake->log, " at %" PRIx64, (uint64_t)map->vaddr);
	if (!err && !(map->flags & VFIO_DMA_MAP_FLAG_VADDR) && fake->n_mapped < FAKE_MAPPED)
		fake->mapped[fake->n_mapped++] = r;
	return -err;
}

/* Whole mappings in the range go; the size comes back, on success alone. */
static inline int fake_unmap(struct fake *fake, struct vfio_iommu_type1_dma_unmap *unmap, int err)
{
	struct range r = {unmap->iova, unmap->iova + unmap->size - 1};
	uint64_t bytes = 0;
	size_t kept = 0;

	if (unmap->flags & VFIO_DMA_UNMAP_FLAG_ALL)
		r = (struct range){0, UINT64_MAX};
	fake_log_range(fake, fake->own == unmap ? "pass" : "unmap", r);
	if (unmap->argsz != sizeof(*unmap))
		text_add(&fake->log, " argsz %u", unmap->argsz);
	if (unmap->flags)
		text_add(&fake->log, " flags %u", unmap->flags);
	if (!err && fake->own != unmap)
		err = fake->unmap_err;
	if (err)
		return -err;
	for (size_t i = 0; i < fake->n_mapped; i++) {
		if (range_contains(r, fake->mapped[i]))
			bytes += range_size(fake->mapped[i]);
		if (!range_contains(r, fake->mapped[i]) || unmap->flags & VFIO_DMA_UNMAP_FLAG_VADDR)
			fake->mapped[kept++] = fake->mapped[i];
	}
	fake->n_mapped = kept;
	unmap->size = bytes;
	return 0;
}

static inline int fake_info(struct fake *fake, void *argument)
{
	struct vfio_iommu_type1_info head;
	size_t room;

	memcpy(&head.argsz, argument, sizeof(head.argsz));
	room = head.argsz < fake->info_bytes ? head.argsz : fake->info_bytes;
	text_add(&fake->log, "%sinfo %u", fake->log.length ? ", " : "", head.argsz);
	memcpy(argument, fake->info, room);
	if (head.argsz < fake->info_bytes) {
		memcpy(&head, argument, sizeof(head));
		head.argsz = (uint32_t)fake->info_bytes;
		head.cap_offset = 0;
		memcpy(argument, &head, sizeof(head));
	}
	return 0;
}

static inline int fake_ioctl(void *context, int fd, unsigned long request, void *argument)
{
	struct fake *fake = context;
	int err = fake_failing(&fake->kernel);

	if (fake->before)
		fake->before(fake, request);
	if (fd != FAKE_FD)
		return -EBADF;
	switch (request) {
	case VFIO_IOMMU_MAP_DMA:
		return fake_map(fake, argument, err);
	case VFIO_IOMMU_UNMAP_DMA:
		return fake_unmap(fake, argument, err);
	case VFIO_IOMMU_GET_INFO:
		return err ? -err : fake_info(fake, argument);
	case VFIO_IOMMU_DIRTY_PAGES:
		text_add(&fake->log, "%sdirty%s", fake->log.length ? ", " : "",
			fake->own == argument ? "" : " (another struct)");
		return -err;
	}
	return -ENOTTY;
}

static inline int fake_classify(
	void *context, struct range vaddr, struct range iova, enum memory_kind *kind)
{
	struct fake *fake = context;

	if (range_size(vaddr) != range_size(iova))
		return -EILSEQ;
	*kind = fake->memory;
	return -fake->classify_err;
}

static inline struct range fake_iova(struct range vaddr)
{
	return (struct range){vaddr.first - FAKE_VADDR, vaddr.last - FAKE_VADDR};
}

static inline int fake_guard(
	void *context, struct range vaddr, uint32_t flags, uint64_t *given_back)
{
	(void)flags;
	struct fake *fake = context;
	int err = fake_failing(&fake->guard);

	fake_log_range(fake, "guard", fake_iova(vaddr));
	*given_back = fake->given_back;
	fake->guards += !err;
	return -err;
}

static inline void fake_unguard(void *context, struct range vaddr)
{
	struct fake *fake = context;

	fake_log_range(fake, "lift", fake_iova(vaddr));
	fake->guards--;
}

static inline void fake_tell_map(struct fake *fake, const struct event *event)
{
	static const char *const verdicts[] = {"passed", "observed", "split", "skipped", "refused"};
	static const char *const reasons[] = {
		"", " policy", " viommu", " in-use", " no-guard", " kernel", " overlap"};

	text_add(&fake->log, "%s%s%s%s", fake->log.length ? ", " : "", verdicts[event->verdict],
		event->guarded ? " guarded" : "", reasons[event->refusal]);
	if (event->verdict == VERDICT_PASS)
		text_add(&fake->log, " (%s)", diagnosis_word(event->why->cause));
	if (event->refusal > REFUSED_TRANSLATED && event->refusal != REFUSED_OVERLAP)
		text_add(&fake->log, " %" PRIx64 "-%" PRIx64 " %d", event->failed.first,
			event->failed.last, event->failed_errno);
}

static inline void fake_event(void *context, const struct event *event)
{
	struct fake *fake = context;
	const char *comma = fake->log.length ? ", " : "";

	switch (event->kind) {
	case EVENT_MAP:
		fake_tell_map(fake, event);
		break;
	case EVENT_UNMAP:
		text_add(&fake->log, "%sunmapped %" PRIx64 " of %" PRIx64, comma,
			event->kernel_bytes, event->reported);
		break;
	case EVENT_GUARD:
		fake->guard_events += event->set ? 1 : -1;
		break;
	case EVENT_FAULT:
		text_add(&fake->log, "%sfault %d", comma, event->result);
		break;
	case EVENT_CONTAINER:
		text_add(&fake->log, "%sholes", comma);
		for (size_t i = 0; i < event->holes->n_merged; i++)
			text_add(&fake->log, " %" PRIx64 "-%" PRIx64, event->holes->merged[i].first,
				event->holes->merged[i].last);
		break;
	}
}

/* An engine over @fake with a policy of no rules and all sources; pages of 4 KiB. */
static inline struct engine fake_engine(struct fake *fake)
{
	fake_forget(fake);
	return (struct engine){
		.kernel = {fake_ioctl, fake},
		.memory = {fake_classify, fake_guard, fake_unguard, fake},
		.audience = {fake_event, fake},
		.policy = {.source_sysfs = true,
			.source_kernel = true,
			.guard = true,
			.crossing = CROSSING_SPLIT,
			.inside = INSIDE_REFUSE,
			.bar = BAR_OBSERVE},
		.lock = LOCK_INITIALIZER,
		.page = 4096,
	};
}

#endif
