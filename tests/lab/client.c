/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holds the requests of a VMM, made of the kernel alone or through the shim, to what they must
 * give. */
/*
 * usage: client [--supervised] bare|shim|skip DISK DISK-GROUP NIC NIC-GROUP [SET]
 *        client unmap CONTAINER-FD IOVA SIZE
 *
 * "bare" says what the kernel alone does (also asked of a disabled shim),
 * "shim" what it must look like with the shim, "skip" the little that differs
 * under the policy `inside skip`; "--supervised" where a supervisor stands for
 * the shim. Where it matters that something is truly in the kernel, or is not,
 * raw_ioctl() goes around either. The sets are at the end; without one it is
 * "view", or with "skip" "inside". "unmap" is what the client executes itself
 * as: exit status MiB or errno.
 */
#include "client.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool shim, supervised;
const char *disk, *disk_group, *nic, *nic_group;

/* --- the checks ---------------------------------------------------------- */

/* Three MiB across the window: what everything else here builds on. */
static void map_across(void)
{
	int c = open_container();
	uint64_t gone;
	EXPECT(shim ? 0 : -EINVAL, map(c, memory(), ACROSS, 3 * MIB));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(0, gone);
	close_container(c);
}

static void map_beside(void)
{
	int c = open_container();
	uint64_t gone;
	EXPECT(0, map(c, memory(), ACROSS, MIB));
	EXPECT(0, map(c, memory(), BEHIND, MIB));
	EXPECT(0, unmap(c, 0xfe000000, 0x2000000, &gone));
	EXPECT(2 * MIB, gone);
	close_container(c);
}

static void unmap_wider_and_all(void)
{
	int c = open_container();
	uint64_t gone;
	char *p = memory();
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, unmap(c, 0xfe000000, 0x2000000, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, map(c, memory(), 0x10000000, MIB));
	EXPECT(0, unmap_flags(c, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, &gone));
	EXPECT((shim ? 4 : 1) * MIB, gone);
	EXPECT(0, touch(p + MIB, false));
	close_container(c);
}

/* What would cut the client's mapping in two fails, as it would without holes. */
static void unmap_bisecting(void)
{
	if (!shim)
		return;
	int c = open_container();
	uint64_t gone;
	char *p = memory();
	EXPECT(0, map(c, p, ACROSS, 3 * MIB));
	EXPECT(-EINVAL, unmap(c, ACROSS, MIB, &gone));
	EXPECT(MIB, gone);
	EXPECT(-EINVAL, unmap(c, WINDOW, 2 * MIB, &gone));
	EXPECT(-EINVAL, unmap(c, WINDOW, MIB, &gone));
	EXPECT(-EINVAL, unmap(c, BEHIND, MIB, &gone));
	EXPECT(-EEXIST, raw_map(c, p, ACROSS, PAGE));
	EXPECT(-EEXIST, raw_map(c, p, BEHIND, PAGE));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(3 * MIB, gone);
	close_container(c);
}

static void map_over_it(void)
{
	int c = open_container();
	char *p = memory();
	EXPECT(shim ? 0 : -EINVAL, map(c, memory(), ACROSS, 3 * MIB));
	EXPECT(shim ? -EEXIST : -EINVAL, map(c, p, WINDOW, PAGE));
	EXPECT(shim ? -EEXIST : -EINVAL, map(c, p, WINDOW + 0x80000, MIB));
	EXPECT(shim ? -EEXIST : 0, map(c, p, ACROSS, PAGE));
	close_container(c);
}

static void pieces_are_real(void)
{
	if (!shim)
		return;
	int c = open_container();
	uint64_t gone;
	char *p = memory();
	EXPECT(0, map(c, memory(), ACROSS, 3 * MIB));
	EXPECT(-EEXIST, raw_map(c, p, ACROSS, PAGE));
	EXPECT(-EEXIST, raw_map(c, p, WINDOW - PAGE, PAGE));
	EXPECT(-EINVAL, raw_map(c, p, WINDOW, PAGE));
	EXPECT(-EEXIST, raw_map(c, p, BEHIND, PAGE));
	EXPECT(-EEXIST, raw_map(c, p, BEHIND + MIB - PAGE, PAGE));
	EXPECT(0, raw_map(c, p, BEHIND + MIB, PAGE));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(0, raw_map(c, p, ACROSS, PAGE));
	EXPECT(0, raw_map(c, p, BEHIND, PAGE));
	close_container(c);
}

