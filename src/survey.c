/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be found out about a mapping that has failed, at the process that asked for it. */
#include "survey.h"
#include "fd_io.h"
#include "vma.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct look {
	const struct survey *survey;
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
			guard_covers(&look->survey->memory->guard, part.first) ? &facts->guarded
									       : &facts->barred,
			part);
	facts->file |= vma->shared && vma->disk_file;
	if (!vma->vfio_device || facts->memory == MEMORY_BAR)
		return;
	facts->memory = MEMORY_BAR;
	opened_find(look->survey->opened, look->survey->kernel, vma, facts->device, &facts->region);
}

/* vaddr_get_pfns() pins for writing if the device may write, else for reading. */
static void look_at_memory(const struct survey *survey, struct range vaddr, struct range iova,
	uint32_t flags, struct circumstances *facts)
{
	struct look look = {.survey = survey,
		.facts = facts,
		.vaddr = vaddr,
		.next = vaddr.first,
		.wanted = flags & VFIO_DMA_MAP_FLAG_WRITE ? PROT_WRITE : PROT_READ};
	int err;

	facts->memory = MEMORY_UNKNOWN;
	err = vma_each(survey->memory->guard.space, vaddr, look_at, &look);
	if (err == -EFAULT && look.next - 1 < vaddr.last)
		first_trouble(&look, &facts->torn, (struct range){look.next, vaddr.last});
	if ((!err || err == -EFAULT) && facts->memory != MEMORY_BAR)
		facts->memory = guest_memory_kind(survey->memory, vaddr, iova);
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

/* The soft limit, bytes, or "unlimited" (proc_pid_limits(), fs/proc/base.c). */
static void limit_line(void *context, const char *line, size_t length)
{
	struct circumstances *facts = context;
	unsigned long long value;
	char copy[64];

	length = length < sizeof(copy) ? length : sizeof(copy) - 1;
	memcpy(copy, line, length);
	copy[length] = 0;
	if (strncmp(copy, "Max locked memory ", 18) != 0)
		return;
	facts->memlock = sscanf(copy + 18, "%llu", &value) == 1 ? value : UINT64_MAX;
	facts->memlock_known = true;
}

static int each_line(const struct survey *survey, const char *file,
	void (*line)(void *context, const char *line, size_t length), void *context)
{
	char path[48];

	snprintf(path, sizeof(path), "%s/%s", survey->thread, file);
	return fd_each_line(path, line, context);
}

static void look_at_limit(const struct survey *survey, struct circumstances *facts)
{
	bool whole = true;

	if (each_line(survey, "status", status_line, facts))
		return;
	each_line(survey, "uid_map", map_line, &whole);
	facts->may_lock &= whole;
	each_line(survey, "limits", limit_line, facts);
}

static void entries_line(void *context, const char *line, size_t length)
{
	uint64_t *entries = context;

	for (*entries = 0; length && *line >= '0' && *line <= '9'; line++, length--)
		*entries = *entries * 10 + (uint64_t)(*line - '0');
}

void survey_failure(const struct survey *survey, struct range vaddr, struct range iova,
	uint32_t flags, int err, struct circumstances *facts)
{
	facts->looked = true;
	look_at_memory(survey, vaddr, iova, flags, facts);
	if (err == ENOMEM)
		look_at_limit(survey, facts);
	else if (err == ENOSPC)
		fd_each_line("/sys/module/vfio_iommu_type1/parameters/dma_entry_limit",
			entries_line, &facts->entries);
}
