/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other people's code around the shim, by what it is compiled as:
 *   -DPRELOAD       a library to preload that stands in front of ioctl, too; how many
 * VFIO_IOMMU_MAP_DMA went through it is written to the file MAPS_SEEN names -DCONSTRUCTOR   a
 * library whose constructor maps already -DPLUGIN        a library that maps when it is asked to
 *   -DHOST          a program: host FLAGS PLUGIN, FLAGS of dlopen() in decimal
 * Each mapping is tried across the MSI window, and what came of it said on standard output. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int map_across(int container);

#if defined(CONSTRUCTOR) || defined(PLUGIN)
enum { MIB = 1 << 20 };

/* 0, or an errno. */
int map_across(int container)
{
	char *memory =
		mmap(NULL, 3 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vfio_iommu_type1_dma_map map = {.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = 0xfed00000,
		.size = 3 * MIB};
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = 0xfed00000, .size = 3 * MIB};

	if (ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
		return errno;
	return ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? errno
	       : unmap.size != 3 * MIB			      ? ERANGE
							      : 0;
}
#endif

#if defined(CONSTRUCTOR) || defined(HOST)
/* Has a container made and @map map in it. Nothing stays open. 0, or an errno. */
static int map_by(int (*map)(int container))
{
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC), err;
	int group = open("/dev/vfio/3", O_RDWR | O_CLOEXEC);

	ioctl(group, VFIO_GROUP_SET_CONTAINER, &container);
	ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	err = map(container);
	close(group);
	close(container);
	return err;
}

static void say(const char *who, int err)
{
	char line[64];

	snprintf(line, sizeof(line), "%s: %s\n", who, err ? strerrorname_np(err) : "mapped");
	(void)!write(STDOUT_FILENO, line, strlen(line));
}
#endif

#if defined(CONSTRUCTOR)
static __attribute__((constructor)) void construct(void)
{
	say("constructor", map_by(map_across));
}
#elif defined(HOST)
int main(int argc, char **argv)
{
	int (*map)(int container);
	void *plugin = argc == 3 ? dlopen(argv[2], atoi(argv[1])) : NULL, *symbol;

	if (!plugin) {
		fprintf(stderr, "%s\n", argc == 3 ? dlerror() : "usage: host FLAGS PLUGIN");
		return 2;
	}
	symbol = dlsym(plugin, "map_across");
	memcpy(&map, &symbol, sizeof(map));
	say("plugin", map_by(map));
	return 0;
}
#elif defined(PRELOAD)
static unsigned long maps;

__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request, ...)
{
	static int (*next)(int, unsigned long, ...);
	va_list arguments;
	void *argument, *symbol;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (!next) {
		symbol = dlsym(RTLD_NEXT, "ioctl");
		memcpy(&next, &symbol, sizeof(next));
	}
	maps += request == VFIO_IOMMU_MAP_DMA;
	return next(fd, request, argument);
}

static __attribute__((destructor)) void end(void)
{
	const char *name = getenv("MAPS_SEEN");
	FILE *to = name ? fopen(name, "w") : NULL;

	if (!to)
		return;
	fprintf(to, "%lu\n", maps);
	fclose(to);
}
#endif
