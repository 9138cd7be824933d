/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of whose a mapping is: containers, groups, descriptors, processes, threads. */
#include "client.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Two containers map the same memory: it stays guarded until neither does. */
static void two_containers(void)
{
	int c = open_container(), d = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	int g = attach(d, nic_group);
	char *p = memory();
	uint64_t gone;

	if (ioctl(d, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		die("VFIO_SET_IOMMU");
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(shim ? 0 : -EINVAL, map(d, p, ACROSS, 3 * MIB));
	EXPECT(shim ? 0 : -EINVAL, map(d, p, EDGE + MIB, 3 * MIB)); /* p + MiB on: in the hole */
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, true));
	EXPECT(0, unmap(d, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, true));
	EXPECT(0, unmap(d, EDGE + MIB, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(0, touch(p + MIB, true));
	EXPECT(0, touch(p + 3 * MIB - 1, true));
	close(g);
	close(d);
	close_container(c);
}

/* One of two groups leaves: nothing changes. The last one: all is gone. */
static void groups_leave(void)
{
	int c = open_container(), g = attach(c, nic_group);
	char *p = memory();
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, ioctl(g, VFIO_GROUP_UNSET_CONTAINER));
	EXPECT(shim ? -EINVAL : 0, unmap(c, ACROSS, MIB, &gone));
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, false));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, ioctl(group_fd, VFIO_GROUP_UNSET_CONTAINER));
	EXPECT(0, touch(p + MIB, false));
	EXPECT(true, is_rw(p + MIB));
	EXPECT(-EINVAL, map(c, p, CLEAR, PAGE)); /* no IOMMU: the kernel's answer */
	close(g);
	close_container(c);
}

static void attached_again(void)
{
	int c = open_container();
	char *p = memory();
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, ioctl(group_fd, VFIO_GROUP_UNSET_CONTAINER));
	EXPECT(0, ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &c));
	EXPECT(0, ioctl(c, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(0, gone);
	EXPECT(0, map(c, p, ACROSS, MIB));
	EXPECT(0, unmap(c, ACROSS, MIB, &gone));
	EXPECT(MIB, gone);
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, false));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	close_container(c);
}

/* Closed, not detached, and the number taken by a fresh container. */
static void number_reused(void)
{
	int c = open_container(), again;
	char *p = memory();
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	close_container(c);
	again = open_container();
	EXPECT(c, again);
	EXPECT(0, touch(p + MIB, false));
	EXPECT(0, map(c, p, WINDOW - PAGE, PAGE));
	EXPECT(0, unmap(c, WINDOW - PAGE, MIB, &gone)); /* would have cut the old mapping */
	EXPECT(PAGE, gone);
	close_container(c);
}

/* The descriptor that mapped is closed; another of the same container unmaps. */
static void duplicates(void)
{
	int c = open_container(), d = dup(c), e = fcntl(c, F_DUPFD_CLOEXEC, 500);
	char *p = memory();
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(shim ? -EEXIST : -EINVAL, map(d, p, ACROSS, 3 * MIB));
	EXPECT(shim ? -EINVAL : 0, unmap(e, ACROSS, MIB, &gone));
	EXPECT(0, unmap(d, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(0, touch(p + MIB, false));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(0, gone);
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	close(c);
	EXPECT(0, unmap(e, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(0, touch(p + MIB, false));
	close(d);
	close_container(e);
}

/* KiB of this process's memory that VFIO holds: what the kernel still has mapped. */
static long held(void)
{
	char line[128];
	long kib = -1;
	FILE *status = fopen("/proc/self/status", "re");

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "VmLck: %ld", &kib) == 1)
			break;
	if (status)
		fclose(status);
	return kib;
}

/* Waits for a supervisor, whom no close calls: it looks after its containers now and then. */
static void expect_open_again(char *p)
{
	while (supervised && touch(p, false))
		usleep(10000);
	EXPECT(0, touch(p, false));
	EXPECT(true, is_rw(p));
}

/* A group keeps its container, a device its group, and all of them what is mapped. */
static void closed_first(void)
{
	int c = open_container(), d = open_device(group_fd, disk), e = dup(d);
	char *p = memory();
	long before = held();

	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, raw_map(c, p, CLEAR, MIB));
	close(c);
	EXPECT(shim ? 3072 : 1024, held() - before);
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, false));
	close(group_fd);
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, false));
	close(d);
	EXPECT(shim ? 3072 : 1024, held() - before);
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, false));
	close(e);
	EXPECT(0, held() - before);
	expect_open_again(p + MIB);
}

