/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where holes come from and when they change: groups, GET_INFO replies whole and broken, policy. */
#include "fake_kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct world {
	struct fake fake;
	struct engine engine;
	struct container container;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	*state = world;
	if (!world)
		return -1;
	world->engine = fake_engine(&world->fake);
	return engine_container_init(&world->engine, &world->container);
}

static int tear_down(void **state)
{
	struct world *world = *state;

	container_free(&world->container);
	engine_free(&world->engine);
	free(world);
	return 0;
}

/* What the audience has heard since the last time. */
static void check_heard(struct world *world, const char *expected)
{
	assert_string_equal(world->fake.log_bytes, expected);
	fake_forget(&world->fake);
}

static struct host_group group_of(int number, uint64_t first, uint64_t last)
{
	return (struct host_group){.number = number,
		.n_regions = first || last,
		.regions = {{.range = {first, last}, .group = number}}};
}

static void test_groups(void **state)
{
	struct world *world = *state;
	struct host_group one = group_of(1, 0x3000, 0x3fff), two = group_of(2, 0x9000, 0x9fff);
	struct host_group same = group_of(3, 0x3000, 0x3fff), none = group_of(4, 0, 0);
	struct engine *engine = &world->engine;
	struct container *container = &world->container;

	assert_int_equal(container->id, 1);
	assert_int_equal(container->holes->n_merged, 0);
	engine_group_added(engine, container, &none);
	check_heard(world, "holes"); /* a group is news, with holes or without */
	engine_group_added(engine, container, &one);
	check_heard(world, "holes 3000-3fff");
	engine_group_added(engine, container, &two);
	check_heard(world, "holes 3000-3fff 9000-9fff");
	engine_group_added(engine, container, &two);
	check_heard(world, "holes 3000-3fff 9000-9fff");
	/* so is another owner, though the holes merge to the same */
	engine_group_added(engine, container, &same);
	check_heard(world, "holes 3000-3fff 9000-9fff");
	engine_group_removed(engine, container, 1);
	check_heard(world, "holes 3000-3fff 9000-9fff");
	engine_group_removed(engine, container, 3);
	check_heard(world, "holes 9000-9fff");
	engine_group_removed(engine, container, 77);
	check_heard(world, "");
	engine_group_removed(engine, container, 2);
	check_heard(world, "holes");
}

/* What the shim itself could not do. */
static void test_fault(void **state)
{
	struct world *world = *state;

	engine_fault(&world->engine, &world->container, "it failed", -EIO);
	check_heard(world, "fault -5");
}

static size_t count_sets(const struct engine *engine)
{
	size_t n = 0;

	for (const struct hole_set *set = engine->sets; set; set = set->next)
		n++;
	return n;
}

/* Sets are shared and kept: going back and forth takes no more memory. */
static void test_sets_are_kept(void **state)
{
	struct world *world = *state;
	struct host_group one = group_of(1, 0x3000, 0x3fff);
	struct container other = {0};
	size_t n = 0;

	for (int i = 0; i < 5; i++) {
		engine_group_added(&world->engine, &world->container, &one);
		engine_group_removed(&world->engine, &world->container, 1);
		assert_true(!i || count_sets(&world->engine) == n);
		n = count_sets(&world->engine);
	}
	assert_int_equal(engine_container_init(&world->engine, &other), 0);
	assert_int_equal(other.id, 2);
	assert_int_equal(count_sets(&world->engine), n);
	assert_ptr_equal(other.holes, world->container.holes);
	engine_group_added(&world->engine, &other, &one);
	assert_int_equal(other.holes->n_holes, 1);
	assert_int_equal(world->container.holes->n_holes, 0); /* the other's group is not its own */
	container_free(&other);
}

static void test_policy(void **state)
{
	static struct hole rules[] = {
		{.range = {0x5000, 0x5fff}, .source = HOLE_POLICY, .name = "", .file = "f"}};
	struct world *world = *state;
	struct host_group one = group_of(1, 0x3000, 0x3fff);
	struct range valid = {0x1000, 0xffff};
	struct policy *policy = &world->engine.policy;

	policy->n_holes = 1;
	policy->holes = rules;
	engine_group_added(&world->engine, &world->container, &one);
	check_heard(world, "holes 3000-3fff 5000-5fff");
	assert_int_equal(container_set_valid(&world->container, &valid, 1), 0);
	engine_group_added(&world->engine, &world->container, &one);
	check_heard(world, "holes 0-fff 3000-3fff 5000-5fff 10000-ffffffffffffffff");
	policy->source_sysfs = false;
	engine_group_added(&world->engine, &world->container, &one);
	check_heard(world, "holes 0-fff 5000-5fff 10000-ffffffffffffffff");
	policy->source_kernel = false;
	engine_group_added(&world->engine, &world->container, &one);
	check_heard(world, "holes 5000-5fff");
}

