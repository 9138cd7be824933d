/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One VMM's memory as the engine asks of it: guest RAM or a BAR, where the guest has it, the guard.
 */
#include "guest_memory.h"
#include "vma.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/mman.h>

/* A QEMU without KVM tells nobody where its RAM is in the guest. Its RAM sections are large; what
 * a vIOMMU makes it map are pages, up to 2 MiB. */
static const uint64_t viommu_page = 2ULL << 20;

static void note_device(void *context, const struct vma *vma)
{
	bool *device = context;

	if (vma->vfio_device)
		*device = true;
}

enum memory_kind guest_memory_kind(
	struct guest_memory *memory, struct range vaddr, struct range iova)
{
	switch (memslots_match(&memory->memslots, vaddr, iova.first)) {
	case MEMSLOT_IDENTITY:
		return MEMORY_RAM;
	case MEMSLOT_ELSEWHERE:
		return MEMORY_TRANSLATED;
	case MEMSLOT_NONE:
		break;
	}
	/* Hot-plugged memory is mapped before the guest gets its memslot. */
	if (memslots_any(&memory->memslots) || !strstr(memory->vmm, "/qemu-system-"))
		return MEMORY_RAM;
	return range_size(iova) > viommu_page ? MEMORY_RAM : MEMORY_TRANSLATED;
}

int guest_memory_classify(
	struct guest_memory *memory, struct range vaddr, struct range iova, enum memory_kind *kind)
{
	bool device = false;
	int err = vma_each(memory->guard.space, vaddr, note_device, &device);

	*kind = device ? MEMORY_BAR : guest_memory_kind(memory, vaddr, iova);
	return err == -EFAULT ? 0 : err; /* the guard, or the kernel, will see that as well */
}

/* vaddr_get_pfns() pins for writing if the device may write, else for reading. */
int guest_memory_guard(struct guest_memory *memory, struct range vaddr, uint32_t flags,
	bool give_back, uint64_t *given_back)
{
	int prot = flags & VFIO_DMA_MAP_FLAG_WRITE ? PROT_WRITE : PROT_READ;

	return guard_set(&memory->guard, vaddr, prot, give_back, given_back);
}
