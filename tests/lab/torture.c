/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many mappings across holes by threads at once, under signals, stops and children: each whole,
 * none lost, none doubled, nothing left. */
/*
 * usage: torture [--bare] [--splits N] [--pause US] GROUP|-
 *        torture exit STATUS
 *
 * GROUP is its file in /dev/vfio. With "-" nothing is mapped: a request to leave
 * a group's container is made of what is no group, for which a supervisor has
 * to borrow the thread all the same; that needs no VFIO. "--bare" is for a kernel without the holes
 * of the areas (area.h), "--pause" the time between rounds of signals. Prints what is wrong as "not
 * ok: …", and one line "ok: …" if nothing is. Exit status 0, 1 if something is wrong, 2 if it could
 * not begin, 3 if it hung.
 */
#include "area.h"
#include "storm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 4, PASSERS = 2, CHILD_AREA = PASSERS + WORKERS, HANG_SECONDS = 60 };

struct worker {
	pthread_t thread;
	int n;
	struct area area;
	unsigned long rounds;
	atomic_ulong splits, plain, interrupted;
};

static struct worker workers[WORKERS];
static struct area passing[PASSERS], child_area;
static atomic_bool over;
static bool no_vfio;
static atomic_ulong passed_by;

static void pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static call_fn call_of(unsigned long round)
{
	return round & 1 ? by_instruction : by_libc;
}

/* --- the work ------------------------------------------------------------ */

typedef long (*step_fn)(const struct area *area, call_fn call);

/* Before a request is looked at, a handler without SA_RESTART can still interrupt it: nothing has
 * been done then, which @as_before is to say. */
static long insist(
	struct worker *w, step_fn step, call_fn call, const char *(*as_before)(const struct area *))
{
	for (;;) {
		long result = step(&w->area, call);
		const char *wrong;

		if (result != -EINTR)
			return result;
		atomic_fetch_add(&w->interrupted, 1);
		wrong = as_before(&w->area);
		if (wrong)
			complain("thread %d, after EINTR: %s", w->n, wrong);
	}
}

static const char *nothing(const struct area *area)
{
	(void)area;
	return NULL;
}

static void split_once(struct worker *w, unsigned long round)
{
	const char *wrong;
	long result = insist(w, area_map, call_of(round), area_gone);

	if (result) {
		complain("thread %d, round %lu: MAP: %s", w->n, round, strerror((int)-result));
		return;
	}
	wrong = round % 4 ? NULL : area_whole(&w->area);
	if (wrong)
		complain("thread %d, round %lu, mapped: %s", w->n, round, wrong);
	result = insist(w, area_unmap, call_of(round / 2), area_whole);
	if (result)
		complain("thread %d, round %lu: UNMAP: %s", w->n, round, strerror((int)-result));
	wrong = area_gone(&w->area);
	if (wrong)
		complain("thread %d, round %lu, unmapped: %s", w->n, round, wrong);
	atomic_fetch_add(&w->splits, 1);
}

static void pass_once(struct worker *w, unsigned long round)
{
	long mapped = insist(w, area_map_plain, call_of(round), nothing);
	long unmapped = insist(w, area_unmap_plain, call_of(round / 2), nothing);

	if (mapped || unmapped)
		complain("thread %d: plain MAP %ld, UNMAP %ld", w->n, mapped, unmapped);
	atomic_fetch_add(&w->plain, 1);
}

static long leave_container(const struct area *area, call_fn call)
{
	return call(area->container, VFIO_GROUP_UNSET_CONTAINER, NULL);
}

static void borrow_once(struct worker *w, unsigned long round)
{
	long result = insist(w, leave_container, call_of(round), nothing);

	if (result != -ENOTTY)
		complain("thread %d, round %lu: %ld", w->n, round, result);
	atomic_fetch_add(&w->splits, 1);
}

static void *work(void *argument)
{
	struct worker *w = argument;

	storm_thread(w->n);
	for (unsigned long round = 0; round < w->rounds; round++) {
		if (no_vfio) {
			borrow_once(w, round);
			continue;
		}
		split_once(w, round);
		if (round % 8 == 0)
			pass_once(w, round / 8);
	}
	storm_thread_ends(w->n);
	return NULL;
}

/* --- what else goes on --------------------------------------------------- */

static void split_and_look(struct area *area)
{
	if (no_vfio)
		return;

	long mapped = area_map(area, by_instruction), unmapped;
	const char *wrong = mapped ? NULL : area_whole(area);

	if (wrong)
		complain("a passing thread: %s", wrong);
	unmapped = mapped ? 0 : area_unmap(area, by_libc);
	if ((mapped && mapped != -EINTR) || (unmapped && unmapped != -EINTR))
		complain("a passing thread: MAP %ld, UNMAP %ld", mapped, unmapped);
	if (unmapped == -EINTR)
		area_unmap(area, by_libc);
}

static void *pass_by(void *argument)
{
	split_and_look(argument);
	atomic_fetch_add(&passed_by, 1);
	return NULL;
}

static void *start_passers(void *argument)
{
	pthread_t threads[PASSERS];

	while (!atomic_load(&over)) {
		for (int i = 0; i < PASSERS; i++)
			if (pthread_create(&threads[i], NULL, pass_by, &passing[i]))
				complain("pthread_create");
		for (int i = 0; i < PASSERS; i++)
			pthread_join(threads[i], NULL);
		storm_pause();
	}
	return argument;
}

