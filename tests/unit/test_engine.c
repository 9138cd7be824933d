/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mapping and unmapping as lines of text: the request, its result, and what the kernel, the VMM's
 * memory and the audience got to see of it, in order. */
#include "engine_script.h"

/* The VMM's own pointer, one call, nothing else. */
static const char *const clear[] = {
	"map 0-2fff = ok: pass 0-2fff\n"
	"map 4000-6fff = ok: pass 4000-6fff\n"
	"map 9000-ffff = ok: pass 9000-ffff\n"
	"unmap 4000-6fff = 3000: pass 4000-6fff\n"
	"left: 2 mapped, 0 splits, 0 guards",
	"map 0-fff flags 1 = ok: pass 0-fff flags 1\n"
	"map 1000-1fff flags 2 = ok: pass 1000-1fff flags 2\n"
	"map 2000-2fff flags 4 = ok: pass 2000-2fff flags 4",
	"kernel 1 EPERM\n"
	"map 0-2fff = EPERM: pass 0-2fff, passed (unknown)\n"
	"kernel 1 EINVAL\n"
	"unmap 0-2fff = EINVAL: pass 0-2fff\n"
	"left: 0 mapped, 0 splits, 0 guards",
	/* beside a split, too */
	"map 2000-4fff = ok: guard 3000-3fff, map 2000-2fff, map 4000-4fff, split guarded\n"
	"map 5000-6fff = ok: pass 5000-6fff\n"
	"map 0-1fff = ok: pass 0-1fff\n"
	"unmap 5000-6fff = 2000: pass 5000-6fff\n"
	"unmap 0-1fff = 2000: pass 0-1fff\n"
	"unmap a000-afff = 0: pass a000-afff\n"
	"left: 2 mapped, 1 splits, 1 guards",
};

static void test_clear(void **state)
{
	(void)state;
	run_all(clear, sizeof(clear) / sizeof(*clear));
}

static const char *const split[] = {
	"map 2000-4fff = ok: guard 3000-3fff, map 2000-2fff, map 4000-4fff, split guarded\n"
	"left: 2 mapped, 1 splits, 1 guards\n"
	"unmap 2000-4fff = 3000: pass 2000-4fff, lift 3000-3fff, unmapped 2000 of 3000\n"
	"left: 0 mapped, 0 splits, 0 guards",
	/* both holes; at its start and end; flags stay */
	"map 2000-9fff = ok: guard 3000-3fff, guard 7000-8fff, map 2000-2fff, map 4000-6fff, "
	"map 9000-9fff, split guarded\n"
	"unmap 2000-9fff = 8000: pass 2000-9fff, lift 3000-3fff, lift 7000-8fff, "
	"unmapped 5000 of 8000\n"
	"map 3000-4fff flags 1 = ok: guard 3000-3fff, map 4000-4fff flags 1, split guarded\n"
	"map 6000-7fff flags 2 = ok: guard 7000-7fff, map 6000-6fff flags 2, split guarded\n"
	"left: 2 mapped, 2 splits, 2 guards",
	/* several splits and a clear one in one unmapping; all that there is */
	"map 2000-3fff = ok: guard 3000-3fff, map 2000-2fff, split guarded\n"
	"map 4000-5fff = ok: pass 4000-5fff\n"
	"map 6000-7fff = ok: guard 7000-7fff, map 6000-6fff, split guarded\n"
	"unmap 0-7fff = 6000: pass 0-7fff, lift 3000-3fff, lift 7000-7fff, unmapped 4000 of 6000\n"
	"left: 0 mapped, 0 splits, 0 guards",
	"map 2000-3fff = ok: guard 3000-3fff, map 2000-2fff, split guarded\n"
	"map a000-afff = ok: pass a000-afff\n"
	"unmap 0-ffffffffffffffff flags 2 = 3000: pass 0-ffffffffffffffff flags 2, lift 3000-3fff, "
	"unmapped 2000 of 3000\n"
	"left: 0 mapped, 0 splits, 0 guards",
	/* in the way of another, also where the kernel holds nothing */
	"map 2000-4fff = ok: guard 3000-3fff, map 2000-2fff, map 4000-4fff, split guarded\n"
	"map 4000-5fff = EEXIST: refused overlap\n"
	"map 3000-3fff = EEXIST: refused overlap\n"
	"map 0-9fff = EEXIST: refused overlap\n"
	"map 1000-2fff = EEXIST: refused overlap\n"
	"left: 2 mapped, 1 splits, 1 guards",
	/* cut in two: nothing happens, the kernel is not asked */
	"map 2000-4fff = ok: guard 3000-3fff, map 2000-2fff, map 4000-4fff, split guarded\n"
	"unmap 2000-2fff = EINVAL:\n"
	"unmap 4000-4fff = EINVAL:\n"
	"unmap 3000-3fff = EINVAL:\n"
	"unmap 3000-ffff = EINVAL:\n"
	"unmap 0-3fff = EINVAL:\n"
	"unmap 0-4fff = 3000: pass 0-4fff, lift 3000-3fff, unmapped 2000 of 3000",
	/* the kernel does not unmap: all stays */
	"map 2000-4fff = ok: guard 3000-3fff, map 2000-2fff, map 4000-4fff, split guarded\n"
	"kernel 1 EIO\n"
	"unmap 2000-4fff = EIO: pass 2000-4fff\n"
	"left: 2 mapped, 1 splits, 1 guards",
	/* SET_IOMMU again: what there was is gone */
	"map 2000-9fff = ok: guard 3000-3fff, guard 7000-8fff, map 2000-2fff, map 4000-6fff, "
	"map 9000-9fff, split guarded\n"
	"iommu 3\n"
	"left: 3 mapped, 0 splits, 0 guards",
	/* no guards wanted */
	"guards off\n"
	"map 2000-4fff = ok: map 2000-2fff, map 4000-4fff, split\n"
	"unmap 2000-4fff = 3000: pass 2000-4fff, unmapped 2000 of 3000",
};

