/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads: what overlaps a request under way waits for it, as on the kernel's own lock; what does
 * not, does not. */
#include "fake_kernel.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static struct world {
	struct fake fake; /* with the mutex, which is given up while a call is held */
	struct engine engine;
	struct container container;
	int hold;	  /* the calls from now until one is held; 0: none will be */
	bool held, go_on; /* one is; it need not be any more */
} world;

/* Runs in fake_ioctl(), with the mutex. */
static void maybe_hold(struct fake *fake, unsigned long request)
{
	(void)fake;
	(void)request;
	if (!world.hold || --world.hold)
		return;
	world.held = true;
	pthread_cond_broadcast(&changed);
	while (!world.go_on)
		pthread_cond_wait(&changed, &mutex);
	world.held = false;
}

static int locked_ioctl(void *context, int fd, unsigned long request, void *argument)
{
	int result;

	pthread_mutex_lock(&mutex);
	result = fake_ioctl(context, fd, request, argument);
	pthread_mutex_unlock(&mutex);
	return result;
}

static void locked_event(void *context, const struct event *event)
{
	(void)context;
	(void)event;
}

/* Holes in every other 64 KiB: 10000-1ffff, 30000-3ffff, … */
static int set_up(void **state)
{
	struct host_group group = {.number = 1, .n_regions = 8};

	(void)state;
	for (uint64_t i = 0; i < 8; i++)
		group.regions[i].range =
			(struct range){0x10000 + i * 0x20000, 0x1ffff + i * 0x20000};
	world = (struct world){.fake.memory = MEMORY_RAM};
	world.engine = fake_engine(&world.fake);
	world.engine.kernel.ioctl = locked_ioctl;
	world.engine.audience.event = locked_event;
	world.engine.policy.guard = false;
	world.fake.before = maybe_hold;
	if (engine_container_init(&world.engine, &world.container))
		return -1;
	engine_group_added(&world.engine, &world.container, &group);
	engine_iommu_set(&world.engine, &world.container, VFIO_TYPE1v2_IOMMU);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_null(world.container.claims);
	container_free(&world.container);
	engine_free(&world.engine);
	return 0;
}

/* One request, in a thread of its own. */
struct worker {
	pthread_t thread;
	bool unmap;
	struct range iova;
	atomic_bool done;
	int result;
	uint64_t size;
};

static int serve(struct worker *worker)
{
	struct vfio_iommu_type1_dma_map map = {.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = worker->iova.first + FAKE_VADDR,
		.iova = worker->iova.first,
		.size = range_size(worker->iova)};
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = map.iova, .size = map.size};
	int result;

	if (!worker->unmap)
		return engine_map(&world.engine, &world.container, FAKE_FD, &map);
	result = engine_unmap(&world.engine, &world.container, FAKE_FD, &unmap);
	worker->size = unmap.size;
	return result;
}

static void *work(void *context)
{
	struct worker *worker = context;

	worker->result = serve(worker);
	worker->done = true;
	return NULL;
}

static void start(struct worker *worker, bool unmap, uint64_t first, uint64_t last)
{
	*worker = (struct worker){.unmap = unmap, .iova = {first, last}};
	assert_int_equal(pthread_create(&worker->thread, NULL, work, worker), 0);
}

/* Starts a mapping and waits until its @call-th call is held. */
static void start_held(struct worker *worker, bool unmap, uint64_t first, uint64_t last, int call)
{
	world.hold = call;
	start(worker, unmap, first, last);
	pthread_mutex_lock(&mutex);
	while (!world.held)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
}

