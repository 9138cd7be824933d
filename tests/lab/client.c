/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VFIO client that holds the shim to its promises on a real kernel, one line a check. */

/*
 * usage: client bare|shim|skip DISK DISK-GROUP NIC NIC-GROUP
 *
 * "bare" says what the kernel alone does (also asked of a disabled shim),
 * "shim" what it must look like with the shim, "skip" the little that differs
 * under the policy `inside skip`. Where it matters that something is truly in
 * the kernel, or is not, syscall(SYS_ioctl) goes around the shim.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB  0x100000UL
#define PAGE 0x1000UL
/* Three MiB of which the middle one is the MSI window. */
#define ACROSS 0xfed00000UL
#define WINDOW 0xfee00000UL
#define BEHIND 0xfef00000UL
/* Four MiB of which the upper two are in the hyper-transport hole. */
#define EDGE 0xfcffe00000UL

static bool shim;
static const char *disk, *disk_group, *nic, *nic_group;
static int failures, group_fd = -1;
static char why[256];

/* Note the first thing that is not as it should be, and go on. */
static void expect(const char *what, long wanted, long got)
{
	if (wanted != got && !why[0])
		snprintf(why, sizeof(why), "%s: expected %ld, got %ld", what, wanted, got);
}

#define EXPECT(wanted, got) expect(#got, (long)(wanted), (long)(got))

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- the kernel's interface ---------------------------------------------- */

static int open_container_of(long type)
{
	int c = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (c < 0)
		die("/dev/vfio/vfio");
	group_fd = open(disk_group, O_RDWR | O_CLOEXEC);
	if (group_fd < 0)
		die(disk_group);
	if (ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &c))
		die("VFIO_GROUP_SET_CONTAINER");
	if (ioctl(c, VFIO_SET_IOMMU, type))
		die("VFIO_SET_IOMMU");
	return c;
}

static int open_container(void)
{
	return open_container_of(VFIO_TYPE1v2_IOMMU);
}

static void close_container(int c)
{
	close(group_fd);
	close(c);
}

static struct vfio_iommu_type1_dma_map map_request(void *p, uint64_t iova, uint64_t size)
{
	return (struct vfio_iommu_type1_dma_map){
		.argsz = sizeof(struct vfio_iommu_type1_dma_map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)p,
		.iova = iova,
		.size = size,
	};
}

/* 0 or -errno; also that the struct is left alone, and errno when all is well. */
static long map(int c, void *p, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_map m = map_request(p, iova, size), before = m;
	errno = 77;
	long r = ioctl(c, VFIO_IOMMU_MAP_DMA, &m) ? -errno : 0;
	expect("MAP leaves its struct alone", 0, memcmp(&m, &before, sizeof(m)));
	if (!r)
		expect("errno after a MAP that succeeded", 77, errno);
	return r;
}

static long raw_map(int c, void *p, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_map m = map_request(p, iova, size);
	return syscall(SYS_ioctl, c, VFIO_IOMMU_MAP_DMA, &m) ? -errno : 0;
}

static long unmap_flags(int c, uint64_t iova, uint64_t size, uint32_t flags, uint64_t *gone)
{
	struct vfio_iommu_type1_dma_unmap u = {
		.argsz = sizeof(u), .flags = flags, .iova = iova, .size = size};
	errno = 77;
	long r = ioctl(c, VFIO_IOMMU_UNMAP_DMA, &u) ? -errno : 0;
	*gone = u.size;
	expect("UNMAP leaves argsz alone", sizeof(u), u.argsz);
	expect("UNMAP leaves flags alone", flags, u.flags);
	expect("UNMAP leaves iova alone", (long)iova, (long)u.iova);
	expect("errno after UNMAP", r ? -r : 77, errno);
	return r;
}

static long unmap(int c, uint64_t iova, uint64_t size, uint64_t *gone)
{
	return unmap_flags(c, iova, size, 0, gone);
}

/* --- memory -------------------------------------------------------------- */