static void test_split(void **state)
{
	(void)state;
	run_all(split, sizeof(split) / sizeof(*split));
}

/* Each piece of three fails with each errno: those before it go, that errno comes back. */
static void test_pieces_fail(void **state)
{
	static const char *const words[] = {"EINVAL", "EEXIST", "EFAULT", "ENOMEM", "ENOSPC"};
	static const char *const maps[] = {"map 2000-2fff", "map 4000-6fff", "map 9000-9fff"};
	static const char *const unmaps[] = {"", ", unmap 2000-2fff", ", unmap 4000-6fff"};

	(void)state;
	for (int k = 0; k < 3; k++)
		for (size_t e = 0; e < sizeof(words) / sizeof(*words); e++) {
			char script[1024];
			struct text text = text_start(script, sizeof(script));

			text_add(&text,
				"kernel %d %s\nmap 2000-9fff = %s: guard 3000-3fff, "
				"guard 7000-8fff",
				k + 1, words[e], words[e]);
			for (int i = 0; i <= k; i++)
				text_add(&text, ", %s", maps[i]);
			for (int i = 0; i <= k; i++)
				text_add(&text, "%s", unmaps[i]);
			if (errno_of(words[e]) != EEXIST)
				text_add(&text, ", probe 2000-9fff");
			text_add(&text,
				", lift 3000-3fff, lift 7000-8fff, split kernel %s %d\n"
				"left: 0 mapped, 0 splits, 0 guards\n",
				maps[k] + 4, errno_of(words[e]));
			/* and nothing of it is in the way */
			text_add(&text, "map 4000-6fff = ok: pass 4000-6fff");
			run(script);
		}
}

/* What the engine undoes by itself: tried twice, then told; nor is a probe left behind. */
static const char *const undoing[] = {
	"kernel 2 ENOSPC\n"
	"unmaps EIO\n"
	"map 2000-4fff = ENOSPC: guard 3000-3fff, map 2000-2fff, map 4000-4fff, "
	"unmap 2000-2fff, unmap 2000-2fff, fault -5, lift 3000-3fff, "
	"split kernel 4000-4fff 28",
	"zero mapped\n"
	"guard 1 EBUSY\n"
	"map 2000-4fff = EINVAL: guard 3000-3fff, probe 2000-4fff, unmap 2000-4fff, "
	"refused in-use 3000-3fff 16\n"
	"left: 0 mapped, 0 splits, 0 guards",
};

static void test_undoing(void **state)
{
	(void)state;
	run_all(undoing, sizeof(undoing) / sizeof(*undoing));
}

