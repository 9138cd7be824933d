/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the engine's own work grows with holes and with mappings across them that stay. */
/*
 * usage: growth holes|splits
 *
 * Over a kernel that says yes to all. A line for each number: it, and the nanoseconds of
 *   holes:  a MAP that passes; one across a hole, with its UNMAP; the policy's load, a hole.
 *   splits: a MAP that passes between them; one across a hole, below them all, with its UNMAP; the
 * same above them all. The median of many batches.
 */
#include "engine.h"
#include "mem.h"

#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCHES = 25, COUNT = 200, PAGE = 4096 };
static const uint64_t FIRST = 0x100000000, STRIDE = 0x10000;

static int say_yes(void *context, int fd, unsigned long request, void *argument)
{
	(void)context;
	(void)fd;
	(void)request;
	(void)argument;
	return 0;
}

static int is_ram(void *context, struct range vaddr, struct range iova, enum memory_kind *kind)
{
	(void)context;
	(void)vaddr;
	(void)iova;
	*kind = MEMORY_RAM;
	return 0;
}

static void ignore(void *context, const struct event *event)
{
	(void)context;
	(void)event;
}

static struct engine engine;
static struct container container;

static void map(uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_map request = {.argsz = sizeof(request),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = iova,
		.iova = iova,
		.size = size};

	if (engine_map(&engine, &container, 0, &request))
		exit(2);
}

static void unmap(uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap request = {
		.argsz = sizeof(request), .iova = iova, .size = size};

	if (engine_unmap(&engine, &container, 0, &request))
		exit(2);
}

/* The n-th hole is a page at this address. */
static uint64_t hole_at(int n)
{
	return FIRST + (uint64_t)n * STRIDE;
}

/* What is loaded at start, as text: the whole way of a policy. */
static void load_holes(int n)
{
	static const struct policy_host host = {"", 6, 12};
	struct policy_error error;
	char *text = malloc((size_t)n * 64 + 64);
	size_t length = (size_t)sprintf(text, "guard off\n");

	for (int i = 0; i < n; i++)
		length += (size_t)sprintf(text + length, "hole 0x%llx-0x%llx name=h%d\n",
			(unsigned long long)hole_at(i), (unsigned long long)hole_at(i) + PAGE - 1,
			i);
	policy_free(&engine.policy);
	if (policy_parse(&engine.policy, "growth", text, length, &host, NULL, &error)) {
		fprintf(stderr, "growth: %s\n", error.text);
		exit(2);
	}
	free(text);
}

/* More than a policy's text may have. */
static void set_holes(int n)
{
	struct hole *list = calloc((size_t)n, sizeof(*list));

	load_holes(1);
	for (int i = 0; i < n; i++) {
		list[i] = engine.policy.holes[0];
		list[i].range = (struct range){hole_at(i), hole_at(i) + PAGE - 1};
	}
	free(engine.policy.holes);
	engine.policy.holes = list;
	engine.policy.n_holes = (size_t)n;
}

static void begin(int n, void (*find)(int n))
{
	container_free(&container);
	engine_free(&engine);
	memset(&container, 0, sizeof(container));
	find(n);
	if (engine_container_init(&engine, &container))
		exit(2);
	engine_iommu_set(&engine, &container, VFIO_TYPE1v2_IOMMU);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(void (*operation)(int n, int i), int n, int count)
{
	double times[BATCHES];

	for (int batch = 0; batch < BATCHES; batch++) {
		struct timespec from, to;

		clock_gettime(CLOCK_MONOTONIC, &from);
		for (int i = 0; i < count; i++)
			operation(n, batch * count + i);
		clock_gettime(CLOCK_MONOTONIC, &to);
		times[batch] = ((double)(to.tv_sec - from.tv_sec) * 1e9 +
				       (double)(to.tv_nsec - from.tv_nsec)) /
			       count;
	}
	qsort(times, BATCHES, sizeof(*times), ascending);
	return times[BATCHES / 2];
}

/* Here and there, in an order that no branch predictor learns. */
static int somewhere(int n, int i)
{
	return (int)(((uint64_t)(unsigned int)i * 2654435761u >> 7) % (unsigned int)n);
}

static void pass_between(int n, int i)
{
	map(hole_at(somewhere(n, i)) + 5 * STRIDE / 8, PAGE);
}

static void split(int n, int i)
{
	uint64_t begin = hole_at(somewhere(n, i)) - STRIDE / 4;

	map(begin, STRIDE / 2);
	unmap(begin, STRIDE / 2);
}

static void split_below(int n, int i)
{
	(void)n;
	split(1, i);
}

static void split_above(int n, int i)
{
	uint64_t begin = hole_at(n + 1) - STRIDE / 4;

	(void)i;
	map(begin, STRIDE / 2);
	unmap(begin, STRIDE / 2);
}

static void load(int n, int i)
{
	(void)i;
	begin(n, load_holes);
}

static void holes(int n)
{
	begin(n, load_holes);
	printf("%d %.1f %.1f", n, median(pass_between, n, COUNT), median(split, n, COUNT));
	printf(" %.1f\n", median(load, n, 1) / n);
}

/* Hole 0 and the last one are left to those that come and go. */
static void splits(int n)
{
	begin(n + 2, set_holes);
	for (int i = 1; i <= n; i++)
		map(hole_at(i) - STRIDE / 4, STRIDE / 2);
	printf("%d %.1f", n, median(pass_between, n, COUNT));
	printf(" %.1f %.1f\n", median(split_below, n, COUNT), median(split_above, n, COUNT));
}

int main(int argc, char **argv)
{
	bool by_holes = argc == 2 && !strcmp(argv[1], "holes");
	int most = by_holes ? 10000 : 100000;

	if (!by_holes && (argc != 2 || strcmp(argv[1], "splits") != 0)) {
		fputs("usage: growth holes|splits\n", stderr);
		return 2;
	}
	engine.kernel.ioctl = say_yes;
	engine.memory.classify = is_ram;
	engine.audience.event = ignore;
	engine.lock = (struct lock)LOCK_INITIALIZER;
	engine.page = PAGE;
	for (int decade = 1; decade <= most; decade *= 10)
		for (int step = 1; step < 10 && decade * step <= most;
			step = step == 2 ? 5 : 2 * step)
			(by_holes ? holes : splits)(decade * step);
	return 0;
}