static void go_on(void)
{
	pthread_mutex_lock(&mutex);
	world.go_on = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

static void finish(struct worker *worker, int expected)
{
	assert_int_equal(pthread_join(worker->thread, NULL), 0);
	assert_int_equal(worker->result, expected);
}

/* Long enough for a thread that does not wait to be done. */
static void check_waits(const struct worker *worker)
{
	usleep(50000);
	assert_false(worker->done);
	assert_true(world.held);
}

static void test_unmap_waits_for_map(void **state)
{
	struct worker map, unmap;

	(void)state;
	start_held(&map, false, 0, 0x2ffff, 2);
	start(&unmap, true, 0, 0x2ffff);
	check_waits(&unmap);
	go_on();
	finish(&map, 0);
	finish(&unmap, 0);
	assert_int_equal(unmap.size, 0x30000);
	assert_int_equal(world.fake.n_mapped, 0);
	assert_int_equal(world.container.n_splits, 0);
}

static void test_map_waits_for_map(void **state)
{
	struct worker first, second, third;

	(void)state;
	start_held(&first, false, 0, 0x2ffff, 1);
	start(&second, false, 0x20000, 0x4ffff);
	start(&third, false, 0x28000, 0x38fff);
	check_waits(&second);
	check_waits(&third);
	go_on();
	finish(&first, 0);
	finish(&second, -EEXIST);
	finish(&third, -EEXIST);
	assert_int_equal(world.fake.n_mapped, 2);
	assert_int_equal(world.container.n_splits, 1);
}

static void test_map_waits_for_unmap(void **state)
{
	struct worker map, unmap;

	(void)state;
	start(&map, false, 0, 0x2ffff);
	finish(&map, 0);
	start_held(&unmap, true, 0, 0x2ffff, 1);
	start(&map, false, 0x20000, 0x4ffff);
	usleep(50000); /* waits, or is told of what is still there: both can have come first */
	go_on();
	finish(&unmap, 0);
	assert_int_equal(pthread_join(map.thread, NULL), 0);
	assert_true(!map.result || map.result == -EEXIST);
	assert_int_equal(world.fake.n_mapped, map.result ? 0 : 2);
}

static void test_others_do_not_wait(void **state)
{
	struct worker held, beside, clear, gone;

	(void)state;
	start_held(&held, false, 0, 0x2ffff, 1);
	start(&beside, false, 0x40000, 0x6ffff);
	finish(&beside, 0);
	start(&clear, false, 0x80000, 0x8ffff);
	finish(&clear, 0);
	start(&gone, true, 0x40000, 0x6ffff);
	finish(&gone, 0);
	assert_int_equal(gone.size, 0x30000);
	assert_true(world.held);
	go_on();
	finish(&held, 0);
	assert_int_equal(world.container.n_splits, 1);
}

/* A piece fails while another thread waits: it finds nothing in its way. */
static void test_after_failure(void **state)
{
	struct worker first, second;

	(void)state;
	world.fake.kernel = (struct fake_failure){2, ENOMEM};
	start_held(&first, false, 0, 0x2ffff, 2);
	start(&second, false, 0, 0x4ffff);
	check_waits(&second);
	go_on();
	finish(&first, -ENOMEM);
	finish(&second, 0);
	assert_int_equal(world.fake.n_mapped, 3);
	assert_int_equal(world.container.n_splits, 1);
}

enum { ROUNDS = 2000, THREADS = 4 };

static void *churn(void *context)
{
	unsigned int seed = (unsigned int)(uintptr_t)context;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t first = (uint64_t)(rand_r(&seed) % 6) * 0x20000;
		struct worker worker = {
			.iova = {first, first + 0x2ffff}, .unmap = rand_r(&seed) % 2};

		worker.result = serve(&worker);
		if (worker.result && worker.result != -EEXIST && worker.result != -EINVAL)
			return context;
	}
	return NULL;
}

/* In the end the splits and what the kernel holds are the same mappings. */
static void test_churn(void **state)
{
	struct worker all = {.unmap = true, .iova = {0, 0xfffff}};
	pthread_t threads[THREADS];
	void *failed;

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, (void *)(i + 1)), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(world.fake.n_mapped, 2 * world.container.n_splits);
	assert_int_equal(serve(&all), 0);
	assert_int_equal(all.size % 0x30000, 0);
	assert_int_equal(world.fake.n_mapped, 0);
	assert_int_equal(world.container.n_splits, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_unmap_waits_for_map),
		TEST(test_map_waits_for_map),
		TEST(test_map_waits_for_unmap),
		TEST(test_others_do_not_wait),
		TEST(test_after_failure),
		TEST(test_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