/* What the policy and the memory behind it make of a mapping in or over a hole. */
static const char *const verdicts[] = {
	"map 7000-7fff = EINVAL: refused policy\n"
	"inside skip\n"
	"map 7000-7fff = ok: guard 7000-7fff, skipped guarded\n"
	"map 6000-7fff = EEXIST: refused overlap\n"
	"left: 0 mapped, 1 splits, 1 guards\n"
	"unmap 7000-7fff = 1000: pass 7000-7fff, lift 7000-7fff, unmapped 0 of 1000\n"
	"inside observe\n"
	"kernel 1 EINVAL\n"
	"map 7000-7fff = EINVAL: pass 7000-7fff, observed\n"
	"map 7000-7fff = ok: pass 7000-7fff, observed\n"
	"unmap 7000-7fff = 1000: pass 7000-7fff",
	/* what a kernel that does not enforce the hole took there is in the way of a split */
	"inside observe\n"
	"map 7000-7fff = ok: pass 7000-7fff, observed\n"
	"map 6000-8fff = EEXIST: probe 6000-8fff, refused overlap\n"
	"left: 1 mapped, 0 splits, 0 guards\n"
	"unmap 7000-7fff = 1000: pass 7000-7fff\n"
	"kernel 1 ENOSPC\n"
	"map 6000-8fff = ENOSPC: probe 6000-8fff, split kernel 6000-8fff 28\n"
	"left: 0 mapped, 0 splits, 0 guards\n"
	"map 6000-8fff = ok: probe 6000-8fff, guard 7000-8fff, map 6000-6fff, split guarded\n"
	"iommu 3\n"
	"map a000-afff = ok: pass a000-afff\n"
	"map 2000-3fff = ok: guard 3000-3fff, map 2000-2fff, split guarded",
	"mode observe\n"
	"map 2000-4fff = ok: pass 2000-4fff, observed\n"
	"map 7000-8fff = ok: pass 7000-8fff, observed\n"
	"left: 2 mapped, 0 splits, 0 guards",
	"mode refuse\n"
	"map 2000-4fff = EINVAL: refused policy",
	"memory bar\n"
	"kernel 1 EINVAL\n"
	"map 2000-4fff = EINVAL: pass 2000-4fff, observed\n"
	"bar skip\n"
	"map 7000-7fff = ok: skipped\n"
	"map 2000-4fff = ok: skipped\n"
	"unmap 2000-4fff = 3000: pass 2000-4fff, unmapped 0 of 3000\n"
	"bar refuse\n"
	"map 2000-4fff = EINVAL: refused policy\n"
	"left: 0 mapped, 1 splits, 0 guards",
	"memory translated\n"
	"map 2000-4fff = EINVAL: refused viommu\n"
	"inside skip\n"
	"map 7000-7fff = EINVAL: refused viommu\n"
	"map 4000-4fff = ok: pass 4000-4fff\n"
	"mode observe\n"
	"map 2000-3fff = ok: pass 2000-3fff, observed",
	/* it may be RAM or not: neither guarded nor left to a kernel that knows no holes */
	"classify EIO\n"
	"map 2000-4fff = EINVAL: refused no-guard 2000-4fff 5\n"
	"guards off\n"
	"map 2000-4fff = EINVAL: refused no-guard 2000-4fff 5\n"
	"map 7000-7fff = EINVAL: refused policy\n"
	"inside skip\n"
	"map 7000-7fff = EINVAL: refused no-guard 7000-7fff 5\n"
	"map 4000-4fff = ok: pass 4000-4fff\n"
	"classify EFAULT\n"
	"map 2000-4fff = EINVAL: refused no-guard 2000-4fff 5\n"
	"left: 1 mapped, 0 splits, 0 guards",
	"mode observe\n"
	"classify EIO\n"
	"map 2000-4fff = ok: pass 2000-4fff, observed\n"
	"kernel 1 EINVAL\n"
	"map 7000-7fff = EINVAL: pass 7000-7fff, observed",
};

static void test_verdicts(void **state)
{
	(void)state;
	run_all(verdicts, sizeof(verdicts) / sizeof(*verdicts));
}