/* The same, undone by the group. */
static void closed_first_then_left(void)
{
	int c = open_container(), d = open_device(group_fd, disk);
	char *p = memory();

	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	close(c);
	EXPECT(-1, ioctl(group_fd, VFIO_GROUP_UNSET_CONTAINER));
	EXPECT(EBUSY, errno);
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, false));
	close(d);
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, false));
	EXPECT(0, ioctl(group_fd, VFIO_GROUP_UNSET_CONTAINER));
	expect_open_again(p + MIB);
	c = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	EXPECT(0, ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &c));
	EXPECT(0, ioctl(c, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, false));
	close_container(c);
	expect_open_again(p + MIB);
}

/* --- threads ------------------------------------------------------------- */

enum { ROUNDS = 200, THREADS = 4 };

struct worker {
	pthread_t thread;
	int container;
	uint64_t iova;
	char *p;
	long mapped, refused, unmapped, odd;
};

#define SMALL 0x10000UL

static void *map_and_unmap(void *argument)
{
	struct worker *w = argument;
	uint64_t gone;

	for (int i = 0; i < ROUNDS; i++) {
		long r = map(w->container, w->p, w->iova, SMALL);

		w->mapped += !r;
		w->refused += r == -EEXIST;
		r = unmap(w->container, w->iova, SMALL, &gone);
		w->unmapped += !r && gone == SMALL;
		w->odd += r || (gone && gone != SMALL);
	}
	return NULL;
}

static void run_workers(struct worker *workers, int container)
{
	for (int i = 0; i < THREADS; i++) {
		workers[i].container = container;
		workers[i].p = memory();
		if (pthread_create(&workers[i].thread, NULL, map_and_unmap, &workers[i]))
			die("pthread_create");
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
}

static void expect_nothing_left(struct worker *workers, int c)
{
	uint64_t gone;

	for (int i = 0; i < THREADS; i++) {
		EXPECT(0, workers[i].odd);
		EXPECT(true, is_rw(workers[i].p));
		EXPECT(true, is_rw(workers[i].p + SMALL - 1));
		munmap(workers[i].p, 3 * MIB);
	}
	EXPECT(0, unmap_flags(c, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, &gone));
	EXPECT(0, gone);
}

static void threads_apart(void)
{
	struct worker workers[THREADS] = {{.iova = 0xfedf8000}, {.iova = 0xfeef8000},
		{.iova = 0xfcffff8000}, {.iova = 0xffffff8000}};
	int c = open_container();

	run_workers(workers, c);
	for (int i = 0; i < THREADS; i++) {
		EXPECT(shim ? ROUNDS : 0, workers[i].mapped);
		EXPECT(shim ? ROUNDS : 0, workers[i].unmapped);
	}
	expect_nothing_left(workers, c);
	close_container(c);
}

/* All at one range: each MAP fails or is whole, and is unmapped once. */
static void threads_at_odds(void)
{
	struct worker workers[THREADS] = {{.iova = 0xfedf8000}, {.iova = 0xfedf8000},
		{.iova = 0xfedf8000}, {.iova = 0xfedf8000}};
	int c = open_container();
	long mapped = 0, unmapped = 0;

	run_workers(workers, c);
	for (int i = 0; i < THREADS; i++) {
		mapped += workers[i].mapped;
		unmapped += workers[i].unmapped;
		EXPECT(shim ? ROUNDS : 0, workers[i].mapped + workers[i].refused);
	}
	EXPECT(mapped, unmapped);
	expect_nothing_left(workers, c);
	close_container(c);
}

const struct check owner_checks[] = {
	{"two containers over the same memory", two_containers},
	{"groups leave the container", groups_leave},
	{"a group attached again", attached_again},
	{"a container's number reused", number_reused},
	{"duplicated descriptors", duplicates},
	{"a container closed before its devices", closed_first},
	{"a container closed before its group leaves", closed_first_then_left},
	{"four threads at ranges of their own", threads_apart},
	{"four threads at one range", threads_at_odds},
	{NULL, NULL},
};

/* --- processes ----------------------------------------------------------- */

static int unmap_whole(const void *argument)
{
	uint64_t gone;

	return unmap(*(const int *)argument, ACROSS, 3 * MIB, &gone) ? 200 : (int)(gone / MIB);
}

static int map_whole(const void *argument)
{
	return (int)-map(*(const int *)argument, memory(), ACROSS, 3 * MIB);
}

static int do_nothing(const void *argument)
{
	(void)argument;
	return 0;
}

static void child_unmaps(void)
{
	int c = open_container();
	char *p = memory();
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(shim ? 3 : 0, in_child(unmap_whole, &c));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(0, gone);
	EXPECT(0, touch(p + MIB, true));
	close_container(c);
}

static void child_maps(void)
{
	int c = open_container();
	uint64_t gone;

	EXPECT(shim ? 0 : EINVAL, in_child(map_whole, &c));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	close_container(c);
}

static void child_ends(void)
{
	int c = open_container();
	char *p = memory();
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, in_child(do_nothing, NULL));
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, true));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(0, touch(p + MIB, true));
	close_container(c);
}

