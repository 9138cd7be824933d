/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings on a container: of the null kernel, of the model kernel, or of a real one. */
/*
 * The policy has holes of a page each at FIRST_HOLE + n * STRIDE (bench.sh writes it). A mapping
 * across n of them begins half a stride below the first and ends half a stride above the last.
 */
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t PAGE = 0x1000, FIRST_HOLE = 0x20000000, STRIDE = 0x10000;
static const uint64_t ELSEWHERE = 0x10000000; /* no hole is near */
static const int MOST_HOLES = 16, LIVE_HOLE = 20;

static int container = -1;
static char *memory;
static bool by_hand, looks, guards; /* as BY_HAND says */

static void fail(const char *what, uint64_t iova, uint64_t size)
{
	fprintf(stderr, "bench: %s of %#llx at %#llx: %s\n", what, (unsigned long long)size,
		(unsigned long long)iova, strerror(errno));
	exit(2);
}

static void map(uint64_t iova, uint64_t size, uint64_t offset)
{
	struct vfio_iommu_type1_dma_map request = {.argsz = sizeof(request),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory + offset,
		.iova = iova,
		.size = size};

	if (ioctl(container, VFIO_IOMMU_MAP_DMA, &request))
		fail("MAP", iova, size);
}

static void unmap(uint64_t iova, uint64_t size, uint64_t expected)
{
	struct vfio_iommu_type1_dma_unmap request = {
		.argsz = sizeof(request), .iova = iova, .size = size};

	if (ioctl(container, VFIO_IOMMU_UNMAP_DMA, &request) || request.size != expected)
		fail("UNMAP", iova, size);
}

/* The memory stays untouched, as the guard wants what is behind a hole. */
bool vfio_prepare(void)
{
	const char *name = getenv("GROUP"), *hand = getenv("BY_HAND");
	int group;

	if (container >= 0)
		return true;
	group = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
	container = group < 0 ? -1 : open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container < 0)
		return false;
	by_hand = hand != NULL;
	looks = hand && (!strcmp(hand, "looks") || !strcmp(hand, "guards"));
	guards = hand && !strcmp(hand, "guards");
	memory = mmap(NULL, (size_t)(STRIDE * (uint64_t)(MOST_HOLES + 1)), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return memory != MAP_FAILED && !ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) &&
	       !ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
}

void vfio_fstat(int i)
{
	struct stat st;

	(void)i;
	if (fstat(container, &st))
		fail("fstat", 0, 0);
}

void vfio_attach(int i)
{
	const char *name = getenv("GROUP");
	int group = open(name ? name : "", O_RDWR | O_CLOEXEC);
	int fresh = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	(void)i;
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &fresh) ||
		ioctl(fresh, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		fail("a container", 0, 0);
	close(group);
	close(fresh);
}

/* --- what cannot be done without, if this program knew of holes ------------- */

/* Is the descriptor a container? Where it crosses holes: no signal handler may come in between. */
static void begin(bool crosses, sigset_t *before)
{
	sigset_t all;

	if (!looks)
		return;
	vfio_fstat(0);
	sigfillset(&all);
	if (crosses)
		sigprocmask(SIG_BLOCK, &all, before);
}

static void end(const sigset_t *before)
{
	if (looks)
		sigprocmask(SIG_SETMASK, before, NULL);
}

/* What is mapped there: RAM or a BAR, with what protection? */
static void look_at_maps(void)
{
	int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	char text[1024];

	if (read(maps, text, sizeof(text)) <= 0)
		fail("a look at maps", 0, 0);
	close(maps);
}

/* Takes @page of the memory away, if it was not and has not been used. */
static void guard(char *page)
{
	uint64_t entry = 0;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	off_t at = (off_t)((uintptr_t)page / PAGE * sizeof(entry));
	bool taken = pread(pagemap, &entry, sizeof(entry), at) > 0 && !(entry >> 62) &&
		     !mprotect(page, PAGE, PROT_NONE) &&
		     pread(pagemap, &entry, sizeof(entry), at) > 0 && !(entry >> 62);

	close(pagemap);
	if (!taken)
		fail("guard", (uintptr_t)page, PAGE);
}

static char *behind_hole(int n, uint64_t offset)
{
	return memory + offset + STRIDE / 2 + (uint64_t)n * STRIDE;
}

static void prepare_by_hand(int holes, uint64_t offset)
{
	if (looks)
		look_at_maps();
	for (int i = 0; guards && i < holes; i++)
		guard(behind_hole(i, offset));
}

static void lift_by_hand(int holes)
{
	if (guards)
		look_at_maps();
	for (int i = 0; guards && i < holes; i++)
		if (mprotect(behind_hole(i, 0), PAGE, PROT_READ | PROT_WRITE))
			fail("lifting a guard", 0, PAGE);
}

/* --- the rows ------------------------------------------------------------- */

void vfio_map(int i)
{
	sigset_t before;

	begin(false, &before);
	map(ELSEWHERE + (uint64_t)i * PAGE, PAGE, 0);
}

void vfio_unmap(int i)
{
	sigset_t before;

	begin(false, &before);
	unmap(ELSEWHERE + (uint64_t)i * PAGE, PAGE, PAGE);
}

/* From @offset in the memory on. */
static void map_across(int first, int holes, uint64_t offset)
{
	uint64_t first_iova = FIRST_HOLE + (uint64_t)first * STRIDE - STRIDE / 2;
	uint64_t end_iova = first_iova + (uint64_t)holes * STRIDE, at = first_iova;
	sigset_t before;

	if (!by_hand) {
		map(first_iova, end_iova - first_iova, offset);
		return;
	}
	begin(true, &before);
	prepare_by_hand(holes, offset);
	for (int i = 0; i <= holes; i++) {
		uint64_t hole = FIRST_HOLE + (uint64_t)(first + i) * STRIDE;
		uint64_t stop = i == holes ? end_iova : hole;

		map(at, stop - at, offset + at - first_iova);
		at = hole + PAGE;
	}
	end(&before);
}

/* One call, by hand too: it takes all mappings in its range. */
static void unmap_across(int first, int holes)
{
	uint64_t size = (uint64_t)holes * STRIDE;
	sigset_t before;

	begin(true, &before);
	unmap(FIRST_HOLE + (uint64_t)first * STRIDE - STRIDE / 2, size,
		by_hand ? size - (uint64_t)holes * PAGE : size);
	lift_by_hand(holes);
	end(&before);
}

/* In memory that no other row's holes are in front of: guards of the same are only counted. */
bool vfio_prepare_live(void)
{
	static bool live;

	if (!vfio_prepare())
		return false;
	if (!live)
		map_across(LIVE_HOLE, 1, (uint64_t)MOST_HOLES * STRIDE);
	live = true;
	return true;
}

void vfio_map_1(int i)
{
	(void)i;
	map_across(0, 1, 0);
}

void vfio_map_2(int i)
{
	(void)i;
	map_across(0, 2, 0);
}

void vfio_map_16(int i)
{
	(void)i;
	map_across(0, MOST_HOLES, 0);
}

void vfio_unmap_1(int i)
{
	(void)i;
	unmap_across(0, 1);
}

void vfio_unmap_2(int i)
{
	(void)i;
	unmap_across(0, 2);
}

void vfio_unmap_16(int i)
{
	(void)i;
	unmap_across(0, MOST_HOLES);
}