/* A later piece fails: what was made before it is gone, and errno is that piece's. */
static void rollback_eexist(void)
{
	int c = open_container();
	char *p = memory(), *other = memory();
	EXPECT(0, raw_map(c, other, BEHIND + MIB - PAGE, PAGE));
	EXPECT(-EEXIST, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, raw_map(c, other, ACROSS, MIB));
	EXPECT(0, touch(p + MIB, true));
	close_container(c);
}

static void rollback_efault(void)
{
	int c = open_container();
	char *p = memory(), *other = memory();
	munmap(p + 2 * MIB, MIB);
	EXPECT(shim ? -EFAULT : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, raw_map(c, other, ACROSS, MIB));
	EXPECT(0, touch(p + MIB, true));
	close_container(c);
}

static void guard(void)
{
	if (!shim)
		return;
	int c = open_container();
	uint64_t gone;
	char *p = memory();
	EXPECT(0, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, touch(p, true));
	EXPECT(0, touch(p + MIB - 1, true));
	EXPECT(SIGSEGV, touch(p + MIB, false));
	EXPECT(SIGSEGV, touch(p + 2 * MIB - 1, true));
	EXPECT(0, touch(p + 2 * MIB, true));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(0, touch(p + MIB, true));
	EXPECT(0, touch(p + 2 * MIB - 1, true));
	EXPECT(true, is_rw(p + MIB));
	EXPECT(1, p[0]);
	close_container(c);
}

/* Memory in use behind the hole: refused, and not a byte of it touched. */
static void in_use(void)
{
	int c = open_container();
	char *p = memory();
	size_t i, same = 0;
	memset(p, 0x5a, 3 * MIB);
	EXPECT(-EINVAL, map(c, p, ACROSS, 3 * MIB));
	for (i = 0; i < 3 * MIB; i++)
		same += p[i] == 0x5a;
	EXPECT(3 * MIB, same);
	EXPECT(true, is_rw(p + MIB));
	EXPECT(0, raw_map(c, p, ACROSS, MIB));
	close_container(c);
}

static void one_byte_in_use(void)
{
	int c = open_container();
	char *p = memory();
	p[2 * MIB - 1] = 1;
	EXPECT(-EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(1, p[2 * MIB - 1]);
	close_container(c);
}

/* Pre-allocated, all zero: unused. */
static void zeroes(void)
{
	int c = open_container();
	uint64_t gone;
	char *p = memory();
	memset(p, 0, 3 * MIB);
	p[0] = 7;
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, false));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(0, touch(p + MIB, true));
	EXPECT(7, p[0]);
	close_container(c);
}

static void shared_memory(void)
{
	int c = open_container(), fd = memfd_create("ram", MFD_CLOEXEC);
	uint64_t gone;
	if (ftruncate(fd, 3 * MIB))
		die("ftruncate");
	char *p = memory_of(3 * MIB, MAP_SHARED, fd);
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(shim ? SIGSEGV : 0, touch(p + MIB, true));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(0, touch(p + MIB, true));
	p[MIB] = 1;
	EXPECT(-EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(1, p[MIB]);
	close(fd);
	close_container(c);
}

/* Huge pages can be guarded where the hole begins and ends with one, else the mapping is refused.
 */
static void huge_pages(void)
{
	int c = open_container();
	uint64_t gone;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT);
	char *p = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (p == MAP_FAILED) {
		EXPECT(0, errno); /* no huge pages */
	} else {
		EXPECT(shim ? 0 : -EINVAL, map(c, p, EDGE, 4 * MIB));
		EXPECT(shim ? SIGSEGV : 0, touch(p + 2 * MIB, true));
		EXPECT(0, unmap(c, EDGE, 4 * MIB, &gone));
		EXPECT(shim ? 4 * MIB : 0, gone);
		munmap(p, 4 * MIB);
		p = memory_of(4 * MIB, flags, -1);
		EXPECT(-EINVAL, map(c, p, 0xfec00000, 4 * MIB));
		EXPECT(0, touch(p + 3 * MIB, true));
		munmap(p, 4 * MIB);
	}
	close_container(c);
}