const struct check fork_checks[] = {
	{"a child ends, the parent's mapping stays", child_ends},
	{"a child unmaps what its parent mapped", child_unmaps},
	{"a parent unmaps what its child mapped", child_maps},
	{NULL, NULL},
};

struct image {
	int container;
	uint64_t iova, size;
};

/* Becomes a fresh image of this program, which unmaps: see main(). */
static int exec_unmap(const void *argument)
{
	const struct image *image = argument;
	char fd[12], iova[24], size[24];

	snprintf(fd, sizeof(fd), "%d", image->container);
	snprintf(iova, sizeof(iova), "%#lx", image->iova);
	snprintf(size, sizeof(size), "%#lx", image->size);
	fcntl(image->container, F_SETFD, 0);
	execl("/proc/self/exe", "client", "unmap", fd, iova, size, NULL);
	return 250;
}

/* The new image has the container, and none of what the old one knew. */
static void image_unmaps(void)
{
	int c = open_container();
	char *p = memory();
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(shim ? 3 : 0, in_child(exec_unmap, &(struct image){c, ACROSS, 3 * MIB}));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(0, gone);
	EXPECT(0, touch(p + MIB, true));
	close_container(c);
}

const struct check exec_checks[] = {
	{"another image unmaps what this one mapped", image_unmaps},
	{NULL, NULL},
};

/* --- descriptors --------------------------------------------------------- */

/* With more to be had than are replaced: without any, nothing can be opened to look at memory. */
void replace_descriptors(int from, int container, int scratch)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 2048)
		limit.rlim_cur = 2048;
	if (limit.rlim_max < limit.rlim_cur)
		limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit");
	for (int fd = from; fd < 1024; fd++)
		if (fd != container && fd != group_fd && fd != scratch)
			dup2(scratch, fd);
}

/* A client that has used up its descriptors, as under a leak: the shim can guard nothing new, so
 * the kernel's answer it is (a supervisor has descriptors of its own); what was guarded must open
 * again. */
static void no_descriptor_left(void)
{
	int c = open_container(), fds[4096], n = 0;
	char *p = memory(), *q = memory();
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	while (n < 4096 && (fds[n] = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0)
		n++;
	EXPECT(supervised ? 0 : -EINVAL, map(c, q, EDGE, 3 * MIB));
	EXPECT(supervised ? SIGSEGV : 0, touch(q + 2 * MIB, true));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(0, touch(p + MIB, true));
	while (n > 0)
		close(fds[--n]);
	close_container(c);
}

/*
 * The client closes and replaces every descriptor it does not know, its
 * standard error too: nothing of the shim's may land in what is there now.
 */
static void foreign_descriptors(void)
{
	int c = open_container(), scratch = memfd_create("scratch", MFD_CLOEXEC);
	char *p = memory();
	struct stat st;
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, memory(), EDGE + MIB, 2 * MIB));
	replace_descriptors(STDERR_FILENO, c, scratch);
	for (int i = 0; i < 3; i++) {
		EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
		EXPECT(-EINVAL, map(c, p, 0xfe00000000, (i + 1) * PAGE)); /* news each time */
		EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, false));
		EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
		EXPECT(shim ? 3 * MIB : 0, gone);
	}
	EXPECT(0, touch(p + MIB, true));
	EXPECT(-EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, fstat(scratch, &st));
	EXPECT(0, st.st_size);
	EXPECT(0, lseek(scratch, 0, SEEK_CUR));
	close_container(c);
}

const struct check foreign_checks[] = {
	{"no descriptor left", no_descriptor_left},
	{"descriptors closed and replaced, 2 too", foreign_descriptors},
	{NULL, NULL},
};

/* The scenario looks at how far this comes under a wrong policy. */
static void first_request(void)
{
	int c = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	if (c < 0)
		die("/dev/vfio/vfio");
	printf("# the first request\n");
	EXPECT(VFIO_API_VERSION, ioctl(c, VFIO_GET_API_VERSION));
	close(c);
}

const struct check first_checks[] = {
	{"the first request", first_request},
	{NULL, NULL},
};