/* A child process has its own memory, which it maps in the container that it has with the parent.
 */
static int split_in_child(void *argument)
{
	struct area *area = argument;

	if (area_map(area, by_instruction))
		return 1;
	if (area_whole(area))
		return 2;
	return area_unmap(area, by_instruction) ? 3 : 0;
}

static void *start_children(void *argument)
{
	for (unsigned int n = 0; !atomic_load(&over); n++) {
		storm_fork_exit(n);
		storm_fork_exec(n);
		if (n % 4 == 0 && !no_vfio) {
			int status = storm_in_child(split_in_child, &child_area);

			if (status)
				complain("a child that maps: status %d", status);
		}
		storm_pause();
	}
	return argument;
}

static void *start_vfork_children(void *argument)
{
	for (unsigned int n = 0; !atomic_load(&over); n++) {
		storm_vfork_exec(n);
		storm_pause();
	}
	return argument;
}

static unsigned long sum_of_splits(unsigned long *interrupted)
{
	unsigned long sum = 0;

	*interrupted = 0;
	for (int i = 0; i < WORKERS; i++) {
		sum += atomic_load(&workers[i].splits);
		*interrupted += atomic_load(&workers[i].interrupted);
	}
	return sum;
}

/* Says every ten seconds how far they are, and gives up for all if nothing is done for long. */
static void *watch(void *argument)
{
	unsigned long last = 0, sum, interrupted = 0;
	double began = now(), said = began, moved = began;

	while (!atomic_load(&over) && now() - moved < HANG_SECONDS) {
		pause_ms(100); /* or less, by a signal */
		sum = sum_of_splits(&interrupted);
		moved = sum == last ? moved : now();
		last = sum;
		if (now() - said < 10)
			continue;
		said = now();
		printf("# %.0f s: %lu splits, %lu EINTR\n", said - began, sum, interrupted);
	}
	if (!atomic_load(&over)) {
		printf("not ok: no split for %d s, after %lu splits and %lu EINTR\n", HANG_SECONDS,
			last, interrupted);
		_exit(3);
	}
	return argument;
}

/* --- all of it ----------------------------------------------------------- */

static void run_workers(unsigned long splits)
{
	void *(*const others[])(void *) = {
		start_passers, start_children, start_vfork_children, watch};
	enum { OTHERS = sizeof(others) / sizeof(others[0]) };
	pthread_t threads[OTHERS];

	for (int i = 0; i < OTHERS; i++)
		if (pthread_create(&threads[i], NULL, others[i], NULL))
			exit(2);
	for (int i = 0; i < WORKERS; i++) {
		workers[i].rounds = splits / WORKERS + ((unsigned long)i < splits % WORKERS);
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			exit(2);
	}
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	atomic_store(&over, true);
	for (int i = 0; i < OTHERS; i++)
		pthread_join(threads[i], NULL);
}

static void expect_nothing_left(int container, long available)
{
	long left = unmap_all_unseen(container), room = mappings_available(container);

	if (left)
		complain("at the end %#lx bytes were mapped", (unsigned long)left);
	if (room != available)
		complain("room for %ld mappings at the end, %ld before", room, available);
}

static void report(unsigned long splits, double took)
{
	unsigned long plain = 0, interrupted, done = sum_of_splits(&interrupted);

	for (int i = 0; i < WORKERS; i++)
		plain += workers[i].plain;
	if (done != splits)
		complain("%lu splits done, not %lu", done, splits);
	printf("%s: %lu splits by %d threads in %.1f s (%.2f ms each), %lu by %lu others, "
	       "%lu plain, %lu EINTR; ",
		complaints() ? "not ok" : "ok", done, WORKERS, took, took * 1e3 / (double)splits,
		atomic_load(&passed_by), atomic_load(&passed_by), plain, interrupted);
	storm_print();
	printf("\n");
}

int main(int argc, char **argv)
{
	unsigned long splits = 10000;
	unsigned int pause_us = 500;
	int i = 1, container;
	long available;
	double began;

	if (argc == 3 && !strcmp(argv[1], "exit"))
		return atoi(argv[2]);
	for (; i < argc - 1; i++) {
		if (!strcmp(argv[i], "--bare"))
			bare = true;
		else if (!strcmp(argv[i], "--splits"))
			splits = strtoul(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--pause"))
			pause_us = (unsigned int)strtoul(argv[++i], NULL, 0);
	}
	if (i != argc - 1 || !splits) {
		fputs("usage: torture [--bare] [--splits N] [--pause US] GROUP|-\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	no_vfio = !strcmp(argv[i], "-");
	if (no_vfio)
		container = open("/dev/null", O_RDWR | O_CLOEXEC);
	else
		open_group(argv[i], &container);
	for (int n = 0; n < PASSERS; n++)
		area_init(&passing[n], container, (unsigned int)n);
	for (int n = 0; n < WORKERS; n++) {
		workers[n].n = n;
		area_init(&workers[n].area, container, (unsigned int)(PASSERS + n));
	}
	area_init(&child_area, container, CHILD_AREA);
	available = no_vfio ? 0 : mappings_available(container);
	storm_begin("/proc/self/exe", pause_us);
	began = now();
	run_workers(splits);
	storm_end();
	if (!no_vfio)
		expect_nothing_left(container, available);
	report(splits, now() - began);
	return complaints() ? 1 : 0;
}