/* A gap cannot be guarded: those before it are lifted, and the kernel is not asked at all. */
static const char *const guards[] = {
	"guard 1 EBUSY\n"
	"map 2000-9fff = EINVAL: guard 3000-3fff, probe 2000-9fff, refused in-use 3000-3fff 16\n"
	"left: 0 mapped, 0 splits, 0 guards\n"
	"guard 2 EBUSY\n"
	"map 2000-9fff = EINVAL: guard 3000-3fff, guard 7000-8fff, lift 3000-3fff, "
	"probe 2000-9fff, refused in-use 7000-8fff 16\n"
	"left: 0 mapped, 0 splits, 0 guards",
	"guard 2 EINVAL\n"
	"map 2000-9fff = EINVAL: guard 3000-3fff, guard 7000-8fff, lift 3000-3fff, "
	"probe 2000-9fff, refused no-guard 7000-8fff 22",
	"guard 1 EIO\n"
	"map 2000-9fff = EINVAL: guard 3000-3fff, probe 2000-9fff, refused no-guard 3000-3fff 5",
	"guard 1 EFAULT\n"
	"map 2000-9fff = EFAULT: guard 3000-3fff, probe 2000-9fff, refused kernel 3000-3fff 14\n"
	"left: 0 mapped, 0 splits, 0 guards",
	/* a mapping in the way comes first, whatever else is wrong */
	"map 9000-9fff = ok: pass 9000-9fff\n"
	"guard 1 EBUSY\n"
	"map 2000-9fff = EEXIST: guard 3000-3fff, probe 2000-9fff\n"
	"kernel 1 EFAULT\n"
	"map 2000-9fff = EEXIST: guard 3000-3fff, guard 7000-8fff, map 2000-2fff, "
	"probe 2000-9fff, lift 3000-3fff, lift 7000-8fff, "
	"split kernel 2000-2fff 14\n"
	"left: 1 mapped, 0 splits, 0 guards",
	"inside skip\n"
	"guard 1 EBUSY\n"
	"map 7000-8fff = EINVAL: guard 7000-8fff, probe 7000-8fff, refused in-use 7000-8fff 16\n"
	"left: 0 mapped, 0 splits, 0 guards",
};

static void test_guards(void **state)
{
	(void)state;
	run_all(guards, sizeof(guards) / sizeof(*guards));
}

/* v1 takes a mapping whole if its start is in the range, and does nothing if one reaches in. */
static const char *const v1[] = {
	"iommu 1\n"
	"map 2000-9fff = ok: guard 3000-3fff, guard 7000-8fff, map 2000-2fff, map 4000-6fff, "
	"map 9000-9fff, split guarded\n"
	"unmap 4000-6fff = 0:\n"
	"unmap 3000-ffff = 0:\n"
	"unmap 2000-2fff = 8000: pass 2000-2fff, unmap 4000-6fff, unmap 9000-9fff, "
	"lift 3000-3fff, lift 7000-8fff, unmapped 5000 of 8000\n"
	"left: 0 mapped, 0 splits, 0 guards",
	/* nothing of it is the kernel's: whether one reaches in is asked for */
	"iommu 1\n"
	"inside skip\n"
	"map 7000-8fff = ok: guard 7000-8fff, skipped guarded\n"
	"map 5000-6fff = ok: pass 5000-6fff\n"
	"unmap 6000-8fff = 0: pass 6000-8fff, probe 6000-6fff\n"
	"left: 1 mapped, 1 splits, 1 guards\n"
	"unmap 7000-8fff = 2000: pass 7000-8fff, probe 7000-7fff, lift 7000-8fff, "
	"unmapped 0 of 2000\n"
	"left: 1 mapped, 0 splits, 0 guards",
};

static void test_v1(void **state)
{
	(void)state;
	run_all(v1, sizeof(v1) / sizeof(*v1));
}

/* Live update: the address goes and another comes, for all pieces, and the guard moves. */
static const char *const moves[] = {
	"map 2000-4fff = ok: guard 3000-3fff, map 2000-2fff, map 4000-4fff, split guarded\n"
	"map 2000-4fff flags 4 = EINVAL: passed (live-update)\n"
	"unmap 2000-4fff flags 4 = 3000: pass 2000-4fff flags 4, unmapped 2000 of 3000\n"
	"left: 2 mapped, 1 splits, 1 guards\n"
	"map 2000-2fff flags 4 = EINVAL: passed (live-update)\n"
	"map 2000-5fff flags 4 = EINVAL: passed (live-update)\n"
	"map a000-afff flags 4 = ok: pass a000-afff flags 4\n"
	"kernel 2 ENOENT\n"
	"map 2000-4fff flags 4 moved 100000 = ENOENT: guard 103000-103fff, "
	"map 2000-2fff flags 4 at 700000102000, map 4000-4fff flags 4 at 700000104000, "
	"unmap 2000-2fff flags 4, lift 103000-103fff, passed (live-update)\n"
	"guard 1 EBUSY\n"
	"map 2000-4fff flags 4 moved 100000 = EINVAL: guard 103000-103fff, passed (live-update)\n"
	"map 2000-4fff flags 4 moved 100000 = ok: guard 103000-103fff, "
	"map 2000-2fff flags 4 at 700000102000, map 4000-4fff flags 4 at 700000104000, "
	"lift 3000-3fff\n"
	"map 2000-4fff flags 4 = EINVAL: passed (live-update)\n"
	"unmap 2000-4fff = 3000: pass 2000-4fff, lift 103000-103fff, unmapped 2000 of 3000\n"
	"left: 0 mapped, 0 splits, 0 guards",
};

