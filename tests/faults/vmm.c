/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small VMM for faults to happen to. It prints what it gets, a line a request, and ends with 1 if
 * that is something that no kernel gives: half of a mapping, memory that stays away.
 *
 * usage: vmm [stack | descriptors | memory PAGES | closed]
 *   stack         in a thread whose stack has 16 KiB
 *   descriptors   when the container is ready, all others are taken
 *   memory PAGES  and then it gets PAGES more pages of address space (RLIMIT_AS), no more
 *   closed        without standard error */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MIB = 1 << 20, SIZE = 3 * MIB, STACK = 16384, LINES = 256 };

/* Three MiB of which the middle one is: the MSI window; a hole of the policy's alone, which the
 * kernel maps; nothing. */
static const uint64_t window = 0xfed00000, ruled = 0x100000000, nowhere = 0x200000000;

static char *memory;
static int probe[2], failures, n_lines;
static struct line {
	const char *what, *outcome;
	int result;
} lines[LINES];
static enum { PLAIN, IN_A_SMALL_STACK, WITHOUT_DESCRIPTORS, WITHOUT_MEMORY } how;
static unsigned long pages_left;

/* Printed at the end: printf() takes more stack than there may be. */
static void note(const char *what, int result, const char *outcome)
{
	if (n_lines < LINES)
		lines[n_lines++] = (struct line){what, outcome, result < 0 ? errno : 0};
}

static void expect(bool good, const char *what, const char *outcome)
{
	if (good)
		return;
	failures++;
	note(what, 0, outcome);
}

/* What is guarded cannot be read by the kernel either. */
static bool accessible(size_t at)
{
	char byte;

	return write(probe[1], memory + at, 1) == 1 && read(probe[0], &byte, 1) == 1;
}

static bool all_accessible(void)
{
	for (size_t at = 0; at < SIZE; at += MIB / 2)
		if (!accessible(at))
			return false;
	return true;
}

static int map(int fd, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map request = {.argsz = sizeof(request),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = iova,
		.size = SIZE};

	return ioctl(fd, VFIO_IOMMU_MAP_DMA, &request);
}

/* The bytes that went, or -1. */
static int unmap(int fd, uint64_t iova)
{
	struct vfio_iommu_type1_dma_unmap request = {
		.argsz = sizeof(request), .iova = iova, .size = SIZE};

	return ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &request) ? -1 : (int)request.size;
}

/* A mapping there is whole or not at all, to the one who asked for it. */
static void map_and_unmap(const char *what, int fd, uint64_t iova)
{
	int result = map(fd, iova), gone;
	bool guarded = !accessible(MIB);

	note(what, result, result ? "" : guarded ? "mapped and guarded" : "mapped");
	if (result) {
		expect(all_accessible(), what, "NOT MAPPED, BUT GUARDED");
		expect(!unmap(fd, iova), what, "NOT MAPPED, BUT IN PART");
		return;
	}
	expect(accessible(0) && accessible(SIZE - 1), what, "GUARDED BEYOND THE HOLE");
	expect(map(fd, iova) && errno == EEXIST, what, "MAPPED TWICE");
	gone = unmap(fd, iova);
	expect(gone == SIZE, what, "NOT UNMAPPED WHOLE");
	expect(!unmap(fd, iova), what, "SOMETHING STAYED MAPPED");
	expect(all_accessible(), what, "THE GUARD STAYED");
}

static int open_group(const char *path, int container)
{
	int group = open(path, O_RDWR | O_CLOEXEC);

	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		note(path, -1, "");
	return group;
}

static int open_container(const char *group_path, int *group)
{
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	*group = open_group(group_path, container);
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		note("SET_IOMMU", -1, "");
	return container;
}

static int dirty(int fd, uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap request = {.argsz = sizeof(request), .flags = flags};

	return ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, &request);
}

static void unmap_dirty(int fd)
{
	static uint64_t bits[SIZE / 4096 / 64];
	struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} request = {{.argsz = sizeof(request),
			     .flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
			     .iova = ruled,
			     .size = SIZE},
		{.pgsize = 4096, .size = sizeof(bits), .data = (__u64 *)bits}};
	int result;

	if (dirty(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START)) {
		note("dirty tracking", -1, "");
		return;
	}
	if (!map(fd, ruled)) {
		result = ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &request);
		note("unmap with its dirty bitmap", result, result ? "" : "unmapped");
		expect(result ? unmap(fd, ruled) == SIZE : request.unmap.size == SIZE,
			"unmap with its dirty bitmap", "NOT WHOLE");
	}
	expect(!dirty(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP), "dirty tracking", "DOES NOT STOP");
	expect(all_accessible(), "unmap with its dirty bitmap", "THE GUARD STAYED");
}

