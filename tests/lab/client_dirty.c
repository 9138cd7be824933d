/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of live migration's and live update's requests. What a kernel without holes does is not
 * written down here: it is asked, of the same mappings where nothing is reserved. */
#include "client.h"

#include <stdio.h>
#include <string.h>

/* A bitmap of what is asked for, with a word on either side that nobody may touch. */
#define ASKED 0x340000UL
enum { WORDS = ASKED / PAGE / 64, BITMAP_WORDS = WORDS + 2 };

struct bitmap {
	uint64_t words[BITMAP_WORDS];
};

/* Mappings, by offset: the first is over the window when the base is ACROSS. */
struct layout {
	const char *name;
	uint64_t first, size, next, next_size;
};

static const struct layout layouts[] = {
	{"on words", 0, 3 * MIB, 3 * MIB, 0x40000},
	{"between words", 5 * PAGE, 3 * MIB - 9 * PAGE, 3 * MIB - 4 * PAGE, 3 * PAGE},
	{"up to the hole's middle", 7 * PAGE, MIB + 0x80000, 2 * MIB + 3 * PAGE, 5 * PAGE},
	{"from the hole's middle", MIB + 11 * PAGE, 2 * MIB - 60 * PAGE, 3 * PAGE, MIB},
	{"up to the hole's last page", 3 * PAGE, 2 * MIB - 4 * PAGE, 2 * MIB, 9 * PAGE},
};

static struct vfio_bitmap asked_for(struct bitmap *bitmap)
{
	return (struct vfio_bitmap){
		.pgsize = PAGE, .size = WORDS * 8, .data = (__u64 *)(void *)&bitmap->words[1]};
}

static long get_bitmap(int c, uint64_t base, uint64_t size, struct bitmap *bitmap)
{
	const struct vfio_iommu_type1_dirty_bitmap_get get = {
		.iova = base, .size = size, .bitmap = asked_for(bitmap)};
	_Alignas(8) char bytes[sizeof(struct vfio_iommu_type1_dirty_bitmap) + sizeof(get)];
	const struct vfio_iommu_type1_dirty_bitmap head = {
		.argsz = sizeof(bytes), .flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP};

	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), &get, sizeof(get));
	return ioctl(c, VFIO_IOMMU_DIRTY_PAGES, bytes) ? -errno : 0;
}

static long unmap_dirty(int c, uint64_t base, uint64_t size, struct bitmap *bitmap, uint64_t *gone)
{
	const struct vfio_bitmap asked = asked_for(bitmap);
	struct vfio_iommu_type1_dma_unmap head = {
		.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, .iova = base, .size = size};
	_Alignas(8) char bytes[sizeof(head) + sizeof(asked)];
	long r;

	head.argsz = sizeof(bytes);
	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), &asked, sizeof(asked));
	r = ioctl(c, VFIO_IOMMU_UNMAP_DMA, bytes) ? -errno : 0;
	memcpy(&head, bytes, sizeof(head));
	*gone = head.size;
	EXPECT(0, memcmp(bytes + sizeof(head), &asked, sizeof(asked)));
	return r;
}

static long track(int c, uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap d = {.argsz = sizeof(d), .flags = flags};

	return ioctl(c, VFIO_IOMMU_DIRTY_PAGES, &d) ? -errno : 0;
}

/* The same bits, but none where both the mapping and the hole are. All that is not mapped must be
 * the same too in the first bitmap that is asked for; in later ones the kernel (6.12) sets bits
 * behind mappings that do not begin at a word: bitmap_shift_left() brings in what
 * update_user_bitmap() had left behind the mapping's own bits. */
static void expect_bits(const struct layout *layout, const struct bitmap *reference,
	const struct bitmap *got, bool first)
{
	long wrong = 0, in_gap = 0;

	for (uint64_t bit = 0; bit < BITMAP_WORDS * 64; bit++) {
		uint64_t offset = (bit - 64) * PAGE, mask = 1ULL << bit % 64;
		bool mapped = offset - layout->first < layout->size ||
			      offset - layout->next < layout->next_size;
		bool gap = mapped && offset >= MIB && offset < 2 * MIB;

		if (gap)
			in_gap += !!(got->words[bit / 64] & mask);
		else if (mapped || first || bit < 64 || bit >= 64 * (WORDS + 1))
			wrong += !!((got->words[bit / 64] ^ reference->words[bit / 64]) & mask);
	}
	EXPECT(0, wrong);
	EXPECT(0, in_gap);
}