static void test_moves(void **state)
{
	(void)state;
	run_all(moves, sizeof(moves) / sizeof(*moves));
}

/* What the kernel refuses by itself gets there as it came, with and without a split around. */
static const struct vfio_iommu_type1_dma_map bad_maps[] = {
	{.argsz = 31, .flags = 3, .vaddr = FAKE_VADDR, .iova = 0, .size = 0x10000},
	{.argsz = 0, .flags = 3, .vaddr = FAKE_VADDR, .iova = 0, .size = 0x10000},
	{.argsz = 32, .flags = 0, .vaddr = FAKE_VADDR, .iova = 0, .size = 0x10000},
	{.argsz = 32, .flags = 8, .vaddr = FAKE_VADDR, .iova = 0, .size = 0x10000},
	{.argsz = 32, .flags = 11, .vaddr = FAKE_VADDR, .iova = 0, .size = 0x10000},
	{.argsz = 32, .flags = 7, .vaddr = FAKE_VADDR, .iova = 0, .size = 0x10000},
	{.argsz = 32, .flags = 3, .vaddr = FAKE_VADDR, .iova = 0x2000, .size = 0},
	{.argsz = 32, .flags = 3, .vaddr = FAKE_VADDR, .iova = 0x2000, .size = UINT64_MAX - 0xfff},
	{.argsz = 32, .flags = 3, .vaddr = UINT64_MAX - 0xfff, .iova = 0, .size = 0x10000},
	{.argsz = 32, .flags = 3, .vaddr = FAKE_VADDR + 1, .iova = 0, .size = 0x10000},
	{.argsz = 32, .flags = 3, .vaddr = FAKE_VADDR, .iova = 0x800, .size = 0x10000},
	{.argsz = 32, .flags = 3, .vaddr = FAKE_VADDR, .iova = 0, .size = 0xffff},
};

static const struct vfio_iommu_type1_dma_unmap bad_unmaps[] = {
	{.argsz = 23, .iova = 0, .size = 0x10000},
	{.argsz = 24, .iova = 0x2000, .size = 0},
	{.argsz = 24, .iova = 0x2000, .size = UINT64_MAX - 0xfff},
	{.argsz = 24, .iova = 0x2800, .size = 0x10000},
	{.argsz = 24, .iova = 0x2000, .size = 0x2800},
	{.argsz = 24, .flags = VFIO_DMA_UNMAP_FLAG_ALL, .iova = 0, .size = 0x1000},
	{.argsz = 24, .flags = VFIO_DMA_UNMAP_FLAG_ALL, .iova = 0x1000, .size = 0},
	{.argsz = 24, .flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, .iova = 0, .size = 0x10000},
};

static void check_bad(struct world *world)
{
	for (size_t i = 0; i < sizeof(bad_maps) / sizeof(*bad_maps); i++) {
		struct vfio_iommu_type1_dma_map map = bad_maps[i];

		fake_forget(&world->fake);
		world->fake.own = &map;
		world->fake.kernel = (struct fake_failure){1, EPERM};
		assert_int_equal(
			engine_map(&world->engine, &world->container, FAKE_FD, &map), -EPERM);
		assert_int_equal(strncmp(world->fake.log_bytes, "pass ", 5), 0);
		assert_memory_equal(&map, &bad_maps[i], sizeof(map));
	}
	for (size_t i = 0; i < sizeof(bad_unmaps) / sizeof(*bad_unmaps); i++) {
		struct vfio_iommu_type1_dma_unmap unmap = bad_unmaps[i];

		fake_forget(&world->fake);
		world->fake.own = &unmap;
		world->fake.kernel = (struct fake_failure){1, EPERM};
		assert_int_equal(
			engine_unmap(&world->engine, &world->container, FAKE_FD, &unmap), -EPERM);
		assert_int_equal(strncmp(world->fake.log_bytes, "pass ", 5), 0);
		assert_memory_equal(&unmap, &bad_unmaps[i], sizeof(unmap));
	}
}

