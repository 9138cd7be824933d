/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of MAP_DMA: what is split where, and what must go past the shim untouched. */
#include "client.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Mappings of which [gap, gap + gap_size) lies in a hole. */
static const struct crossing {
	const char *name;
	uint64_t iova, size, gap, gap_size;
} crossings[] = {
	{"over the MSI window", ACROSS, 3 * MIB, MIB, MIB},
	{"the MSI window's lower edge", ACROSS, MIB + 0x80000, MIB, 0x80000},
	{"the MSI window's upper edge", BEHIND - PAGE, MIB, 0, PAGE},
	{"the hyper-transport range's lower edge", EDGE, 4 * MIB, 2 * MIB, 2 * MIB},
	{"the hyper-transport range's upper edge", 0xffffe00000, 4 * MIB, 0, 2 * MIB},
	{"over the hyper-transport range", EDGE, 0x300400000, 2 * MIB, 0x300000000},
};

static void expect_pieces(int c, const struct crossing *x)
{
	uint64_t end = x->iova + x->size, hole = x->iova + x->gap, behind = hole + x->gap_size;
	char *p = memory();

	EXPECT(-EINVAL, raw_map(c, p, hole, PAGE));
	EXPECT(-EINVAL, raw_map(c, p, (behind < end ? behind : end) - PAGE, PAGE));
	if (x->gap) {
		EXPECT(-EEXIST, raw_map(c, p, x->iova, PAGE));
		EXPECT(-EEXIST, raw_map(c, p, hole - PAGE, PAGE));
	}
	if (behind < end) {
		EXPECT(-EEXIST, raw_map(c, p, behind, PAGE));
		EXPECT(-EEXIST, raw_map(c, p, end - PAGE, PAGE));
	}
	munmap(p, 3 * MIB);
}

static void cross(const struct crossing *x)
{
	int c = open_container(), flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	char *p = memory_of(x->size, flags, -1);
	uint64_t gone;

	about(x->name);
	EXPECT(shim ? 0 : -EINVAL, map(c, p, x->iova, x->size));
	if (shim) {
		expect_pieces(c, x);
		EXPECT(SIGSEGV, touch(p + x->gap, false));
		EXPECT(SIGSEGV, touch(p + x->gap + x->gap_size - 1, true));
		EXPECT(-EEXIST, map(c, p, x->iova, x->size));
		EXPECT(-EEXIST, map(c, p, x->iova + x->gap, PAGE));
	}
	EXPECT(0, unmap(c, x->iova, x->size, &gone));
	EXPECT(shim ? x->size : 0, gone);
	EXPECT(0, touch(p + x->gap, true));
	EXPECT(0, touch(p + x->gap + x->gap_size - 1, true));
	EXPECT(0, unmap(c, x->iova, x->size, &gone));
	EXPECT(0, gone);
	munmap(p, x->size);
	close_container(c);
}

static void all_crossings(void)
{
	for (size_t i = 0; i < sizeof(crossings) / sizeof(crossings[0]); i++)
		cross(&crossings[i]);
}