static void inside(void)
{
	int c = open_container();
	uint64_t gone;
	char *p = memory();
	EXPECT(-EINVAL, map(c, p, WINDOW, 0x10000));
	EXPECT(0, touch(p, true));
	EXPECT(0, unmap(c, WINDOW, 0x10000, &gone));
	EXPECT(0, gone);
	close_container(c);
}

static void inside_skipped(void)
{
	int c = open_container();
	uint64_t gone;
	char *p = memory();
	EXPECT(0, map(c, p, WINDOW, 0x10000));
	EXPECT(SIGSEGV, touch(p, true));
	EXPECT(-EEXIST, map(c, p, WINDOW, 0x10000));
	EXPECT(0, unmap(c, WINDOW, 0x10000, &gone));
	EXPECT(0x10000, gone);
	EXPECT(0, touch(p, true));
	close_container(c);
}

/* Under type1 v1, an UNMAP takes whole mappings that start in its range. */
static void type1_v1(void)
{
	int c = open_container_of(VFIO_TYPE1_IOMMU);
	uint64_t gone;
	char *p = memory(), *other = memory();
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, unmap(c, ACROSS, MIB, &gone));
	EXPECT(0, raw_map(c, other, ACROSS, MIB));
	EXPECT(0, raw_map(c, other, BEHIND, MIB));
	EXPECT(0, touch(p + MIB, true));
	close_container(c);
}

/* A container's number reused by another container: nothing of the first is left. */
static void new_container(void)
{
	int c = open_container(), first = c;
	uint64_t gone;
	char *p = memory();
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	close_container(c);
	c = open_container();
	EXPECT(first, c);
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(0, gone);
	EXPECT(0, map(c, memory(), ACROSS, MIB));
	close_container(c);
}

static void duplicate(void)
{
	int c = open_container(), d = fcntl(c, F_DUPFD_CLOEXEC, 100);
	uint64_t gone;
	EXPECT(shim ? 0 : -EINVAL, map(d, memory(), ACROSS, 3 * MIB));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	close(d);
	close_container(c);
}

/* 0x3b71 is MAP_DMA on a container and PCI_HOT_RESET on a device. */
static void hot_reset(void)
{
	int c = open_container(), d = open_device(group_fd, disk);
	struct vfio_iommu_type1_dma_map as_map = map_request(memory(), ACROSS, 3 * MIB), a, b;
	struct {
		struct vfio_pci_hot_reset head;
		int32_t groups[1];
	} reset = {{.argsz = sizeof(reset), .count = 1}, {group_fd}}, x = reset, y = reset;

	a = b = as_map;
	EXPECT(raw_ioctl(d, VFIO_DEVICE_PCI_HOT_RESET, &a, sizeof(a)),
		ioctl(d, VFIO_DEVICE_PCI_HOT_RESET, &b) ? -errno : 0);
	EXPECT(0, memcmp(&a, &b, sizeof(a)));
	EXPECT(raw_ioctl(d, VFIO_DEVICE_PCI_HOT_RESET, &x, sizeof(x)),
		ioctl(d, VFIO_DEVICE_PCI_HOT_RESET, &y) ? -errno : 0);
	EXPECT(0, memcmp(&x, &y, sizeof(x)));
	EXPECT(0, raw_map(c, memory(), ACROSS, MIB));
	close(d);
	close_container(c);
}

/* A BAR across a hole: the kernel's answer, whatever it is. (The log is the scenario's to check.)
 */
static void bar(void)
{
	int c = open_container();
	int g = open(nic_group, O_RDWR | O_CLOEXEC);
	if (g < 0 || ioctl(g, VFIO_GROUP_SET_CONTAINER, &c))
		die(nic_group);
	int d = ioctl(g, VFIO_GROUP_GET_DEVICE_FD, nic);
	struct vfio_region_info info = {.argsz = sizeof(info), .index = VFIO_PCI_BAR0_REGION_INDEX};
	if (d < 0 || ioctl(d, VFIO_DEVICE_GET_REGION_INFO, &info))
		die(nic);
	char *p = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, d, (off_t)info.offset);
	if (p == MAP_FAILED)
		die("mmap of a BAR");
	EXPECT(raw_map(c, p, WINDOW - PAGE, info.size), map(c, p, WINDOW - PAGE, info.size));
	EXPECT(-EINVAL, map(c, p, WINDOW - PAGE, info.size));
	EXPECT(0, map(c, p, ACROSS, info.size));
	/* It is an MMIO page, so reading it must neither fault nor have been guarded. */
	EXPECT(0, touch(p + 8, false));
	munmap(p, info.size);
	close(d);
	close(g);
	close_container(c);
}

