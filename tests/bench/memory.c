/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process's own memory grows by with a container, and with mappings across holes that stay.
 */
/*
 * usage: memory N
 *
 * Over the null kernel, with holes by holes.sh. Prints the bytes of memory that are the process's
 * own (of /proc/self/smaps_rollup: Anonymous): before all, with one mapping across a hole, and
 * with N more of them. With BY_HAND they are made in two pieces each, and nothing remembers them.
 */
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint64_t PAGE = 0x1000, FIRST_HOLE = 0x20000000, STRIDE = 0x10000;

static int container;
static char *memory;
static bool by_hand;

/* Without stdio, whose buffers would count. */
static long own_bytes(void)
{
	static char text[8192];
	static const char word[] = "Anonymous:";
	int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *found;

	close(fd);
	if (n < 0)
		return -1;
	text[n] = 0;
	found = strstr(text, word);
	return found ? 1024 * atol(found + sizeof(word) - 1) : -1;
}

static void map(uint64_t iova, uint64_t size, uint64_t offset)
{
	struct vfio_iommu_type1_dma_map request = {.argsz = sizeof(request),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory + offset,
		.iova = iova,
		.size = size};

	if (!ioctl(container, VFIO_IOMMU_MAP_DMA, &request))
		return;
	perror("memory: VFIO_IOMMU_MAP_DMA");
	exit(2);
}

/* From half a stride below the n-th hole to half a stride above. */
static void map_across(int n)
{
	uint64_t hole = FIRST_HOLE + (uint64_t)n * STRIDE, begin = hole - STRIDE / 2;
	uint64_t offset = (uint64_t)n * STRIDE;

	if (!by_hand) {
		map(begin, STRIDE, offset);
		return;
	}
	map(begin, STRIDE / 2, offset);
	map(hole + PAGE, STRIDE / 2 - PAGE, offset + STRIDE / 2 + PAGE);
}

int main(int argc, char **argv)
{
	int n = argc == 2 ? atoi(argv[1]) : 0, group;
	long before, one, all;

	if (n < 1 || n > 8000) {
		fputs("usage: memory N\n", stderr);
		return 2;
	}
	by_hand = getenv("BY_HAND") != NULL;
	memory = mmap(NULL, (size_t)((uint64_t)(n + 1) * STRIDE), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	free(malloc(64)); /* no VMM is without a heap */
	own_bytes();
	before = own_bytes();
	group = open("/dev/vfio/3", O_RDWR | O_CLOEXEC);
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (memory == MAP_FAILED || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
		ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) {
		perror("memory: a container");
		return 2;
	}
	map_across(0);
	one = own_bytes();
	for (int i = 1; i <= n; i++)
		map_across(i);
	all = own_bytes();
	printf("%ld %ld %ld\n", before, one, all);
	return 0;
}
