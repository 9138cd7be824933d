/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of UNMAP_DMA over split mappings: sizes, and what must not be cut in two. */
#include "client.h"

static void expect_intact(int c, char *p)
{
	char *q = memory();

	EXPECT(-EEXIST, raw_map(c, q, ACROSS, PAGE));
	EXPECT(-EEXIST, raw_map(c, q, WINDOW - PAGE, PAGE));
	EXPECT(-EEXIST, raw_map(c, q, BEHIND, PAGE));
	EXPECT(-EEXIST, raw_map(c, q, BEHIND + MIB - PAGE, PAGE));
	EXPECT(SIGSEGV, touch(p + MIB, false));
	EXPECT(SIGSEGV, touch(p + 2 * MIB - 1, false));
	munmap(q, 3 * MIB);
}

/* Every way to cut [ACROSS, + 3 MiB), with the mappings before and behind it in the range or not.
 */
static void bisecting(void)
{
	static const struct {
		const char *name;
		uint64_t first, end;
	} cuts[] = {
		{"up to the middle of the lower piece", ACROSS, ACROSS + 0x80000},
		{"up to the hole", ACROSS, WINDOW},
		{"up to the middle of the hole", ACROSS, WINDOW + 0x80000},
		{"up to the upper piece", ACROSS, BEHIND},
		{"up to the middle of the upper piece", ACROSS, BEHIND + 0x80000},
		{"up to the last page", ACROSS, BEHIND + MIB - PAGE},
		{"from the second page", ACROSS + PAGE, BEHIND + MIB},
		{"from the hole", WINDOW, BEHIND + MIB},
		{"from the middle of the hole", WINDOW + 0x80000, BEHIND + MIB},
		{"from the upper piece", BEHIND, BEHIND + MIB},
		{"the hole", WINDOW, BEHIND},
		{"a page of the hole", WINDOW + PAGE, WINDOW + 2 * PAGE},
		{"from the mapping before, up to the hole", ACROSS - MIB, WINDOW},
		{"from before, up to the upper piece", ACROSS - 2 * MIB, BEHIND},
		{"from the hole, with the mapping behind", WINDOW, BEHIND + 2 * MIB},
		{"from the upper piece, and far behind", BEHIND, BEHIND + 0x10000000},
	};
	int c = open_container();
	char *p = memory(), *q = memory();
	uint64_t gone;

	if (!shim)
		skip_check("nothing is split");
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	EXPECT(0, map(c, q, ACROSS - MIB, MIB));
	EXPECT(0, map(c, q, BEHIND + MIB, MIB));
	for (size_t i = 0; shim && i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		about(cuts[i].name);
		EXPECT(-EINVAL, unmap(c, cuts[i].first, cuts[i].end - cuts[i].first, &gone));
		expect_intact(c, p);
	}
	about("all");
	EXPECT(0, unmap(c, ACROSS - 2 * MIB, 8 * MIB, &gone));
	EXPECT((shim ? 5 : 2) * MIB, gone);
	EXPECT(0, touch(p + MIB, true));
	close_container(c);
}

static void several(void)
{
	int c = open_container();
	char *p = memory_of(4 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1), *q = memory();
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, q, ACROSS, 3 * MIB));
	EXPECT(shim ? 0 : -EINVAL, map(c, p, EDGE, 4 * MIB));
	EXPECT(0, map(c, memory(), CLEAR, PAGE));
	EXPECT(0, unmap(c, 0, 0x10000000000, &gone));
	EXPECT((shim ? 7 * MIB : 0) + PAGE, gone);
	EXPECT(0, touch(q + MIB, true));
	EXPECT(0, touch(p + 3 * MIB, true));
	EXPECT(0, unmap_flags(c, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, &gone));
	EXPECT(0, gone);
	close_container(c);
}

static void malformed(void)
{
	const struct vfio_iommu_type1_dma_unmap good = {
		.argsz = sizeof(good), .iova = ACROSS, .size = 3 * MIB};
	struct vfio_iommu_type1_dma_unmap bad[9];
	int c = open_container();
	char *p = memory();
	uint64_t gone;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		bad[i] = good;
	bad[n++].argsz = 23;
	bad[n++].flags = 0x80;
	bad[n++].flags = VFIO_DMA_UNMAP_FLAG_ALL;
	bad[n++].flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	bad[n++].flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP | VFIO_DMA_UNMAP_FLAG_VADDR;
	bad[n++].size = 0;
	bad[n++].size += 1;
	bad[n++].iova += 1;
	bad[n++].iova = -PAGE;
	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	for (size_t i = 0; i < n; i++)
		same_as_raw(c, VFIO_IOMMU_UNMAP_DMA, &bad[i], sizeof(bad[i]));
	if (shim)
		expect_intact(c, p);
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	close_container(c);
}

/* Whole mappings that start in the range go, whatever is asked; none that starts below it. */
static void type1_v1(void)
{
	int c = open_container_of(VFIO_TYPE1_IOMMU);
	char *p = memory();
	uint64_t gone;

	EXPECT(shim ? 0 : -EINVAL, map(c, p, ACROSS, 3 * MIB));
	about("from its middle");
	EXPECT(0, unmap(c, ACROSS + PAGE, PAGE, &gone));
	EXPECT(0, gone);
	EXPECT(0, unmap(c, WINDOW, 2 * MIB, &gone));
	EXPECT(0, gone);
	EXPECT(0, unmap(c, WINDOW + PAGE, PAGE, &gone));
	EXPECT(0, gone);
	EXPECT(0, unmap(c, BEHIND, MIB, &gone));
	EXPECT(0, gone);
	if (shim)
		expect_intact(c, p);
	about("its first page");
	EXPECT(0, unmap(c, ACROSS, PAGE, &gone));
	EXPECT(shim ? 3 * MIB : 0, gone);
	EXPECT(0, touch(p + MIB, true));
	EXPECT(0, raw_map(c, p, ACROSS, MIB));
	EXPECT(0, raw_map(c, p, BEHIND, MIB));
	close_container(c);
}

const struct check unmap_checks[] = {
	{"UNMAP that would cut the mapping in two", bisecting},
	{"UNMAP of several split mappings", several},
	{"malformed UNMAPs have the kernel's answer", malformed},
	{"type1 v1", type1_v1},
	{NULL, NULL},
};