static void in_child(int fd)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		failures = 0;
		map_and_unmap("in a child", fd, ruled);
		_exit(failures);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		note("fork", -1, "");
	else
		expect(!status, "in a child", "DIED OR FAILED");
}

/* Two containers that have the same memory. */
static void with_another(int fd)
{
	int group, other = open_container("/dev/vfio/4", &group), first = map(fd, ruled),
		   second = map(other, ruled);

	note("in one container", first, "mapped");
	note("and in another", second, "mapped");
	if (!first) {
		expect(unmap(fd, ruled) == SIZE, "in one container", "NOT UNMAPPED WHOLE");
		expect(second || accessible(MIB) == accessible(MIB + 4096), "and in another",
			"GUARDED IN PART");
	}
	close(group);
	close(other);
	expect(all_accessible(), "and in another", "THE GUARD OUTLIVED IT");
}

static void take_all_descriptors(void)
{
	struct rlimit limit = {64, 64};

	setrlimit(RLIMIT_NOFILE, &limit);
	while (dup(0) >= 0)
		;
}

static void limit_memory(void)
{
	unsigned long pages = 0;
	struct rlimit limit;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (!statm || fscanf(statm, "%lu", &pages) != 1)
		exit(2);
	fclose(statm);
	limit.rlim_cur = limit.rlim_max = (pages + pages_left) * 4096;
	setrlimit(RLIMIT_AS, &limit);
}

static void *live(void *unused)
{
	char device_name[] = "0000:00:05.0";
	int group, container = open_container("/dev/vfio/3", &group), copy, device;

	if (how == WITHOUT_DESCRIPTORS)
		take_all_descriptors();
	if (how == WITHOUT_MEMORY)
		limit_memory();
	map_and_unmap("far from holes", container, nowhere);
	map_and_unmap("across the policy's", container, ruled);
	map_and_unmap("across the window", container, window);
	unmap_dirty(container);
	in_child(container);
	if (how == PLAIN || how == IN_A_SMALL_STACK) {
		device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, device_name);
		note("device", device, "opened");
		copy = dup(container);
		map_and_unmap("by a copy", copy, ruled);
		close(copy);
		with_another(container);
		close(device);
	}
	expect(!map(container, nowhere), "far from holes", "NOT MAPPED");
	map(container, window);
	close(group);
	close(container);
	expect(all_accessible(), "at the end", "THE GUARD OUTLIVED THE CONTAINER");
	return unused;
}

static void live_in_a_small_stack(void)
{
	char *stack = mmap(NULL, 2 * STACK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;

	if (stack == MAP_FAILED || mprotect(stack + STACK, STACK, PROT_READ | PROT_WRITE) ||
		pthread_attr_init(&attributes) ||
		pthread_attr_setstack(&attributes, stack + STACK, STACK) ||
		pthread_create(&thread, &attributes, live, NULL))
		exit(2);
	pthread_join(thread, NULL);
	for (size_t used = 0; used < STACK; used += 16)
		if (stack[STACK + used]) {
			fprintf(stderr, "stack: %zu bytes were left\n", used);
			break;
		}
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (!strcmp(word, "stack"))
		how = IN_A_SMALL_STACK;
	else if (!strcmp(word, "descriptors"))
		how = WITHOUT_DESCRIPTORS;
	else if (!strcmp(word, "memory") && argc == 3)
		how = WITHOUT_MEMORY;
	else if (!strcmp(word, "closed"))
		close(STDERR_FILENO);
	else if (*word)
		return 2;
	pages_left = how == WITHOUT_MEMORY ? strtoul(argv[2], NULL, 0) : 0;
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || pipe(probe))
		return 2;
	if (how == IN_A_SMALL_STACK)
		live_in_a_small_stack();
	else
		live(NULL);
	for (int i = 0; i < n_lines; i++)
		printf("%s: %s\n", lines[i].what,
			lines[i].result ? strerrorname_np(lines[i].result) : lines[i].outcome);
	return failures != 0;
}
