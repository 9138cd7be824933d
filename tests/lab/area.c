/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings across a hole of the policy's, made and looked at. */
#include "area.h"
#include "checked_call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_COMPLAINTS = 20 };
#define PAGE 0x1000UL

bool bare;
static atomic_long n_complaints;

void complain(const char *format, ...)
{
	va_list arguments;
	char line[256];

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (atomic_fetch_add(&n_complaints, 1) < MOST_COMPLAINTS)
		printf("not ok: %s\n", line);
}

long complaints(void)
{
	return atomic_load(&n_complaints);
}

long by_libc(int fd, unsigned long request, void *argument)
{
	enum { UNTOUCHED = 77 };
	long result;

	errno = UNTOUCHED;
	result = ioctl(fd, request, argument);
	if (result < 0)
		return -errno;
	if (errno != UNTOUCHED)
		complain("errno is %d after request %#lx that succeeded", errno, request);
	return result;
}

long by_instruction(int fd, unsigned long request, void *argument)
{
	unsigned int damage = 0;
	long result = checked_ioctl(fd, request, argument, &damage);

	if (damage)
		complain("request %#lx with result %ld damaged registers: %#x", request, result,
			damage);
	return result;
}

static void must(bool well, const char *what)
{
	if (well)
		return;
	printf("not ok: %s: %s\n", what, strerror(errno));
	exit(2);
}

int open_group(const char *path, int *container)
{
	int group = open(path, O_RDWR | O_CLOEXEC);

	must(group >= 0, path);
	*container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	must(*container >= 0, "/dev/vfio/vfio");
	must(!ioctl(group, VFIO_GROUP_SET_CONTAINER, container), "VFIO_GROUP_SET_CONTAINER");
	must(!ioctl(*container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), "VFIO_SET_IOMMU");
	return group;
}

/* Shared memory: what is pinned need not be copied for children. */
void area_init(struct area *area, int container, unsigned int n)
{
	area->container = container;
	area->iova = AREA_IOVA(n);
	area->memory = mmap(
		NULL, AREA_SIZE + PIECE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(area->memory != MAP_FAILED, "mmap");
}

static long map(const struct area *area, uint64_t offset, uint64_t size, call_fn call)
{
	struct vfio_iommu_type1_dma_map m = {.argsz = sizeof(m),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)area->memory + offset,
		.iova = area->iova + offset,
		.size = size};
	const struct vfio_iommu_type1_dma_map before = m;
	long result = call(area->container, VFIO_IOMMU_MAP_DMA, &m);

	if (memcmp(&m, &before, sizeof(m)))
		complain("a MAP with result %ld changed its struct", result);
	if (result > 0)
		complain("a MAP with result %ld", result);
	return result;
}

static long unmap(const struct area *area, uint64_t offset, uint64_t size, call_fn call)
{
	struct vfio_iommu_type1_dma_unmap u = {
		.argsz = sizeof(u), .iova = area->iova + offset, .size = size};
	const struct vfio_iommu_type1_dma_unmap before = u;
	long result = call(area->container, VFIO_IOMMU_UNMAP_DMA, &u);

	if (memcmp(&u, &before, sizeof(u)))
		complain("an UNMAP of %#lx with result %ld says that %#lx went", size, result,
			(unsigned long)u.size);
	return result;
}

long area_map(const struct area *area, call_fn call)
{
	return map(area, 0, AREA_SIZE, call);
}

long area_unmap(const struct area *area, call_fn call)
{
	return unmap(area, 0, AREA_SIZE, call);
}

long area_map_plain(const struct area *area, call_fn call)
{
	return map(area, AREA_SIZE, PIECE, call);
}

long area_unmap_plain(const struct area *area, call_fn call)
{
	return unmap(area, AREA_SIZE, PIECE, call);
}

static long unseen(int fd, unsigned long request, void *argument)
{
	size_t size = request == VFIO_IOMMU_MAP_DMA ? sizeof(struct vfio_iommu_type1_dma_map)
						    : sizeof(struct vfio_iommu_type1_dma_unmap);

	return unseen_ioctl(fd, request, argument, size);
}

/* Whether the kernel has a mapping at the page. */
static bool is_mapped(const struct area *area, uint64_t offset)
{
	long result = map(area, offset, PAGE, unseen);

	if (!result)
		unmap(area, offset, PAGE, unseen);
	return result == -EEXIST;
}

/* Memory that can be read holds zeroes here, and "" is no file's name. */
static bool is_readable(const char *p)
{
	return access(p, F_OK) && errno != EFAULT;
}

const char *area_whole(const struct area *area)
{
	if (!is_mapped(area, 0) || !is_mapped(area, PIECE - PAGE))
		return "the lower piece is not mapped";
	if (!is_mapped(area, 2 * PIECE) || !is_mapped(area, AREA_SIZE - PAGE))
		return "the upper piece is not mapped";
	if (is_readable(area->memory + PIECE) != bare ||
		is_readable(area->memory + 2 * PIECE - PAGE) != bare)
		return bare ? "it is guarded" : "it is not guarded";
	if (!is_readable(area->memory + PIECE - PAGE) || !is_readable(area->memory + 2 * PIECE))
		return "more than the hole is guarded";
	if (is_mapped(area, PIECE) != bare)
		return bare ? "the middle is not mapped" : "the hole is mapped";
	return NULL;
}

const char *area_gone(const struct area *area)
{
	struct vfio_iommu_type1_dma_unmap u = {
		.argsz = sizeof(u), .iova = area->iova, .size = AREA_SIZE};

	if (unseen(area->container, VFIO_IOMMU_UNMAP_DMA, &u))
		return "what is left there cannot be unmapped whole";
	if (u.size)
		return "some of it was left in the kernel";
	if (!is_readable(area->memory + PIECE) || !is_readable(area->memory + 2 * PIECE - PAGE))
		return "it is still guarded";
	return NULL;
}

long mappings_available(int container)
{
	_Alignas(8) char bytes[1024] = {0};
	struct vfio_iommu_type1_info info = {.argsz = sizeof(bytes)};
	struct vfio_iommu_type1_info_dma_avail avail;
	long result;

	memcpy(bytes, &info, sizeof(info));
	result = unseen_ioctl(container, VFIO_IOMMU_GET_INFO, bytes, sizeof(bytes));
	if (result)
		return result;
	memcpy(&info, bytes, sizeof(info));
	for (uint32_t at = info.cap_offset; at; at = avail.header.next) {
		memcpy(&avail, bytes + at, sizeof(avail));
		if (avail.header.id == VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL)
			return avail.avail;
	}
	return -ENOENT;
}

long unmap_all_unseen(int container)
{
	struct vfio_iommu_type1_dma_unmap u = {
		.argsz = sizeof(u), .flags = VFIO_DMA_UNMAP_FLAG_ALL};
	long result = unseen(container, VFIO_IOMMU_UNMAP_DMA, &u);

	return result ? result : (long)u.size;
}