/* What a former self of the process mapped is known by its pieces alone. */
static const char *const inherited[] = {
	/* a range that is mapped whole around its holes was mapped as one; another was not */
	"map 2000-2fff = ok: pass 2000-2fff\n"
	"map 4000-4fff = ok: pass 4000-4fff\n"
	"inherited yes\n"
	"unmap 2000-5fff = 2000: pass 2000-5fff\n"
	"map 2000-2fff = ok: pass 2000-2fff\n"
	"map 4000-4fff = ok: pass 4000-4fff\n"
	"unmap 2000-4fff = 3000: pass 2000-4fff\n"
	"unmap 2000-4fff = 0: pass 2000-4fff\n"
	"unmap 3000-3fff = 0: pass 3000-3fff",
	/* live update: its new address goes to the pieces, and from then on it is known */
	"map 2000-2fff = ok: pass 2000-2fff\n"
	"map 4000-4fff = ok: pass 4000-4fff\n"
	"inherited yes\n"
	"guard 1 EBUSY\n"
	"map 2000-4fff flags 4 moved 100000 = EINVAL: guard 103000-103fff, passed (live-update)\n"
	"kernel 2 ENOENT\n"
	"map 2000-4fff flags 4 moved 100000 = ENOENT: guard 103000-103fff, "
	"map 2000-2fff flags 4 at 700000102000, map 4000-4fff flags 4 at 700000104000, "
	"unmap 2000-2fff flags 4, lift 103000-103fff, passed (live-update)\n"
	"left: 2 mapped, 0 splits, 0 guards\n"
	"map 2000-4fff flags 4 moved 100000 = ok: guard 103000-103fff, "
	"map 2000-2fff flags 4 at 700000102000, map 4000-4fff flags 4 at 700000104000\n"
	"left: 2 mapped, 1 splits, 1 guards\n"
	"map 2000-4fff = EEXIST: refused overlap\n"
	"unmap 2000-4fff = 3000: pass 2000-4fff, lift 103000-103fff, unmapped 2000 of 3000\n"
	"left: 0 mapped, 0 splits, 0 guards",
	/* another process has unmapped the pieces: nothing is left to report, nor to guard */
	"map 2000-4fff = ok: guard 3000-3fff, map 2000-2fff, map 4000-4fff, split guarded\n"
	"elsewhere 2000-4fff\n"
	"unmap 2000-4fff = 0: pass 2000-4fff, lift 3000-3fff, unmapped 0 of 0\n"
	"left: 0 mapped, 0 splits, 0 guards",
};

static void test_inherited(void **state)
{
	(void)state;
	run_all(inherited, sizeof(inherited) / sizeof(*inherited));
}

static void test_malformed(void **state)
{
	struct world world;

	(void)state;
	make_world(&world);
	check_bad(&world);
	assert_int_equal(do_map(&world, (struct range){0x2000, 0x4fff}, 3, 0), 0);
	check_bad(&world);
	assert_int_equal(world.container.n_splits, 1);
	free_world(&world);
}

/* What a guard event says of where it is. */
static struct event last_guard;

static void keep_guard(void *context, const struct event *event)
{
	(void)context;
	if (event->kind == EVENT_GUARD)
		last_guard = *event;
}

static void test_guard_event(void **state)
{
	struct world world;

	(void)state;
	make_world(&world);
	world.engine.audience = (struct audience_ops){.event = keep_guard};
	world.fake.given_back = 4096;
	assert_int_equal(do_map(&world, (struct range){0x2000, 0x4fff}, 3, 0x5000), 0);
	assert_true(last_guard.set);
	assert_true(last_guard.iova.first == 0x3000 && last_guard.iova.last == 0x3fff);
	assert_true(last_guard.vaddr == FAKE_VADDR + 0x8000);
	assert_int_equal(last_guard.given_back, 4096);
	assert_ptr_equal(last_guard.container, &world.container);
	free_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_pieces_fail),
		cmocka_unit_test(test_undoing),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_guards),
		cmocka_unit_test(test_v1),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_inherited),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_guard_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