static void *memory_of(size_t size, int flags, int fd)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static char *memory(void)
{
	return memory_of(3 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static sigjmp_buf fault_return;

static void on_fault(int sig)
{
	siglongjmp(fault_return, sig);
}

/* The signal that touching p raises, or 0. */
static int touch(volatile char *p, bool write)
{
	struct sigaction act = {.sa_handler = on_fault}, old_segv, old_bus;
	sigaction(SIGSEGV, &act, &old_segv);
	sigaction(SIGBUS, &act, &old_bus);
	int sig = sigsetjmp(fault_return, 1);
	if (!sig) {
		if (write)
			*p = 1;
		else
			(void)*p;
	}
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	return sig;
}

/* Is p's mapping readable and writable again, by the kernel's own account? */
static bool is_rw(const void *p)
{
	unsigned long first, end;
	char perms[8];
	bool found = false;
	FILE *f = fopen("/proc/self/maps", "re");
	if (!f)
		die("/proc/self/maps");
	while (!found && fscanf(f, "%lx-%lx %7s%*[^\n]", &first, &end, perms) == 3)
		found = first <= (uintptr_t)p && (uintptr_t)p < end;
	fclose(f);
	return found && !strncmp(perms, "rw", 2);
}

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
		snprintf(why, sizeof(why), "no huge pages");
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

static int open_device(const char *name)
{
	int d = ioctl(group_fd, VFIO_GROUP_GET_DEVICE_FD, name);
	if (d < 0)
		die("VFIO_GROUP_GET_DEVICE_FD");
	return d;
}

/* 0x3b71 is MAP_DMA on a container and PCI_HOT_RESET on a device. */
static void hot_reset(void)
{
	int c = open_container(), d = open_device(disk);
	struct vfio_iommu_type1_dma_map as_map = map_request(memory(), ACROSS, 3 * MIB), a, b;
	struct {
		struct vfio_pci_hot_reset head;
		int32_t groups[1];
	} reset = {{.argsz = sizeof(reset), .count = 1}, {group_fd}}, x = reset, y = reset;

	a = b = as_map;
	EXPECT(syscall(SYS_ioctl, d, VFIO_DEVICE_PCI_HOT_RESET, &a) ? -errno : 0,
		ioctl(d, VFIO_DEVICE_PCI_HOT_RESET, &b) ? -errno : 0);
	EXPECT(0, memcmp(&a, &b, sizeof(a)));
	EXPECT(syscall(SYS_ioctl, d, VFIO_DEVICE_PCI_HOT_RESET, &x) ? -errno : 0,
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
	int c = open_container(), scratch = memfd_create("scratch", MFD_CLOEXEC), fd;
	struct stat st;
	uint64_t gone;
	EXPECT(shim ? 0 : -EINVAL, map(c, memory(), ACROSS, 3 * MIB));
	for (fd = 3; fd < 1024; fd++)
		if (fd != c && fd != group_fd && fd != scratch)
			dup2(scratch, fd);
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

static const struct check {
	const char *name;
	void (*run)(void);
	bool only_when_skipping;
} checks[] = {
	{"a mapping across the MSI window", map_across, false},
	{"mappings beside it", map_beside, false},
	{"UNMAP of a wider range, and of all", unmap_wider_and_all, false},
	{"UNMAP that would bisect the mapping", unmap_bisecting, false},
	{"MAP over the mapping's hole is EEXIST", map_over_it, false},
	{"the pieces are in the kernel, the hole is not", pieces_are_real, false},
	{"rollback when a later piece is EEXIST", rollback_eexist, false},
	{"rollback when a later piece is EFAULT", rollback_efault, false},
	{"the guard stops a touch, UNMAP lifts it", guard, false},
	{"memory in use behind the hole", in_use, false},
	{"one byte in use behind the hole", one_byte_in_use, false},
	{"resident zero pages are unused", zeroes, false},
	{"shared memory", shared_memory, false},
	{"huge pages", huge_pages, false},
	{"RAM wholly inside a hole", inside, false},
	{"RAM wholly inside a hole, skipped", inside_skipped, true},
	{"type1 v1", type1_v1, false},
	{"a container number reused", new_container, false},
	{"a duplicated container descriptor", duplicate, false},
	{"PCI_HOT_RESET on a device", hot_reset, false},
	{"a BAR across the window", bar, false},
	{"descriptors closed and replaced", foreign_descriptors, false},
};

int main(int argc, char **argv)
{
	size_t i;
	int n = 0;
	if (argc != 6) {
		fprintf(stderr, "usage: client bare|shim|skip DISK DISK-GROUP NIC NIC-GROUP\n");
		return 2;
	}
	bool skipping = !strcmp(argv[1], "skip");
	shim = skipping || !strcmp(argv[1], "shim");
	disk = argv[2], disk_group = argv[3], nic = argv[4], nic_group = argv[5];
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (checks[i].only_when_skipping != skipping)
			continue;
		why[0] = '\0';
		checks[i].run();
		n++;
		failures += why[0] != '\0';
		if (why[0])
			printf("not ok %d %s # %s\n", n, checks[i].name, why);
		else
			printf("ok %d %s\n", n, checks[i].name);
	}
	printf("1..%d\n", n);
	return failures ? 1 : 0;
}
