/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of what is done to the memory behind a hole, whatever it is backed by. */
#include "client.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

/* What RAM can be made of. get() returns zeroed memory of the size; *fd is closed later. */
struct backing {
	const char *name;
	char *(*get)(size_t size, int *fd);
	bool huge;
	bool stays; /* cannot be given back */
};

static char *private_memory(size_t size, int *fd)
{
	(void)fd;
	return memory_of(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static char *shared_memory(size_t size, int *fd)
{
	(void)fd;
	return memory_of(size, MAP_SHARED | MAP_ANONYMOUS, -1);
}

static char *of_file(size_t size, int flags, int fd)
{
	if (fd < 0 || ftruncate(fd, (off_t)size))
		die("a file for memory");
	return memory_of(size, flags, fd);
}

static char *memfd(size_t size, int *fd)
{
	*fd = memfd_create("ram", MFD_CLOEXEC);
	return of_file(size, MAP_SHARED, *fd);
}

static char *closed_memfd(size_t size, int *fd)
{
	char *p = memfd(size, fd);

	close(*fd);
	*fd = -1;
	return p;
}

static char *private_memfd(size_t size, int *fd)
{
	*fd = memfd_create("ram", MFD_CLOEXEC);
	return of_file(size, MAP_PRIVATE, *fd);
}

static char *tmpfs_file(size_t size, int *fd)
{
	*fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return of_file(size, MAP_SHARED, *fd);
}

static char *locked_memory(size_t size, int *fd)
{
	char *p = private_memory(size, fd);

	if (mlock(p, size))
		die("mlock");
	return p;
}

static char *huge(size_t size, int flags, int fd)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p != MAP_FAILED)
		return p;
	skip_check("no huge pages");
	return NULL;
}

static char *huge_memory(size_t size, int *fd)
{
	int flags = MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT);

	(void)fd;
	return huge(size, flags | MAP_PRIVATE, -1);
}

static char *shared_huge_memory(size_t size, int *fd)
{
	int flags = MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT);

	(void)fd;
	return huge(size, flags | MAP_SHARED, -1);
}

static char *huge_memfd(size_t size, int *fd)
{
	*fd = memfd_create("ram", MFD_CLOEXEC | MFD_HUGETLB | (21U << MAP_HUGE_SHIFT));
	if (*fd >= 0 && !ftruncate(*fd, (off_t)size))
		return huge(size, MAP_SHARED, *fd);
	skip_check("no memfd of huge pages");
	return NULL;
}

static const struct backing backings[] = {
	{"private anonymous", private_memory, false, false},
	{"shared anonymous", shared_memory, false, false},
	{"memfd", memfd, false, false},
	{"memfd, closed", closed_memfd, false, false},
	{"private memfd", private_memfd, false, true},
	{"tmpfs file", tmpfs_file, false, false},
	{"locked", locked_memory, false, true},
};

static const struct backing huge_backings[] = {
	{"private huge pages", huge_memory, true, false},
	{"shared huge pages", shared_huge_memory, true, false},
	{"memfd of huge pages", huge_memfd, true, false},
};

/* A place for the backing's page size, with the hole in its middle; see the scenario's policy. */
struct place {
	uint64_t iova, size, gap, gap_size;
};

static struct place place_of(const struct backing *backing)
{
	if (!backing->huge)
		return (struct place){ACROSS, 3 * MIB, MIB, MIB};
	return (struct place){0x40000000, 6 * MIB, 2 * MIB, 2 * MIB};
}

/* A hole that no page of 2 MiB can be guarded around. */
static const struct place cut_page = {0x50000000, 4 * MIB, MIB, MIB};

/* Never touched: guarded, and nothing of it becomes resident by being looked at. */
static void fresh(int c, const struct backing *backing, char *p, struct place at)
{
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, p, at.iova, at.size));
	if (shim) {
		EXPECT(SIGSEGV, touch(p + at.gap, false));
		EXPECT(SIGSEGV, touch(p + at.gap + at.gap_size - 1, true));
		EXPECT(0, touch(p + at.gap - 1, true));
		EXPECT(0, touch(p + at.gap + at.gap_size, true));
	}
	EXPECT(0, unmap(c, at.iova, at.size, &gone));
	EXPECT(shim ? at.size : 0, gone);
	EXPECT(true, is_rw(p + at.gap));
	if (!backing->stays)
		EXPECT(0, resident(p + at.gap, at.gap_size));
	EXPECT(0, touch(p + at.gap, false));
	EXPECT(0, touch(p + at.gap + at.gap_size - 1, true));
	EXPECT(0, p[at.gap]);
	p[at.gap + at.gap_size - 1] = 0;
}