enum { WORDS = 64 };

/* A reply to GET_INFO, as lines of text: 64-bit words of it, from the head's flags on. */
struct reply {
	union {
		struct vfio_iommu_type1_info head;
		uint64_t words[WORDS];
		unsigned char bytes[WORDS * 8];
	};
	uint32_t length; /* so far */
};

static struct reply start_reply(uint64_t pgsizes)
{
	return (struct reply){.head = {.flags = VFIO_IOMMU_INFO_PGSIZES, .iova_pgsizes = pgsizes},
		.length = sizeof(struct vfio_iommu_type1_info)};
}

/* Adds a capability at the reply's end, linked from @link (0: the head). Returns where it is. */
static uint32_t add_cap(struct reply *reply, uint32_t link, uint16_t id, uint32_t bytes)
{
	struct vfio_info_cap_header header = {.id = id, .version = 1};
	uint32_t at = reply->length = (reply->length + 7) & ~7u;

	memcpy(reply->bytes + at, &header, sizeof(header));
	reply->length += bytes;
	if (link) {
		memcpy(&header, reply->bytes + link, sizeof(header));
		header.next = at;
		memcpy(reply->bytes + link, &header, sizeof(header));
	} else {
		reply->head.flags |= VFIO_IOMMU_INFO_CAPS;
		reply->head.cap_offset = at;
	}
	return at;
}

static uint32_t add_ranges(
	struct reply *reply, uint32_t link, const struct range *ranges, uint32_t n)
{
	uint32_t at = add_cap(reply, link, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, 16 + 16 * n);

	memcpy(reply->bytes + at + 8, &n, sizeof(n));
	if (n)
		memcpy(reply->bytes + at + 16, ranges, n * sizeof(*ranges));
	return at;
}

/* In memory of its exact size, so that the sanitizer sees a byte too many. */
static void learn(struct world *world, const struct reply *reply, size_t room)
{
	unsigned char *copy = malloc(room + !room);

	memcpy(copy, reply->bytes, room);
	engine_learn_info(&world->engine, &world->container, copy, room);
	free(copy);
}

static const struct range amd[] = {
	{0, 0xfedfffff}, {0xfef00000, 0xfcffffffff}, {0x10000000000, UINT64_MAX}};

static const struct {
	size_t n;
	struct range valid[3];
	const char *heard;
} lists[] = {
	{3, {{0, 0xfedfffff}, {0xfef00000, 0xfcffffffff}, {0x10000000000, UINT64_MAX}},
		"holes fee00000-feefffff fd00000000-ffffffffff"},
	{1, {{0, (1ULL << 39) - 1}}, "holes 8000000000-ffffffffffffffff"},
	{2, {{0, 0xfedfffff}, {0xfef00000, (1ULL << 48) - 1}},
		"holes fee00000-feefffff 1000000000000-ffffffffffffffff"},
	{1, {{0x8000000, UINT64_MAX}}, "holes 0-7ffffff"},
	{1, {{0x1000, 0x1fff}}, "holes 0-fff 2000-ffffffffffffffff"},
	{1, {{0, UINT64_MAX}}, ""},
	{0, {{0, 0}}, ""}, /* no limit, as with mdev alone */
	/* what the kernel never says */
	{2, {{0, 0xffff}, {0x2000, 0x2fff}}, "holes 10000-ffffffffffffffff"},
	{2, {{0x5000, 0x4fff}, {0, UINT64_MAX}}, ""},
	{2, {{0, UINT64_MAX}, {0, UINT64_MAX}}, ""},
	{2, {{0, 0xfff}, {0x1000, 0x1fff}}, "holes 2000-ffffffffffffffff"},
};

static void test_ranges(void **state)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct reply reply = start_reply(0xfffffffffffff000);
		struct world *world;

		assert_int_equal(set_up((void **)&world), 0);
		add_ranges(&reply, 0, lists[i].valid, (uint32_t)lists[i].n);
		learn(world, &reply, reply.length);
		assert_true(world->container.kernel_known);
		check_heard(world, lists[i].heard);
		tear_down((void **)&world);
	}
	(void)state;
}

