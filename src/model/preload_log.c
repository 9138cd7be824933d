// SPDX-License-Identifier: GPL-2.0-or-later
/* libiovamodel.so: a line of text for each request that decides where memory goes. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include <linux/vfio.h>

#include "pci.h"
#include "preload_log.h"
#include "real.h"

/* Out of the way of programs that expect the lowest numbers for themselves. */
#define LOG_FIRST 390

static int log_fd = -1;

int preload_log_open(const char *path)
{
	int fd, high;

	if (!path || !*path)
		return 0;
	fd = real.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	high = fcntl(fd, F_DUPFD_CLOEXEC, LOG_FIRST);
	if (high >= 0)
		close(fd);
	log_fd = high >= 0 ? high : fd;
	return 0;
}

/* One write a line: lines of several threads stay whole. */
__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
	char line[160];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (length > 0 && (size_t)length < sizeof(line))
		(void)!write(log_fd, line, (size_t)length);
}

static int error(int result)
{
	return result < 0 ? -result : 0;
}

void preload_log_group(int container, unsigned int group, int result)
{
	if (log_fd >= 0)
		add("group %d %u %d\n", container, group, error(result));
}

void preload_log_device(unsigned int group, const struct model_device *device)
{
	unsigned int bars = 0;

	if (log_fd < 0 || !device)
		return;
	for (unsigned int i = 0; i < MODEL_BARS; i++)
		bars += !device->bar[i].io && device->bar[i].size >= 4096;
	add("device %u %s %u\n", group, device->name, bars);
}

/* Whose the memory at @address is: /proc/self/maps has a device's name, and the BAR's offset. */
static void kind_of(uint64_t address, char kind[32])
{
	FILE *maps = real.fopen("/proc/self/maps", "re");
	char *line = NULL, device[16];
	size_t room = 0;
	uint64_t first, end, offset;

	snprintf(kind, 32, "ram");
	while (maps && getline(&line, &room, maps) > 0) {
		const char *name;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &first, &end, &offset) !=
				3 ||
			address >= end)
			continue;
		name = address >= first ? strstr(line, BAR_NAME) : NULL;
		if (name && sscanf(name + sizeof(BAR_NAME) - 1, "%15s", device) == 1)
			snprintf(kind, 32, "%s:%u", device,
				(unsigned int)((offset + address - first) >> PCI_REGION_SHIFT));
		break;
	}
	free(line);
	if (maps)
		fclose(maps);
}

void preload_log_container(
	const struct model_env *env, int container, uint32_t request, void *argument, int result)
{
	struct vfio_iommu_type1_dma_map map;
	struct vfio_iommu_type1_dma_unmap unmap;
	char kind[32];

	if (log_fd < 0)
		return;
	if (request == VFIO_IOMMU_MAP_DMA &&
		!env->copy_in(&map, (uintptr_t)argument, sizeof(map))) {
		kind_of(map.vaddr, kind);
		add("map %d 0x%" PRIx64 " 0x%" PRIx64 " 0x%x %d %s\n", container,
			(uint64_t)map.iova, (uint64_t)map.size, map.flags, error(result), kind);
	} else if (request == VFIO_IOMMU_UNMAP_DMA &&
		   !env->copy_in(&unmap, (uintptr_t)argument, sizeof(unmap))) {
		add("unmap %d 0x%" PRIx64 " 0x%" PRIx64 " 0x%x %d\n", container,
			(uint64_t)unmap.iova, (uint64_t)unmap.size, unmap.flags, error(result));
	}
}
