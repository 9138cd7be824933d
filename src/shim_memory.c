/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VMM's memory as the preload sees it: what it is, and the guard. */
#include "shim_memory.h"
#include "shim_fd.h"
#include "shim_start.h"
#include "vma.h"

#include <errno.h>
#include <linux/vfio.h>
#include <signal.h>
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

static enum memory_kind guest_memory(struct range vaddr, struct range iova)
{
	switch (memslots_match(&shim.memslots, vaddr, iova.first)) {
	case MEMSLOT_IDENTITY:
		return MEMORY_RAM;
	case MEMSLOT_ELSEWHERE:
		return MEMORY_TRANSLATED;
	case MEMSLOT_NONE:
		break;
	}
	/* Hot-plugged memory is mapped before the guest gets its memslot. */
	if (memslots_any(&shim.memslots) || !strstr(shim.vmm, "/qemu-system-"))
		return MEMORY_RAM;
	return range_size(iova) > viommu_page ? MEMORY_RAM : MEMORY_TRANSLATED;
}

static int classify(void *context, struct range vaddr, struct range iova, enum memory_kind *kind)
{
	bool device = false;
	int err = vma_each(vaddr, note_device, &device);

	(void)context;
	*kind = device ? MEMORY_BAR : guest_memory(vaddr, iova);
	return err == -EFAULT ? 0 : err; /* the guard, or the kernel, will see that as well */
}

/* Says whose doing it is, then lets the VMM die as it would have. */
static void on_segv(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	if (guard_covers(&shim.guard, (uint64_t)(uintptr_t)info->si_addr))
		journal_vmm_stopped(&shim.journal, (uint64_t)(uintptr_t)info->si_addr);
}

/* Only where the VMM leaves the signal alone. SA_RESETHAND: the access is made again on return,
 * with the default action. */
static void watch_segv(void)
{
	struct sigaction action = {
		.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
	struct sigaction old;

	if (sigaction(SIGSEGV, NULL, &old) || old.sa_flags & SA_SIGINFO ||
		old.sa_handler != SIG_DFL)
		return;
	sigaction(SIGSEGV, &action, NULL);
}

static void count_container(void *context, int fd, struct container *container)
{
	int *n = context;

	(void)fd;
	*n += container->type != 0;
}

/* vaddr_get_pfns() pins for writing if the device may write, else for reading. */
static int guard_memory(void *context, struct range vaddr, uint32_t flags, uint64_t *given_back)
{
	int prot = flags & VFIO_DMA_MAP_FLAG_WRITE ? PROT_WRITE : PROT_READ;
	int containers = 0, err = guard_allows(&shim.guard, vaddr, prot);

	(void)context;
	shim_each_container(count_container, &containers);
	if (err)
		return err;
	err = guard_set(&shim.guard, vaddr, containers <= 1, given_back);
	if (!err)
		watch_segv();
	return err;
}

static void unguard_memory(void *context, struct range vaddr)
{
	(void)context;
	guard_lift(&shim.guard, vaddr);
}

struct memory_ops shim_memory_ops(void)
{
	return (struct memory_ops){
		.classify = classify, .guard = guard_memory, .unguard = unguard_memory};
}