static void test_chain(void **state)
{
	struct world *world = *state;
	struct reply reply = start_reply(0x1000);
	uint32_t at = add_cap(&reply, 0, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION, 32);

	at = add_cap(&reply, at, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, 12);
	at = add_ranges(&reply, at, amd, 3);
	add_cap(&reply, at, 99, 8);
	learn(world, &reply, reply.length);
	check_heard(world, "holes fee00000-feefffff fd00000000-ffffffffff");

	/* every reply cut short: what does not fit is not there, and nothing is read past it */
	for (size_t room = 0; room < reply.length; room++) {
		engine_forget_info(&world->engine, &world->container);
		learn(world, &reply, room);
		assert_int_equal(world->container.kernel_known, room >= at + 16 + 3 * 16);
	}
}

/* Chains that no kernel makes: the ranges are not found, nothing else happens. */
static void broken_loop(struct reply *reply)
{
	uint32_t at = add_cap(reply, 0, 99, 8), next = add_cap(reply, at, 98, 8);

	memcpy(reply->bytes + next + 4, &at, sizeof(at));
}

static void broken_self(struct reply *reply)
{
	uint32_t at = add_cap(reply, 0, 99, 8);

	memcpy(reply->bytes + at + 4, &at, sizeof(at));
}

static void broken_beyond(struct reply *reply)
{
	uint32_t at = add_cap(reply, 0, 99, 8), next = 0x10000000;

	memcpy(reply->bytes + at + 4, &next, sizeof(next));
}

static void broken_last(struct reply *reply)
{
	uint32_t at = add_cap(reply, 0, 99, 8), next = reply->length;

	memcpy(reply->bytes + at + 4, &next, sizeof(next));
}

static void broken_head(struct reply *reply)
{
	add_ranges(reply, 0, amd, 3);
	reply->head.cap_offset = 0xfffffff8;
}

static void broken_count(struct reply *reply)
{
	uint32_t at = add_ranges(reply, 0, amd, 3), n = 4;

	memcpy(reply->bytes + at + 8, &n, sizeof(n));
}

static void broken_huge_count(struct reply *reply)
{
	uint32_t at = add_ranges(reply, 0, amd, 3), n = UINT32_MAX;

	memcpy(reply->bytes + at + 8, &n, sizeof(n));
}

static void broken_short(struct reply *reply)
{
	add_cap(reply, 0, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, 8);
}

static void broken_no_flag(struct reply *reply)
{
	add_ranges(reply, 0, amd, 3);
	reply->head.flags &= ~(uint32_t)VFIO_IOMMU_INFO_CAPS;
}

static void broken_did_not_fit(struct reply *reply)
{
	add_ranges(reply, 0, amd, 3);
	reply->head.cap_offset = 0;
}

static void test_broken_chains(void **state)
{
	static void (*const breaks[])(struct reply * reply) = {broken_loop, broken_self,
		broken_beyond, broken_last, broken_head, broken_count, broken_huge_count,
		broken_short, broken_no_flag, broken_did_not_fit};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(breaks) / sizeof(*breaks); i++) {
		struct reply reply = start_reply(0x1000);

		breaks[i](&reply);
		learn(world, &reply, reply.length);
		assert_false(world->container.kernel_known);
		check_heard(world, "");
	}
}

/* A reply without the ranges says nothing about those of before. */
static void test_reply_without_ranges(void **state)
{
	struct world *world = *state;
	struct reply reply = start_reply(0x1000), bare = start_reply(0x1000);

	add_ranges(&reply, 0, amd, 3);
	learn(world, &reply, reply.length);
	fake_forget(&world->fake);
	learn(world, &bare, bare.length);
	learn(world, &bare, 16);
	check_heard(world, "");
	assert_true(world->container.kernel_known);
	engine_forget_info(&world->engine, &world->container);
	check_heard(world, "holes");
}

static const struct {
	uint64_t pgsizes, page;
} page_sizes[] = {
	{0xfffffffffffff000, 4096},
	{0x1000, 4096},
	{0xffffffffffff0000, 65536},
	{0x20010000, 65536},
	{1ULL << 63, 1ULL << 63},
	{0, 4096},
};

