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
static bool by_hand;

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
	const char *name = getenv("GROUP");
	int group;

	if (container >= 0)
		return true;
	group = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
	container = group < 0 ? -1 : open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container < 0)
		return false;
	by_hand = getenv("BY_HAND") != NULL;
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

void vfio_map(int i)
{
	map(ELSEWHERE + (uint64_t)i * PAGE, PAGE, 0);
}

void vfio_unmap(int i)
{
	unmap(ELSEWHERE + (uint64_t)i * PAGE, PAGE, PAGE);
}

static void map_across(int first, int holes)
{
	uint64_t begin = FIRST_HOLE + (uint64_t)first * STRIDE - STRIDE / 2;
	uint64_t end = begin + (uint64_t)holes * STRIDE, at = begin;

	if (!by_hand) {
		map(begin, end - begin, 0);
		return;
	}
	for (int i = 0; i <= holes; i++) {
		uint64_t hole = FIRST_HOLE + (uint64_t)(first + i) * STRIDE;
		uint64_t stop = i == holes ? end : hole;

		map(at, stop - at, at - begin);
		at = hole + PAGE;
	}
}

/* One call, by hand too: it takes all mappings in its range. */
static void unmap_across(int first, int holes)
{
	uint64_t size = (uint64_t)holes * STRIDE;

	unmap(FIRST_HOLE + (uint64_t)first * STRIDE - STRIDE / 2, size,
		by_hand ? size - (uint64_t)holes * PAGE : size);
}

bool vfio_prepare_live(void)
{
	static bool live;

	if (!vfio_prepare())
		return false;
	if (!live)
		map_across(LIVE_HOLE, 1);
	live = true;
	return true;
}

void vfio_map_1(int i)
{
	(void)i;
	map_across(0, 1);
}

void vfio_map_2(int i)
{
	(void)i;
	map_across(0, 2);
}

void vfio_map_16(int i)
{
	(void)i;
	map_across(0, MOST_HOLES);
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