static void read_only_struct(void)
{
	int c = open_container();
	struct vfio_iommu_type1_dma_map *m = memory_of(PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	uint64_t gone;

	*m = map_request(memory(), ACROSS, 3 * MIB);
	mprotect(m, PAGE, PROT_READ);
	errno = 77;
	EXPECT(shim ? 0 : -1, ioctl(c, VFIO_IOMMU_MAP_DMA, m));
	EXPECT(shim ? 77 : EINVAL, errno);
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	munmap(m, PAGE);
	close_container(c);
}

struct bad_struct {
	int container;
	unsigned long request;
	void *argument;
};

static int is_efault(const void *argument)
{
	const struct bad_struct *bad = argument;

	return ioctl(bad->container, bad->request, bad->argument) != -1 || errno != EFAULT;
}

/* The kernel says EFAULT. Other addresses that cannot be read are not survived: the shim reads the
 * struct before the kernel does. */
static void unreadable(unsigned long request)
{
	int c = open_container();
	struct bad_struct bad = {.container = c, .request = request};

	EXPECT(shim ? 0 : -EINVAL, map(c, memory(), ACROSS, 3 * MIB));
	EXPECT(0, in_child(is_efault, &bad));
	close_container(c);
}

static void unreadable_map(void)
{
	unreadable(VFIO_IOMMU_MAP_DMA);
}

static void unreadable_unmap(void)
{
	unreadable(VFIO_IOMMU_UNMAP_DMA);
}

static void unreadable_info(void)
{
	unreadable(VFIO_IOMMU_GET_INFO);
}

static void unreadable_dirty(void)
{
	unreadable(VFIO_IOMMU_DIRTY_PAGES);
}

static void unreadable_group(void)
{
	int c = open_container();
	struct bad_struct bad = {group_fd, VFIO_GROUP_SET_CONTAINER, (void *)PAGE};

	EXPECT(0, in_child(is_efault, &bad));
	close_container(c);
}

/* What the kernel refuses for its form, it refuses as ever. All would cross the hole at EDGE. */
static void malformed_maps(int c)
{
	const struct vfio_iommu_type1_dma_map good = map_request(memory(), EDGE, 3 * MIB);
	struct vfio_iommu_type1_dma_map bad[10];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		bad[i] = good;
	bad[n++].argsz = 31;
	bad[n++].flags = 0;
	bad[n++].flags |= 8;
	bad[n++].flags |= VFIO_DMA_MAP_FLAG_VADDR;
	bad[n++].flags = VFIO_DMA_MAP_FLAG_VADDR;
	bad[n++].size = 0;
	bad[n++].size += 1;
	bad[n++].iova += 1;
	bad[n++].iova = -PAGE;
	bad[n++].vaddr += 1;
	for (size_t i = 0; i < n; i++)
		same_as_raw(c, VFIO_IOMMU_MAP_DMA, &bad[i], sizeof(bad[i]));
}

static void malformed(void)
{
	int c = open_container();
	uint64_t gone;

	about("without a split mapping");
	malformed_maps(c);
	EXPECT(shim ? 0 : -EINVAL, map(c, memory(), ACROSS, 3 * MIB));
	about("beside a split mapping");
	malformed_maps(c);
	EXPECT(0, unmap_flags(c, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	close_container(c);
}

/* A larger argsz is allowed, and so is a struct that is not aligned. */
static void odd_structs(void)
{
	int c = open_container();
	char bytes[64];
	struct vfio_iommu_type1_dma_map m = map_request(memory(), ACROSS, 3 * MIB);
	uint64_t gone;

	m.argsz = 60;
	memset(bytes, 0x5a, sizeof(bytes));
	memcpy(bytes + 1, &m, sizeof(m));
	EXPECT(shim ? 0 : -1, ioctl(c, VFIO_IOMMU_MAP_DMA, bytes + 1));
	EXPECT(0, memcmp(bytes + 1, &m, sizeof(m)));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	close_container(c);
}

/* As some callers pass it: an int, extended with its sign, or with rubbish above. */
static void wide_request(void)
{
	int c = open_container();
	struct vfio_iommu_type1_dma_map m = map_request(memory(), ACROSS, 3 * MIB);
	volatile unsigned long request = 0xffffffff00000000 | VFIO_IOMMU_MAP_DMA;
	uint64_t gone;

	EXPECT(shim ? 0 : -1, ioctl(c, request, &m));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	close_container(c);
}

static void rollback(void)
{
	int c = open_container();
	char *p = memory(), *other = memory();
	uint64_t gone;

	EXPECT(0, raw_map(c, other, BEHIND + MIB - PAGE, PAGE));
	EXPECT(-EEXIST, map(c, p, ACROSS, 3 * MIB));
	EXPECT(true, is_rw(p + MIB));
	EXPECT(0, raw_map(c, other, ACROSS, MIB));
	EXPECT(0, unmap(c, CLEAR, 0x100000000, &gone));
	EXPECT(MIB + PAGE, gone);
	/* Nothing stays behind that would be in the way. */
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	close_container(c);
}

/* 0x3b71 and its neighbours on what is no container: devices, groups, other files. */
static void not_a_container(void)
{
	int c = open_container(), d = open_device(group_fd, disk), null = open("/dev/null", O_RDWR);
	const struct vfio_iommu_type1_dma_map as_map = map_request(memory(), ACROSS, 3 * MIB);
	static const uint32_t argsz[] = {0, 4, 11, 12, 16, 20, 32, UINT32_MAX};
	static const uint32_t counts[] = {0, 1, 2, UINT32_MAX};
	const int fds[] = {d, group_fd, null, -1};

	for (size_t i = 0; i < sizeof(argsz) / sizeof(argsz[0]); i++)
		for (size_t j = 0; j < sizeof(counts) / sizeof(counts[0]); j++) {
			const uint32_t words[] = {
				argsz[i], 0, counts[j], (uint32_t)group_fd, (uint32_t)c};

			same_as_raw(d, VFIO_DEVICE_PCI_HOT_RESET, words, sizeof(words));
		}
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		for (unsigned long n = 0; n < 8; n++)
			same_as_raw(fds[i], VFIO_IOMMU_GET_INFO + n, &as_map, sizeof(as_map));
	EXPECT(0, raw_map(c, memory(), ACROSS, MIB));
	EXPECT(0, raw_map(c, memory(), BEHIND, MIB));
	close(null);
	close(d);
	close_container(c);
}

/* The NVMe's BAR 0, put across the window: the kernel's to answer. The scenario reads the log. */
static void bar(void)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = VFIO_PCI_BAR0_REGION_INDEX};
	int c = open_container(), d = open_device(group_fd, disk);
	char *p;

	if (ioctl(d, VFIO_DEVICE_GET_REGION_INFO, &info))
		die("VFIO_DEVICE_GET_REGION_INFO");
	p = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, d, (off_t)info.offset);
	if (p == MAP_FAILED)
		die("mmap of a BAR");
	EXPECT(-EINVAL, map(c, p, WINDOW - PAGE, info.size));
	EXPECT(-EINVAL, map(c, p, WINDOW, info.size));
	EXPECT(true, is_rw(p));
	EXPECT(0, raw_map(c, memory(), WINDOW - PAGE, PAGE));
	munmap(p, info.size);
	close(d);
	close_container(c);
}