static void test_page_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(page_sizes) / sizeof(*page_sizes); i++) {
		struct reply reply = start_reply(page_sizes[i].pgsizes);
		struct world *world;

		assert_int_equal(set_up((void **)&world), 0);
		learn(world, &reply, 16); /* as before Linux 5.4: no capabilities */
		assert_true(world->container.page == page_sizes[i].page);
		tear_down((void **)&world);
	}
}

/* On a host with pages of 64 KiB, a hole of 4 KiB takes one whole away. */
static void test_large_pages(void **state)
{
	struct world *world = *state;
	struct host_group one = group_of(1, 0x13000, 0x13fff);
	struct reply reply = start_reply(0xffffffffffff0000);
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = 3, .vaddr = FAKE_VADDR, .size = 0x30000};

	engine_group_added(&world->engine, &world->container, &one);
	check_heard(world, "holes 13000-13fff");
	learn(world, &reply, reply.length);
	check_heard(world, "holes 10000-1ffff");
	world->fake.own = &map;
	assert_int_equal(engine_map(&world->engine, &world->container, FAKE_FD, &map), 0);
	check_heard(world, "guard 10000-1ffff, map 0-ffff, map 20000-2ffff, split guarded");
	map.iova = 0x41000; /* for this host that is not aligned */
	engine_map(&world->engine, &world->container, FAKE_FD, &map);
	check_heard(world, "pass 41000-70fff at 700000000000");
}

static void test_ask(void **state)
{
	struct world *world = *state;
	struct reply reply = start_reply(0x1000);

	add_ranges(&reply, 0, amd, 3);
	world->fake.info = &reply;
	world->fake.info_bytes = reply.length;
	engine_ask_info(&world->engine, &world->container, FAKE_FD);
	check_heard(world, "info 24, info 88, holes fee00000-feefffff fd00000000-ffffffffff");
	engine_ask_info(&world->engine, &world->container, FAKE_FD);
	check_heard(world, "info 24, info 88");

	/* it fails the first time, or the second */
	engine_forget_info(&world->engine, &world->container);
	fake_forget(&world->fake);
	world->fake.kernel = (struct fake_failure){1, EINVAL};
	engine_ask_info(&world->engine, &world->container, FAKE_FD);
	world->fake.kernel = (struct fake_failure){2, EINVAL};
	engine_ask_info(&world->engine, &world->container, FAKE_FD);
	check_heard(world, "info 24");
	assert_false(world->container.kernel_known);
}

/* A list that grows between the two calls does not fit: known is what was known. */
static void grow(struct fake *fake, unsigned long request)
{
	(void)request;
	fake->info_bytes += 8;
}

static void test_ask_while_it_changes(void **state)
{
	struct world *world = *state;
	struct reply reply = start_reply(0x1000);

	add_ranges(&reply, 0, amd, 3);
	world->fake.info = &reply;
	world->fake.info_bytes = reply.length;
	world->fake.before = grow;
	engine_ask_info(&world->engine, &world->container, FAKE_FD);
	check_heard(world, "info 24, info 96");
	assert_false(world->container.kernel_known);
}

static void test_iommu_set(void **state)
{
	struct world *world = *state;
	struct reply reply = start_reply(0xffffffffffff0000);
	struct host_group one = group_of(1, 0x3000, 0x3fff);

	engine_group_added(&world->engine, &world->container, &one);
	add_ranges(&reply, 0, amd, 3);
	learn(world, &reply, reply.length);
	fake_forget(&world->fake);
	engine_iommu_set(&world->engine, &world->container, VFIO_TYPE1v2_IOMMU);
	check_heard(world, "holes 3000-3fff");
	assert_int_equal(world->container.type, VFIO_TYPE1v2_IOMMU);
	assert_int_equal(world->container.page, 4096);
	engine_iommu_set(&world->engine, &world->container, 0);
	assert_int_equal(world->container.type, 0);
	check_heard(world, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_groups),
		TEST(test_fault),
		TEST(test_sets_are_kept),
		TEST(test_policy),
		cmocka_unit_test(test_ranges),
		TEST(test_chain),
		TEST(test_broken_chains),
		TEST(test_reply_without_ranges),
		cmocka_unit_test(test_page_size),
		TEST(test_large_pages),
		TEST(test_ask),
		TEST(test_ask_while_it_changes),
		TEST(test_iommu_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