/* Pre-allocated: guarded, and given back. */
static void zeroed(int c, const struct backing *backing, char *p, struct place at)
{
	uint64_t gone;

	memset(p, 0, at.size);
	p[at.gap - 1] = p[at.gap + at.gap_size] = 7;
	EXPECT(shim ? 0 : -EINVAL, map(c, p, at.iova, at.size));
	EXPECT(shim ? SIGSEGV : 0, touch(p + at.gap, false));
	EXPECT(0, unmap(c, at.iova, at.size, &gone));
	EXPECT(shim ? at.size : 0, gone);
	if (shim && !backing->stays)
		EXPECT(0, resident(p + at.gap, at.gap_size));
	EXPECT(7, p[at.gap - 1]);
	EXPECT(7, p[at.gap + at.gap_size]);
	EXPECT(0, p[at.gap]);
}

/* One byte in use: refused, and all is as before. */
static void in_use(int c, char *p, struct place at)
{
	const size_t offsets[] = {0, at.gap_size / 2 + 1, at.gap_size - 1};
	uint64_t gone;

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		char *byte = p + at.gap + offsets[i];

		*byte = 0x5a;
		EXPECT(-EINVAL, map(c, p, at.iova, at.size));
		EXPECT(true, is_rw(p + at.gap));
		EXPECT(true, is_rw(p + at.gap + at.gap_size - 1));
		EXPECT(0x5a, *byte);
		*byte = 0;
	}
	EXPECT(0, unmap(c, at.iova, at.size, &gone));
	EXPECT(0, gone);
}

static void on_backing(const struct backing *backing)
{
	struct place at = place_of(backing);
	int c = open_container(), fd = -1;
	char *p = backing->get(at.size, &fd);

	about(backing->name);
	if (p) {
		fresh(c, backing, p, at);
		zeroed(c, backing, p, at);
		in_use(c, p, at);
		munmap(p, at.size);
	}
	if (fd >= 0)
		close(fd);
	close_container(c);
}

static void all_backings(void)
{
	for (size_t i = 0; i < sizeof(backings) / sizeof(backings[0]); i++)
		on_backing(&backings[i]);
}

/* The scenario asks the log: what was never there cannot have been given back. Huge pages are off:
 * who touches a neighbour's page would fill this memory too. */
static void untouched(void)
{
	int c = open_container();

	EXPECT(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	for (size_t i = 0; i < sizeof(backings) / sizeof(backings[0]); i++) {
		int fd = -1;
		char *p = backings[i].get(3 * MIB, &fd);
		uint64_t gone;

		about(backings[i].name);
		EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
		EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
		munmap(p, 3 * MIB);
		if (fd >= 0)
			close(fd);
	}
	close_container(c);
}

const struct check untouched_checks[] = {
	{"memory that was never touched", untouched},
	{NULL, NULL},
};

/* What a file holds behind a hole is the guest's, also where nothing of it is in memory yet. */
static void file_in_use(void)
{
	static const int kinds[] = {MAP_SHARED, MAP_PRIVATE};
	int c = open_container();

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int fd = memfd_create("rom", MFD_CLOEXEC);
		char *p = of_file(3 * MIB, kinds[i], fd);

		about(kinds[i] == MAP_SHARED ? "shared" : "private");
		if (pwrite(fd, "x", 1, 2 * MIB - 1) != 1)
			die("pwrite");
		EXPECT(-EINVAL, map(c, p, ACROSS, 3 * MIB));
		EXPECT('x', p[2 * MIB - 1]);
		EXPECT(true, is_rw(p + MIB));
		munmap(p, 3 * MIB);
		close(fd);
	}
	close_container(c);
}

static long map_for_reading(int c, void *p, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_map m = map_request(p, iova, size);

	m.flags = VFIO_DMA_MAP_FLAG_READ;
	return map_with(c, m);
}

