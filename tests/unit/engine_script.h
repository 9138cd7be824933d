/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs scripts of requests through an engine over the recording kernel; for test_engine.c alone. */
#ifndef IOVASHIM_ENGINE_SCRIPT_H
#define IOVASHIM_ENGINE_SCRIPT_H

#include "fake_kernel.h"

#include "container.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct {
	const char *word;
	int value;
} errnos[] = {
	{"ok", 0},
	{"EINVAL", EINVAL},
	{"EEXIST", EEXIST},
	{"EFAULT", EFAULT},
	{"EBUSY", EBUSY},
	{"EPERM", EPERM},
	{"ENOMEM", ENOMEM},
	{"ENOSPC", ENOSPC},
	{"EIO", EIO},
	{"ENOENT", ENOENT},
};

static int errno_of(const char *word)
{
	for (size_t i = 0; i < sizeof(errnos) / sizeof(*errnos); i++)
		if (!strcmp(errnos[i].word, word))
			return errnos[i].value;
	fail_msg("no such errno: %s", word);
	return 0;
}

/* One world: the group's holes are 3000-3fff and 7000-8fff. */
struct world {
	struct fake fake;
	struct engine engine;
	struct container container;
};

static void make_world(struct world *world)
{
	static const struct host_group group = {.number = 1,
		.n_regions = 2,
		.regions = {{.range = {0x3000, 0x3fff}, .type = REGION_RESERVED},
			{.range = {0x7000, 0x8fff}, .type = REGION_MSI}}};

	*world = (struct world){.fake.memory = MEMORY_RAM};
	world->engine = fake_engine(&world->fake);
	assert_int_equal(engine_container_init(&world->engine, &world->container), 0);
	engine_group_added(&world->engine, &world->container, &group);
	engine_iommu_set(&world->engine, &world->container, VFIO_TYPE1v2_IOMMU);
	fake_forget(&world->fake);
}

static void free_world(struct world *world)
{
	container_free(&world->container);
	engine_free(&world->engine);
}

static int do_map(struct world *world, struct range r, uint32_t flags, uint64_t moved)
{
	struct vfio_iommu_type1_dma_map map = {.argsz = sizeof(map),
		.flags = flags,
		.vaddr = r.first + FAKE_VADDR + moved,
		.iova = r.first,
		.size = range_size(r)};
	struct vfio_iommu_type1_dma_map before = map;
	int result;

	world->fake.own = &map;
	result = engine_map(&world->engine, &world->container, FAKE_FD, &map);
	assert_memory_equal(&map, &before, sizeof(map));
	return result;
}

/* *size: asked, then reported. */
static int do_unmap(struct world *world, struct range r, uint32_t flags, uint64_t *size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .flags = flags, .iova = r.first, .size = range_size(r)};
	struct vfio_iommu_type1_dma_unmap before = unmap;
	int result;

	if (flags & VFIO_DMA_UNMAP_FLAG_ALL)
		unmap.size = before.size = 0;
	world->fake.own = &unmap;
	result = engine_unmap(&world->engine, &world->container, FAKE_FD, &unmap);
	*size = unmap.size;
	if (result >= 0)
		before.size = unmap.size;
	assert_memory_equal(&unmap, &before, sizeof(unmap));
	return result;
}