/* Older kernels (6.1) put capabilities where they are not aligned. */
static void show_capabilities(const char *info, uint32_t offset)
{
	struct vfio_info_cap_header header;

	for (; offset; offset = header.next) {
		memcpy(&header, info + offset, sizeof(header));
		printf("# capability %d at %u\n", header.id, offset);
	}
}

static void get_info(void)
{
	static const uint32_t argsz[] = {0, 15, 16, 20, 24, 64, 4096};
	_Alignas(8) static char raw[4096], got[4096];
	int c = open_container();
	struct vfio_iommu_type1_info head;

	for (size_t i = 0; i < sizeof(argsz) / sizeof(argsz[0]); i++) {
		memset(raw, 0x5a, sizeof(raw));
		memcpy(raw, &argsz[i], sizeof(argsz[i]));
		memcpy(got, raw, sizeof(got));
		EXPECT(raw_ioctl(c, VFIO_IOMMU_GET_INFO, raw, sizeof(raw)) ? -1 : 0,
			ioctl(c, VFIO_IOMMU_GET_INFO, got));
		EXPECT(0, memcmp(raw, got, sizeof(raw)));
	}
	memcpy(&head, raw, sizeof(head));
	show_capabilities(raw, head.cap_offset);
	close_container(c);
}

const struct check map_checks[] = {
	{"mappings across every edge", all_crossings},
	{"a MAP struct in read-only memory", read_only_struct},
	{"a MAP struct at NULL is EFAULT", unreadable_map},
	{"an UNMAP struct at NULL", unreadable_unmap},
	{"a GET_INFO struct at NULL", unreadable_info},
	{"a DIRTY_PAGES struct at NULL", unreadable_dirty},
	{"a SET_CONTAINER argument that cannot be read", unreadable_group},
	{"malformed MAPs have the kernel's answer", malformed},
	{"a struct with room to spare, not aligned", odd_structs},
	{"a request number with high bits set", wide_request},
	{"rollback leaves nothing behind", rollback},
	{"requests on what is no container go past", not_a_container},
	{"a BAR across a hole is passed on", bar},
	{"GET_INFO is the kernel's", get_info},
	{NULL, NULL},
};

/* With the policy `inside skip`. */
static void skipped(void)
{
	int c = open_container();
	char *p = memory(), *q = memory();
	uint64_t gone;

	EXPECT(0, map(c, p, WINDOW, 0x10000));
	EXPECT(0, map(c, q, ACROSS, MIB));
	EXPECT(SIGSEGV, touch(p, true));
	EXPECT(0, touch(p + 0x10000, true));
	EXPECT(-EEXIST, map(c, q, WINDOW + 0xf000, PAGE));
	EXPECT(-EEXIST, map(c, q, WINDOW + 0xf000, MIB));
	EXPECT(-EINVAL, unmap(c, ACROSS, MIB + PAGE, &gone));
	EXPECT(-EINVAL, unmap(c, WINDOW + PAGE, PAGE, &gone));
	EXPECT(SIGSEGV, touch(p, true));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(MIB + 0x10000, gone);
	EXPECT(0, touch(p, true));
	EXPECT(-EINVAL, map(c, p, WINDOW, 0x10000)); /* in use now */
	EXPECT(1, *p);
	close_container(c);
}

const struct check skip_checks[] = {
	{"RAM wholly inside a hole, skipped, among others", skipped},
	{NULL, NULL},
};