/* Three protections behind the hole, each of which comes back. */
static void mixed_protection(void)
{
	int c = open_container();
	char *p = memory();
	uint64_t gone;

	mprotect(p + MIB, 0x10000, PROT_READ);
	mprotect(p + MIB + 0x10000, 0x10000, PROT_READ | PROT_EXEC);
	/* No device may write where the VMM may not. */
	EXPECT(shim ? -EFAULT : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(shim ? 0 : -EINVAL, map_for_reading(c, p, ACROSS, 3 * MIB));
	for (size_t offset = MIB; shim && offset < 2 * MIB; offset += 0x8000)
		EXPECT('-', *protection(p + offset));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(0, strcmp("r--p", protection(p + MIB)));
	EXPECT(0, strcmp("r-xp", protection(p + MIB + 0x10000)));
	EXPECT(0, strcmp("rw-p", protection(p + MIB + 0x20000)));
	close_container(c);
}

/* Not all of it is memory: the kernel could not have pinned it. */
static void torn(void)
{
	int c = open_container();
	char *p = memory(), *q = memory();

	munmap(p + MIB + 0x80000, PAGE);
	EXPECT(shim ? -EFAULT : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(true, is_rw(p + MIB));
	EXPECT(true, is_rw(p + 2 * MIB - PAGE));
	EXPECT(0, raw_map(c, q, ACROSS, MIB));
	EXPECT(0, raw_map(c, q, BEHIND, MIB));
	close_container(c);
}

/* The client replaces the guarded memory without an UNMAP first: what is new is not touched. */
static void replaced(void)
{
	int c = open_container(), flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	char *p = memory();
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	if (mmap(p + MIB, MIB, PROT_READ, flags, -1, 0) == MAP_FAILED)
		die("mmap");
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(0, strcmp("r--p", protection(p + MIB)));
	close_container(c);
}

const struct check memory_checks[] = {
	{"every backing: fresh, pre-allocated, in use", all_backings},
	{"a file's content behind the hole is in use", file_in_use},
	{"each protection comes back", mixed_protection},
	{"memory that is not all there is EFAULT", torn},
	{"guarded memory that was replaced", replaced},
	{NULL, NULL},
};

static void huge_pages(void)
{
	for (size_t i = 0; i < sizeof(huge_backings) / sizeof(huge_backings[0]); i++)
		on_backing(&huge_backings[i]);
}

/* The kernel does not know of the policy's hole, so it is the shim that refuses. */
static void huge_pages_cut(void)
{
	int c = open_container(), fd = -1;
	uint64_t gone;

	for (size_t i = 0; i < sizeof(huge_backings) / sizeof(huge_backings[0]); i++) {
		char *p = huge_backings[i].get(cut_page.size, &fd);

		if (!p)
			break;
		about(huge_backings[i].name);
		EXPECT(-EINVAL, map(c, p, cut_page.iova, cut_page.size));
		EXPECT(true, is_rw(p + cut_page.gap));
		EXPECT(0, touch(p + cut_page.gap, true));
		EXPECT(0, unmap(c, cut_page.iova, cut_page.size, &gone));
		EXPECT(0, gone);
		munmap(p, cut_page.size);
	}
	close(fd);
	close_container(c);
}

/* Small pages around the same holes; what the policy alone keeps out is not in the kernel. */
static void policy_hole(void)
{
	int c = open_container();
	char *p = memory_of(cut_page.size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	uint64_t gone;

	EXPECT(0, map(c, p, cut_page.iova, cut_page.size));
	EXPECT(SIGSEGV, touch(p + cut_page.gap, false));
	EXPECT(0, raw_map(c, p, cut_page.iova + cut_page.gap, PAGE));
	EXPECT(-EEXIST, raw_map(c, p, cut_page.iova, PAGE));
	close_container(c);
	c = open_container();
	EXPECT(0, unmap(c, cut_page.iova, cut_page.size, &gone));
	EXPECT(0, gone);
	close_container(c);
}

/* With the scenario's policy. */
const struct check hugetlb_checks[] = {
	{"huge pages around a hole that fits them", huge_pages},
	{"huge pages around a hole that cuts them", huge_pages_cut},
	{"small pages around the policy's hole", policy_hole},
	{NULL, NULL},
};
