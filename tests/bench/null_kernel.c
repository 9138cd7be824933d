/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VFIO's container in a few instructions, to preload: what is measured over it is the shim's own.
 */
/*
 * /dev/vfio/vfio and one group open as /dev/null. Mappings are noted by their first page, below 1
 * GiB; they must not overlap. fstat costs the real call.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { PAGE_SHIFT = 12, PAGES = 1 << 18 };

EXPORT int open(const char *path, int flags, ...);
EXPORT int fstat(int fd, struct stat *st);
EXPORT int __fxstat(int version, int fd, struct stat *st);
EXPORT int ioctl(int fd, unsigned long request, void *argument);

static int container = -1, group = -1;
static uint32_t sizes[PAGES]; /* of the mapping that begins here, in pages; 0: none does */

int open(const char *path, int flags, ...)
{
	va_list arguments;
	int fd, mode;

	va_start(arguments, flags);
	mode = flags & O_CREAT ? va_arg(arguments, int) : 0;
	va_end(arguments);
	if (strncmp(path, "/dev/vfio/", 10) != 0)
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	fd = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", flags, 0);
	*(strcmp(path, "/dev/vfio/vfio") ? &group : &container) = fd;
	return fd;
}

int fstat(int fd, struct stat *st)
{
	int result = (int)syscall(SYS_fstat, fd, st);

	if (!result && fd == container)
		st->st_rdev = makedev(10, 196);
	return result;
}

int __fxstat(int version, int fd, struct stat *st)
{
	(void)version;
	return fstat(fd, st);
}

static int answer(int result)
{
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}

static int map(const struct vfio_iommu_type1_dma_map *request)
{
	uint32_t *size = &sizes[(request->iova >> PAGE_SHIFT) % PAGES];

	if (*size)
		return -EEXIST;
	*size = (uint32_t)(request->size >> PAGE_SHIFT);
	return 0;
}

static int unmap(struct vfio_iommu_type1_dma_unmap *request)
{
	uint64_t page = request->iova >> PAGE_SHIFT, end = page + (request->size >> PAGE_SHIFT);
	uint64_t pages = 0;

	while (page < end && page < PAGES) {
		uint32_t size = sizes[page];

		sizes[page] = 0;
		pages += size;
		page += size ? size : 1;
	}
	request->size = pages << PAGE_SHIFT;
	return 0;
}

static int get_info(struct vfio_iommu_type1_info *info)
{
	info->flags = VFIO_IOMMU_INFO_PGSIZES;
	info->iova_pgsizes = 1 << PAGE_SHIFT;
	return 0;
}

int ioctl(int fd, unsigned long request, void *argument)
{
	if (fd == group && fd >= 0)
		return 0;
	if (fd != container || fd < 0)
		return (int)syscall(SYS_ioctl, fd, request, argument);
	switch (request) {
	case VFIO_SET_IOMMU:
		return 0;
	case VFIO_IOMMU_GET_INFO:
		return answer(get_info(argument));
	case VFIO_IOMMU_MAP_DMA:
		return answer(map(argument));
	case VFIO_IOMMU_UNMAP_DMA:
		return answer(unmap(argument));
	default:
		return answer(-ENOTTY);
	}
}
