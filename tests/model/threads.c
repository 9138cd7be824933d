/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many threads map and unmap through one engine over the model; also run under the thread
 * sanitizer.
 *
 * usage: threads [ROUNDS]; each thread has a range of its own over the same hole set, and all of
 * them fight over one more. */
#include "engine.h"
#include "model.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, HOLE_EVERY = 64 };
#define PAGE 4096ULL
#define SLOT (256 * PAGE)
#define BASE 0x100000000ULL

static struct engine engine;
static struct container shim;
static struct model *model;
static int fd;
static long rounds = 2000;
static atomic_long failures, shared_maps, shared_unmaps;
static atomic_int guarded;

static int classify(void *context, struct range vaddr, struct range iova, enum memory_kind *kind)
{
	(void)context;
	(void)vaddr;
	(void)iova;
	*kind = MEMORY_RAM;
	return 0;
}

static int guard(void *context, struct range vaddr, uint32_t flags, uint64_t *given_back)
{
	(void)flags;
	(void)context;
	(void)vaddr;
	*given_back = 0;
	guarded++;
	return 0;
}

static void unguard(void *context, struct range vaddr)
{
	(void)context;
	(void)vaddr;
	guarded--;
}

static void ignore(void *context, const struct event *event)
{
	(void)context;
	(void)event;
}

static int map(uint64_t iova)
{
	struct vfio_iommu_type1_dma_map request = {.argsz = sizeof(request),
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.vaddr = 0x7f0000000000,
		.iova = iova,
		.size = SLOT};

	return engine_map(&engine, &shim, fd, &request);
}

static int unmap(uint64_t iova, uint64_t *size)
{
	struct vfio_iommu_type1_dma_unmap request = {
		.argsz = sizeof(request), .iova = iova, .size = SLOT};
	int result = engine_unmap(&engine, &shim, fd, &request);

	*size = request.size;
	return result;
}

static void expect(bool good, const char *what)
{
	if (good)
		return;
	failures++;
	fprintf(stderr, "not ok: %s\n", what);
}

/* What only this thread maps: as if it were alone. */
static void own_round(uint64_t iova)
{
	uint64_t size;

	expect(!map(iova), "own map");
	expect(map(iova) == -EEXIST, "own map again");
	expect(!unmap(iova, &size) && size == SLOT, "own unmap reports all of it");
	expect(!unmap(iova, &size) && !size, "own unmap again reports nothing");
}

/* What all of them map: it is there or not, but always whole. */
static void shared_round(uint64_t iova)
{
	uint64_t size;
	int result = map(iova);

	expect(!result || result == -EEXIST, "shared map");
	shared_maps += !result;
	result = unmap(iova, &size);
	expect(!result && (!size || size == SLOT), "shared unmap is all or nothing");
	shared_unmaps += size == SLOT;
}

static void *work(void *argument)
{
	uint64_t own = BASE + SLOT * (1 + (uint64_t)(uintptr_t)argument);

	for (long i = 0; i < rounds; i++) {
		own_round(own);
		shared_round(BASE);
	}
	return NULL;
}

static void open_world(struct model_host *host)
{
	struct model_group *group;
	struct host_group regions = {.number = 1};

	model_host_init(host);
	group = model_host_add_group(host, 1);
	for (uint64_t i = 0; i < THREADS + 1; i++) {
		uint64_t first = BASE + SLOT * i + HOLE_EVERY * PAGE;
		struct model_range r = {first, first + 16 * PAGE - 1};

		model_group_add_region(group, (struct model_region){r, MODEL_RESERVED});
		regions.regions[regions.n_regions++] =
			(struct hole){.range = {r.first, r.last}, .source = HOLE_SYSFS, .group = 1};
	}
	model = model_create(host, NULL);
	fd = model_open_container(model);
	model_attach(model, fd, 1);
	model_set_iommu(model, fd, VFIO_TYPE1v2_IOMMU);
	engine = (struct engine){.kernel = {model_ioctl, model},
		.memory = {classify, guard, unguard, NULL},
		.audience = {ignore, NULL},
		.policy = {.source_sysfs = true,
			.guard = true,
			.crossing = CROSSING_SPLIT,
			.inside = INSIDE_REFUSE},
		.lock = LOCK_INITIALIZER,
		.page = PAGE};
	engine_container_init(&engine, &shim);
	engine_iommu_set(&engine, &shim, VFIO_TYPE1v2_IOMMU);
	engine_group_added(&engine, &shim, &regions);
}

int main(int argc, char **argv)
{
	struct model_mapping left;
	struct model_host host;
	pthread_t threads[THREADS];

	if (argc > 1)
		rounds = strtol(argv[1], NULL, 0);
	open_world(&host);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	expect(shared_maps == shared_unmaps, "each shared map was unmapped once");
	expect(!model_mappings(model, fd, &left, 1), "nothing is left mapped");
	expect(!shim.n_splits && !shim.claims, "nothing is left recorded");
	expect(!guarded, "nothing is left guarded");
	engine_container_gone(&engine, &shim);
	engine_free(&engine);
	model_destroy(model);
	model_host_release(&host);
	printf("%s: %d threads, %ld rounds each, %ld shared mappings\n", failures ? "not ok" : "ok",
		THREADS, rounds, (long)shared_maps);
	return failures != 0;
}
