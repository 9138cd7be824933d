/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's requests to VFIO, through the shim and around it. */
#include "checked_call.h"
#include "client.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

int group_fd = -1;

#ifdef CLIENT_DIRECT
int direct_ioctl(int fd, unsigned long request, ...)
{
	unsigned int damage = 0;
	va_list arguments;
	void *argument;
	long result;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	result = checked_ioctl(fd, request, argument, &damage);
	expect(0, "registers that the call leaves alone", 0, damage);
	if (result >= 0)
		return (int)result;
	errno = (int)-result;
	return -1;
}
#endif

long raw_ioctl(int fd, unsigned long request, void *argument, size_t size)
{
	return unseen_ioctl(fd, request, argument, size);
}

int attach(int container, const char *group)
{
	int g = open(group, O_RDWR | O_CLOEXEC);

	if (g < 0)
		die(group);
	if (ioctl(g, VFIO_GROUP_SET_CONTAINER, &container))
		die("VFIO_GROUP_SET_CONTAINER");
	return g;
}

int open_container_of(long type)
{
	int c = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	if (c < 0)
		die("/dev/vfio/vfio");
	group_fd = attach(c, disk_group);
	if (ioctl(c, VFIO_SET_IOMMU, type))
		die("VFIO_SET_IOMMU");
	return c;
}

int open_container(void)
{
	return open_container_of(VFIO_TYPE1v2_IOMMU);
}

void close_container(int container)
{
	close(group_fd);
	close(container);
}

int open_device(int group, const char *name)
{
	int d = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);

	if (d < 0)
		die("VFIO_GROUP_GET_DEVICE_FD");
	return d;
}

struct vfio_iommu_type1_dma_map map_request(void *p, uint64_t iova, uint64_t size)
{
	return (struct vfio_iommu_type1_dma_map){
		.argsz = sizeof(struct vfio_iommu_type1_dma_map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)p,
		.iova = iova,
		.size = size,
	};
}

long map_with(int container, struct vfio_iommu_type1_dma_map m)
{
	struct vfio_iommu_type1_dma_map before = m;
	long r;

	errno = 77;
	r = ioctl(container, VFIO_IOMMU_MAP_DMA, &m) ? -errno : 0;
	expect(0, "MAP leaves its struct alone", 0, memcmp(&m, &before, sizeof(m)));
	if (!r)
		expect(0, "errno after a MAP that succeeded", 77, errno);
	return r;
}

long map(int container, void *p, uint64_t iova, uint64_t size)
{
	return map_with(container, map_request(p, iova, size));
}

long map_vaddr(int container, void *p, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_map m = map_request(p, iova, size);

	m.flags = VFIO_DMA_MAP_FLAG_VADDR;
	return map_with(container, m);
}

long raw_map(int container, void *p, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_map m = map_request(p, iova, size);

	return raw_ioctl(container, VFIO_IOMMU_MAP_DMA, &m, sizeof(m));
}

long unmap_flags(int container, uint64_t iova, uint64_t size, uint32_t flags, uint64_t *gone)
{
	struct {
		struct vfio_iommu_type1_dma_unmap u;
		uint64_t behind;
	} s = {{.argsz = sizeof(s.u), .flags = flags, .iova = iova, .size = size},
		0x5a5a5a5a5a5a5a5a};
	long r;

	errno = 77;
	r = ioctl(container, VFIO_IOMMU_UNMAP_DMA, &s) ? -errno : 0;
	*gone = s.u.size;
	expect(0, "UNMAP leaves argsz alone", sizeof(s.u), s.u.argsz);
	expect(0, "UNMAP leaves flags alone", flags, s.u.flags);
	expect(0, "UNMAP leaves iova alone", (long)iova, (long)s.u.iova);
	expect(0, "UNMAP leaves what is behind alone", 0x5a5a5a5a5a5a5a5a, (long)s.behind);
	expect(0, "errno after UNMAP", r ? -r : 77, errno);
	if (r)
		expect(0, "an UNMAP that fails leaves size alone", (long)size, (long)*gone);
	return r;
}

long unmap(int container, uint64_t iova, uint64_t size, uint64_t *gone)
{
	return unmap_flags(container, iova, size, 0, gone);
}

void same_as_raw(int fd, unsigned long request, const void *bytes, size_t n)
{
	_Alignas(8) unsigned char a[64] = {0}, b[64];
	long ra, rb;

	memcpy(a, bytes, n);
	memcpy(b, a, sizeof(b));
	ra = raw_ioctl(fd, request, a, sizeof(a));
	rb = ioctl(fd, request, b);
	rb = rb < 0 ? -errno : rb;
	expect(0, "the same result as around the shim", ra, rb);
	expect(0, "the same struct as around the shim", 0, memcmp(a, b, sizeof(a)));
}
