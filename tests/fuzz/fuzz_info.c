/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer: any bytes as the kernel's replies to VFIO_IOMMU_GET_INFO, the VMM's own and those that
 * the engine asks for; and then a mapping, which must keep off what no reply called usable. */
#include "container.h"
#include "engine.h"
#include "fuzz.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
	struct engine engine;
	struct container container;
	const uint8_t *reply; /* to the engine's own question */
	size_t reply_size;
	int events;
};

/* The kernel: answers with as much of the reply as there is room for, and maps anything that
 * touches no hole. */
static int answer(void *context, int fd, unsigned long request, void *argument)
{
	struct world *world = context;
	struct vfio_iommu_type1_dma_map map;
	uint32_t room;

	(void)fd;
	if (request == VFIO_IOMMU_MAP_DMA) {
		memcpy(&map, argument, sizeof(map));
		check(map.size && !hole_set_touches(world->container.holes,
					  (struct range){map.iova, map.iova + map.size - 1}));
		return 0;
	}
	check(request == VFIO_IOMMU_GET_INFO);
	if (world->reply_size < sizeof(struct vfio_iommu_type1_info))
		return -EINVAL;
	memcpy(&room, argument, sizeof(room));
	memcpy(argument, world->reply, room < world->reply_size ? room : world->reply_size);
	return 0;
}

static int classify(void *context, struct range vaddr, struct range iova, enum memory_kind *kind)
{
	(void)context;
	(void)vaddr;
	(void)iova;
	*kind = MEMORY_RAM;
	return 0;
}

static void hear(void *context, const struct event *event)
{
	struct world *world = context;

	check(event->kind != EVENT_CONTAINER || event->holes == world->container.holes);
	world->events++;
}

static void open_world(struct world *world)
{
	static const struct host_group group = {.number = 7,
		.n_regions = 1,
		.regions = {{.range = {0xfee00000, 0xfeefffff}, .type = REGION_MSI, .group = 7}}};

	*world = (struct world){0};
	world->engine = (struct engine){.kernel = {answer, world},
		.memory = {.classify = classify},
		.audience = {hear, world},
		.policy = {.source_sysfs = true,
			.source_kernel = true,
			.crossing = CROSSING_SPLIT,
			.inside = INSIDE_REFUSE},
		.lock = LOCK_INITIALIZER,
		.page = 4096};
	check(!engine_container_init(&world->engine, &world->container));
	engine_group_added(&world->engine, &world->container, &group);
	engine_iommu_set(&world->engine, &world->container, VFIO_TYPE1v2_IOMMU);
}

/* What is unusable by the reply is in a hole, to the byte where the ranges are in the kernel's
 * order; and what is usable is in none but the group's. */
static void check_ranges(const struct container *container)
{
	const struct hole_set *holes = container->holes;
	bool in_order = true;

	for (size_t i = 0; i < container->n_valid; i++) {
		const struct range *valid = &container->valid[i];

		check(valid->first <= valid->last);
		in_order = in_order && (!i || container->valid[i - 1].last < valid->first);
	}
	if (!container->kernel_known || !container->n_valid || !in_order)
		return;
	for (size_t i = 0; i <= container->n_valid; i++) {
		uint64_t first = i ? container->valid[i - 1].last + 1 : 0;
		uint64_t last = i < container->n_valid ? container->valid[i].first - 1 : UINT64_MAX;

		if ((i && !first) || (i < container->n_valid && !(last + 1)) || first > last)
			continue; /* the ranges touch, or reach the end */
		check(hole_set_find(holes, first) && hole_set_find(holes, first)->first <= first);
		check(hole_set_find(holes, first)->last >= last);
	}
	for (size_t i = 0; i < holes->n_holes; i++)
		for (size_t k = 0; k < container->n_valid; k++)
			check(holes->holes[i].source != HOLE_KERNEL ||
				!range_overlaps(holes->holes[i].range, container->valid[k]));
}

static void check_holes(const struct container *container)
{
	const struct hole_set *holes = container->holes;

	check(holes && container->page && !(container->page & (container->page - 1)));
	check(holes->page == container->page);
	for (size_t i = 0; i < holes->n_merged; i++) {
		check(holes->merged[i].first <= holes->merged[i].last);
		check(!(holes->merged[i].first & (container->page - 1)));
		check(!i || holes->merged[i].first > holes->merged[i - 1].last + 1);
	}
	check(hole_set_touches(holes, (struct range){0xfee00000, 0xfee00000}));
	check_ranges(container);
}

/* As the VMM's own question: in a block of its own, so that what reads beyond it is seen. */
static void learn(struct world *world, const uint8_t *reply, size_t room)
{
	const struct hole_set *holes;
	void *block = malloc(room);
	int events;

	check(block || !room);
	if (room)
		memcpy(block, reply, room);
	engine_learn_info(&world->engine, &world->container, block, room);
	check_holes(&world->container);
	/* The same once more is no news. */
	holes = world->container.holes;
	events = world->events;
	engine_learn_info(&world->engine, &world->container, block, room);
	check(world->container.holes == holes && world->events == events);
	free(block);
}

static void map(struct world *world, const uint8_t bytes[16])
{
	struct vfio_iommu_type1_dma_map request = {
		.argsz = sizeof(request), .flags = VFIO_DMA_MAP_FLAG_READ};

	memcpy(&request.iova, bytes, 8);
	memcpy(&request.size, bytes + 8, 8);
	request.iova &= -world->container.page;
	request.size &= -world->container.page;
	/* Through thousands of holes it takes long, and finds nothing more. */
	if (world->container.holes->n_merged > 64 || !request.size ||
		request.iova + request.size - 1 < request.iova)
		return;
	request.vaddr = 0;
	engine_map(&world->engine, &world->container, 3, &request);
}

/* Where the second reply begins, 2 bytes; a mapping's iova and size, 8 each; the replies. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *replies = data + 18;
	struct world world;
	size_t first;

	if (size < 18)
		return 0;
	size -= 18;
	first = (data[0] | (size_t)data[1] << 8) % (size + 1);
	open_world(&world);
	learn(&world, replies, first);
	map(&world, data + 2);
	world.reply = replies + first;
	world.reply_size = size - first;
	engine_ask_info(&world.engine, &world.container, 3);
	check_holes(&world.container);
	map(&world, data + 2);
	engine_container_gone(&world.engine, &world.container);
	engine_free(&world.engine);
	return 0;
}