/* What a client saw of a layout. */
struct seen {
	struct bitmap got, unmapped;
	long cut[3];
	uint64_t gone;
};

static void look(const struct layout *layout, uint64_t base, struct seen *seen)
{
	int c = open_container();
	char *p = memory(), *q = memory();

	memset(seen, 0xa5, sizeof(*seen));
	EXPECT(0, map(c, p, base + layout->first, layout->size));
	EXPECT(0, map(c, q, base + layout->next, layout->next_size));
	EXPECT(-EINVAL, get_bitmap(c, base, ASKED, &seen->got));
	EXPECT(-EINVAL, unmap_dirty(c, base, ASKED, &seen->unmapped, &seen->gone));
	EXPECT(0, track(c, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	seen->cut[0] = get_bitmap(c, base + layout->first, layout->size - PAGE, &seen->got);
	seen->cut[1] = get_bitmap(c, base + layout->first + PAGE, PAGE, &seen->got);
	seen->cut[2] = unmap_dirty(c, base, MIB + 0x40000, &seen->unmapped, &seen->gone);
	EXPECT(0, get_bitmap(c, base, ASKED, &seen->got));
	EXPECT(0, unmap_dirty(c, base, ASKED, &seen->unmapped, &seen->gone));
	EXPECT(0, touch(layout->first < MIB ? p + MIB - layout->first : p, true));
	EXPECT(0, track(c, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
	munmap(p, 3 * MIB);
	munmap(q, 3 * MIB);
	close_container(c);
}

static void dirty_bitmaps(void)
{
	static struct seen reference, seen;

	if (!shim) {
		skip_check("nothing is split");
		return;
	}
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		about(layouts[i].name);
		look(&layouts[i], CLEAR, &reference);
		look(&layouts[i], ACROSS, &seen);
		for (size_t j = 0; j < sizeof(seen.cut) / sizeof(seen.cut[0]); j++)
			EXPECT(reference.cut[j], seen.cut[j]);
		expect_bits(&layouts[i], &reference.got, &seen.got, true);
		expect_bits(&layouts[i], &reference.unmapped, &seen.unmapped, false);
		EXPECT(reference.gone, seen.gone);
		EXPECT(layouts[i].size + layouts[i].next_size, seen.gone);
	}
}

/* What is left of the bitmap by a call that fails. */
static void dirty_failures(void)
{
	int c = open_container();
	struct bitmap bitmap, before;
	uint64_t gone;

	memset(&bitmap, 0xa5, sizeof(bitmap));
	before = bitmap;
	EXPECT(shim ? 0 : -EINVAL, map(c, memory(), ACROSS + 5 * PAGE, MIB + 0x80000));
	EXPECT(0, track(c, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	EXPECT(-EINVAL, get_bitmap(c, ACROSS, 2 * ASKED, &bitmap)); /* the bitmap is too small */
	EXPECT(-EINVAL, get_bitmap(c, ACROSS + 1, ASKED, &bitmap));
	EXPECT(-EINVAL, get_bitmap(c, ACROSS, 0, &bitmap));
	EXPECT(shim ? -EINVAL : 0, get_bitmap(c, ACROSS, MIB, &bitmap));
	EXPECT(shim ? -EINVAL : 0, unmap_dirty(c, WINDOW, MIB, &bitmap, &gone));
	EXPECT(0, memcmp(&bitmap, &before, sizeof(bitmap)));
	EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
	EXPECT(shim ? MIB + 0x80000 : 0, gone);
	close_container(c);
}

const struct check dirty_checks[] = {
	{"dirty bitmaps are as without holes, clear in them", dirty_bitmaps},
	{"dirty bitmaps of calls that fail", dirty_failures},
	{NULL, NULL},
};

/* --- live update --------------------------------------------------------- */

enum { STEPS = 40 };

struct story {
	long result[STEPS];
	uint64_t gone[STEPS];
	int n;
};

static void mapped(struct story *story, long result)
{
	story->gone[story->n] = 0;
	story->result[story->n++] = result;
}

static void unmapped(struct story *story, int c, uint64_t iova, uint64_t size, uint32_t flags)
{
	story->result[story->n] = unmap_flags(c, iova, size, flags, &story->gone[story->n]);
	story->n++;
}

static void misuse(struct story *s, int c, uint64_t base, char *q)
{
	mapped(s, map_vaddr(c, q, base, MIB));
	mapped(s, map_vaddr(c, q, base, 2 * MIB));
	mapped(s, map_vaddr(c, q, base + MIB, MIB));
	mapped(s, map_vaddr(c, q, base + 2 * MIB, MIB));
	mapped(s, map_vaddr(c, q, base - MIB, 3 * MIB));
	mapped(s, map_vaddr(c, q, base + MIB, 3 * MIB));
	mapped(s, map_vaddr(c, q, base + 4 * MIB, MIB));
	mapped(s, map_vaddr(c, q, base - MIB, MIB));
	mapped(s, map_vaddr(c, q + 1, base, 3 * MIB));
}

/* One client's story, at @base; *p and *q are its memory. */
static void tell(int c, uint64_t base, struct story *s, char *p, char *q)
{
	const uint32_t vaddr = VFIO_DMA_UNMAP_FLAG_VADDR, all = VFIO_DMA_UNMAP_FLAG_ALL;

	*s = (struct story){.n = 0};
	mapped(s, map(c, p, base, 3 * MIB));
	mapped(s, map_vaddr(c, q, base, 3 * MIB));
	misuse(s, c, base, q);
	unmapped(s, c, base, MIB, vaddr);
	unmapped(s, c, base + MIB, MIB, vaddr);
	unmapped(s, c, base + 4 * MIB, MIB, vaddr);
	unmapped(s, c, base - MIB, 5 * MIB, vaddr);
	unmapped(s, c, base, 3 * MIB, vaddr);
	mapped(s, map(c, p, base + MIB, MIB));
	misuse(s, c, base, q);
	mapped(s, map_vaddr(c, q, base, 3 * MIB));
	mapped(s, map_vaddr(c, q, base, 3 * MIB));
	unmapped(s, c, 0, 0, vaddr | all);
	unmapped(s, c, 0, 0, vaddr | all);
	mapped(s, map_vaddr(c, q, base, 3 * MIB));
}

static void same_story(const struct story *reference, const struct story *got)
{
	char step[32];

	for (int i = 0; i < reference->n; i++) {
		snprintf(step, sizeof(step), "step %d", i);
		about(step);
		EXPECT(reference->result[i], got->result[i]);
		EXPECT(reference->gone[i], got->gone[i]);
	}
}

static bool can_update_vaddr(int c)
{
	if (shim && ioctl(c, VFIO_CHECK_EXTENSION, VFIO_UPDATE_VADDR) > 0)
		return true;
	skip_check(shim ? "this kernel has no VFIO_UPDATE_VADDR" : "nothing is split");
	return false;
}

static void vaddr_story(void)
{
	static struct story reference, story;
	char *p = memory(), *q = memory();
	int c = open_container();
	uint64_t gone;

	if (can_update_vaddr(c)) {
		tell(c, CLEAR, &reference, p, q);
		EXPECT(0, unmap(c, CLEAR, 3 * MIB, &gone));
		tell(c, ACROSS, &story, p, q);
		same_story(&reference, &story);
		about("");
		EXPECT(SIGSEGV, touch(q + MIB, false));
		EXPECT(0, touch(p + MIB, false));
		EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
		EXPECT(3 * MIB, gone);
		EXPECT(0, touch(q + MIB, true));
	}
	close_container(c);
}

/* Unmapped while it has no address; and the new memory is in use behind the hole. */
static void vaddr_ends(void)
{
	char *p = memory(), *q = memory();
	int c = open_container();
	uint64_t gone;

	if (can_update_vaddr(c)) {
		const uint32_t vaddr = VFIO_DMA_UNMAP_FLAG_VADDR;

		EXPECT(0, map(c, p, ACROSS, 3 * MIB));
		EXPECT(0, unmap_flags(c, ACROSS, 3 * MIB, vaddr, &gone));
		q[MIB] = 1;
		EXPECT(-EINVAL, map_vaddr(c, q, ACROSS, 3 * MIB));
		EXPECT(1, q[MIB]);
		EXPECT(true, is_rw(q + MIB));
		q[MIB] = 0;
		EXPECT(0, map_vaddr(c, q, ACROSS, 3 * MIB));
		EXPECT(0, unmap_flags(c, ACROSS, 3 * MIB, vaddr, &gone));
		EXPECT(0, unmap(c, ACROSS, 3 * MIB, &gone));
		EXPECT(3 * MIB, gone);
		EXPECT(0, touch(p + MIB, true));
		EXPECT(0, touch(q + MIB, true));
		EXPECT(0, raw_map(c, p, ACROSS, MIB));
	}
	close_container(c);
}

const struct check vaddr_checks[] = {
	{"VADDR is as without holes, and the guard moves", vaddr_story},
	{"VADDR that ends otherwise", vaddr_ends},
	{NULL, NULL},
};