/* Everything but requests: what is about to fail, what memory it is, what the policy says. */
static void set(struct world *world, const char *name, int at, const char *word)
{
	struct policy *policy = &world->engine.policy;
	struct policy_error error;

	if (!strcmp(name, "kernel"))
		world->fake.kernel = (struct fake_failure){at, errno_of(word)};
	else if (!strcmp(name, "guard"))
		world->fake.guard = (struct fake_failure){at, errno_of(word)};
	else if (!strcmp(name, "unmaps"))
		world->fake.unmap_err = errno_of(word);
	else if (!strcmp(name, "zero"))
		world->fake.zero_mapped = *word == 'm';
	else if (!strcmp(name, "classify"))
		world->fake.classify_err = errno_of(word);
	else if (!strcmp(name, "memory"))
		world->fake.memory = *word == 'b'   ? MEMORY_BAR
				     : *word == 't' ? MEMORY_TRANSLATED
						    : MEMORY_RAM;
	else if (!strcmp(name, "mode"))
		assert_int_equal(policy_set_mode(policy, word, &error), 0);
	else if (!strcmp(name, "guards"))
		assert_int_equal(policy_set_guard(policy, word, &error), 0);
	else if (!strcmp(name, "inside"))
		policy->inside = *word == 's'	? INSIDE_SKIP
				 : *word == 'o' ? INSIDE_OBSERVE
						: INSIDE_REFUSE;
	else if (!strcmp(name, "bar"))
		policy->bar = *word == 's' ? BAR_SKIP : *word == 'r' ? BAR_REFUSE : BAR_OBSERVE;
	else if (!strcmp(name, "iommu"))
		engine_iommu_set(&world->engine, &world->container, (unsigned long)at);
	else if (!strcmp(name, "elsewhere")) /* another process unmaps all */
		world->fake.n_mapped = 0;
	else if (!strcmp(name, "inherited"))
		world->container.inherited = *word == 'y';
	else
		fail_msg("no such setting: %s", name);
}

/* "map FIRST-LAST = RESULT", with what else is asked after the range. */
static void request(struct world *world, const char *line, char *result, size_t room)
{
	unsigned int flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	unsigned long long first, last, moved = 0;
	const char *word = strchr(line, ' ');
	uint64_t size = 0;
	int err;

	assert_int_equal(sscanf(word, " %llx-%llx", &first, &last), 2);
	if ((word = strstr(line, " flags ")))
		assert_int_equal(sscanf(word, " flags %u", &flags), 1);
	if ((word = strstr(line, " moved ")))
		assert_int_equal(sscanf(word, " moved %llx", &moved), 1);
	if (!strncmp(line, "map", 3))
		err = do_map(world, (struct range){first, last}, flags, moved);
	else
		err = do_unmap(world, (struct range){first, last}, flags == 3 ? 0 : flags, &size);
	for (size_t i = 0; i < sizeof(errnos) / sizeof(*errnos); i++)
		if (errnos[i].value == -err)
			snprintf(result, room, "%s", errnos[i].word);
	if (!err && line[0] == 'u')
		snprintf(result, room, "%llx", (unsigned long long)size);
}

/* One line of a script: a setting, a request "REQUEST = RESULT: what was seen", or "left: …". */
static void run_line(struct world *world, const char *line, const char *script)
{
	const char *equals = strstr(line, " = ");
	char name[16], word[16] = "", result[16] = "?", seen[2200];
	int at = 1;

	if (!strncmp(line, "left", 4)) {
		snprintf(seen, sizeof(seen), "left: %zu mapped, %zu splits, %d guards",
			world->fake.n_mapped, (size_t)world->container.n_splits,
			world->fake.guards);
		equals = line;
		assert_int_equal(world->fake.guards, world->fake.guard_events);
		assert_null(world->container.claims);
	} else if (equals) {
		fake_forget(&world->fake);
		request(world, line, result, sizeof(result));
		snprintf(seen, sizeof(seen), " = %s:%s%s", result,
			world->fake.log.length ? " " : "", world->fake.log_bytes);
	} else {
		assert_true(sscanf(line, "%15s %d %15s", name, &at, word) == 3 ||
			    sscanf(line, "%15s %d", name, &at) == 2 ||
			    sscanf(line, "%15s %15s", name, word) == 2);
		set(world, name, at, word);
		return;
	}
	if (strcmp(equals, seen))
		fail_msg("%s\n  at      %s\n  got %s", script, line, seen);
}

static void run(const char *script)
{
	struct world world;
	char line[1024];

	make_world(&world);
	while (*script) {
		size_t length = strcspn(script, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)length, script);
		run_line(&world, line, script);
		script += length + (script[length] == '\n');
	}
	free_world(&world);
}

static void run_all(const char *const *scripts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run(scripts[i]);
}

#endif