/*
 * A client that closes or replaces descriptors it does not know: whatever the
 * shim had open, none of its text may land in what is there now. Goes last:
 * the log is gone after it.
 */
static void foreign_descriptors(void)
{
	int c = open_container(), scratch = memfd_create("scratch", MFD_CLOEXEC);
	struct stat st;
	uint64_t gone;
	EXPECT(shim ? 0 : -EINVAL, map(c, memory(), ACROSS, 3 * MIB));
	replace_descriptors(3, c, scratch);
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(shim ? 0 : -EINVAL, map(c, memory(), ACROSS, 3 * MIB));
	EXPECT(-EINVAL, map(c, memory(), WINDOW - 0x100000000, PAGE + 1));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	if (fstat(scratch, &st))
		die("fstat");
	EXPECT(0, st.st_size);
	EXPECT(0, lseek(scratch, 0, SEEK_CUR));
	close_container(c);
}

static const struct check view_checks[] = {
	{"a mapping across the MSI window", map_across},
	{"mappings beside it", map_beside},
	{"UNMAP of a wider range, and of all", unmap_wider_and_all},
	{"UNMAP that would bisect the mapping", unmap_bisecting},
	{"MAP over the mapping's hole is EEXIST", map_over_it},
	{"the pieces are in the kernel, the hole is not", pieces_are_real},
	{"rollback when a later piece is EEXIST", rollback_eexist},
	{"rollback when a later piece is EFAULT", rollback_efault},
	{"the guard stops a touch, UNMAP lifts it", guard},
	{"memory in use behind the hole", in_use},
	{"one byte in use behind the hole", one_byte_in_use},
	{"resident zero pages are unused", zeroes},
	{"shared memory", shared_memory},
	{"huge pages", huge_pages},
	{"RAM wholly inside a hole", inside},
	{"type1 v1", type1_v1},
	{"a container number reused", new_container},
	{"a duplicated container descriptor", duplicate},
	{"PCI_HOT_RESET on a device", hot_reset},
	{"a BAR across the window", bar},
	{"descriptors closed and replaced", foreign_descriptors},
	{NULL, NULL},
};

static const struct check inside_checks[] = {
	{"RAM wholly inside a hole, skipped", inside_skipped},
	{NULL, NULL},
};

static const struct set {
	const char *name;
	const struct check *checks;
} sets[] = {
	{"view", view_checks},
	{"inside", inside_checks},
	{"map", map_checks},
	{"unmap", unmap_checks},
	{"memory", memory_checks},
	{"untouched", untouched_checks},
	{"hugetlb", hugetlb_checks},
	{"owner", owner_checks},
	{"fork", fork_checks},
	{"exec", exec_checks},
	{"dirty", dirty_checks},
	{"vaddr", vaddr_checks},
	{"foreign", foreign_checks},
	{"first", first_checks},
	{"skip", skip_checks},
};

static const struct check *checks_of(const char *name)
{
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if (!strcmp(sets[i].name, name))
			return sets[i].checks;
	fprintf(stderr, "client: no such set: %s\n", name);
	exit(2);
}

static int unmap_and_tell(char **argv)
{
	uint64_t gone;
	long r =
		unmap(atoi(argv[2]), strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0), &gone);

	return r ? (int)-r : (int)(gone / MIB);
}

int main(int argc, char **argv)
{
	bool skipping;

	supervised = argc > 1 && !strcmp(argv[1], "--supervised");
	argc -= supervised;
	argv += supervised;
	if (argc == 5 && !strcmp(argv[1], "unmap"))
		return unmap_and_tell(argv);
	if (argc < 6 || argc > 7) {
		fprintf(stderr,
			"usage: client [--supervised] bare|shim|skip DISK DISK-GROUP NIC NIC-GROUP "
			"[SET]\n");
		return 2;
	}
	skipping = !strcmp(argv[1], "skip");
	shim = skipping || !strcmp(argv[1], "shim");
	disk = argv[2], disk_group = argv[3], nic = argv[4], nic_group = argv[5];
	setvbuf(stdout, NULL, _IOLBF, 0);
	return run_checks(checks_of(argc == 7 ? argv[6] : skipping ? "inside" : "view")) ? 1 : 0;
}
