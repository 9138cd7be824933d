/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process can find out about a mapping of its own that failed. */
#include "shim_survey.h"
#include "fd_io.h"
#include "shim_start.h"
#include "vma.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* Some programs map the same again and again and think nothing of the failure. After so many
 * failures nothing new is looked at. */
enum { MOST_SURVEYS = 256 };

struct look {
	struct circumstances *facts;
	struct range vaddr;
	uint64_t next; /* up to here all is mapped */
	int wanted;    /* PROT_* */
	bool found;    /* facts->where */
};

static void first_trouble(struct look *look, bool *kind, struct range where)
{
	if (look->found)
		return;
	look->found = true;
	*kind = true;
	look->facts->where = where;
}

static void look_at(void *context, const struct vma *vma)
{
	struct look *look = context;
	struct circumstances *facts = look->facts;
	struct range part = range_common(vma->addresses, look->vaddr);

	if (part.first > look->next)
		first_trouble(look, &facts->torn, (struct range){look->next, part.first - 1});
	look->next = part.last + 1;
	if ((vma->prot & look->wanted) != look->wanted)
		first_trouble(look,
			guard_covers(&shim.memory.guard, part.first) ? &facts->guarded
								     : &facts->barred,
			part);
	facts->file |= vma->shared && vma->disk_file;
	if (!vma->vfio_device || facts->memory == MEMORY_BAR)
		return;
	facts->memory = MEMORY_BAR;
	opened_find(&shim.opened, &shim.host.policy, vma, facts->device, &facts->region);
}

/* vaddr_get_pfns() pins for writing if the device may write, else for reading. */
static void look_at_memory(
	struct range vaddr, struct range iova, uint32_t flags, struct circumstances *facts)
{
	struct look look = {.facts = facts,
		.vaddr = vaddr,
		.next = vaddr.first,
		.wanted = flags & VFIO_DMA_MAP_FLAG_WRITE ? PROT_WRITE : PROT_READ};
	int err;

	facts->memory = MEMORY_UNKNOWN;
	err = vma_each(shim.memory.guard.space, vaddr, look_at, &look);
	if (err == -EFAULT && look.next - 1 < vaddr.last)
		first_trouble(&look, &facts->torn, (struct range){look.next, vaddr.last});
	if ((!err || err == -EFAULT) && facts->memory != MEMORY_BAR)
		facts->memory = guest_memory_kind(&shim.memory, vaddr, iova);
}

static void status_line(void *context, const char *line, size_t length)
{
	struct circumstances *facts = context;
	unsigned long long value;
	char copy[64];

	if (length >= sizeof(copy))
		return;
	memcpy(copy, line, length);
	copy[length] = 0;
	if (sscanf(copy, "VmLck: %llu kB", &value) == 1)
		facts->locked = value << 10;
	else if (sscanf(copy, "CapEff: %llx", &value) == 1)
		facts->may_lock = value >> CAP_IPC_LOCK & 1;
}

/* capable() asks for the capability in the first user namespace; this is that, or as good. */
static void map_line(void *context, const char *line, size_t length)
{
	bool *whole = context;

	*whole = memmem(line, length, "4294967295", 10) != NULL;
}

static void look_at_limit(struct circumstances *facts)
{
	struct rlimit limit;
	bool whole = true;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) ||
		fd_each_line("/proc/thread-self/status", status_line, facts))
		return;
	fd_each_line("/proc/self/uid_map", map_line, &whole);
	facts->may_lock &= whole;
	facts->memlock = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
	facts->memlock_known = true;
}

static void entries_line(void *context, const char *line, size_t length)
{
	uint64_t *entries = context;

	for (*entries = 0; length && *line >= '0' && *line <= '9'; line++, length--)
		*entries = *entries * 10 + (uint64_t)(*line - '0');
}

void shim_survey(void *context, struct range vaddr, struct range iova, uint32_t flags, int err,
	struct circumstances *facts)
{
	(void)context;
	facts->guest_ran = shim.guest_ran;
	if (shim_sandboxed() || atomic_fetch_add(&shim.surveys, 1) >= MOST_SURVEYS)
		return;
	facts->looked = true;
	look_at_memory(vaddr, iova, flags, facts);
	if (err == ENOMEM)
		look_at_limit(facts);
	else if (err == ENOSPC)
		fd_each_line("/sys/module/vfio_iommu_type1/parameters/dma_entry_limit",
			entries_line, &facts->entries);
}
