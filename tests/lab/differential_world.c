/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Playing requests in both containers, and comparing all that can be seen of them. */
#include "checked_call.h"
#include "differential.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PLAIN_BASE	0x200000000ULL /* nothing is reserved here */
#define BUFFER_SIZE	(PAGES * PAGE)
#define UNTOUCHED_ERRNO 77

enum { ARGUMENT = 64, ALL_PAGES = BUFFERS * PAGES };

/* A mapping, as a kernel without holes has it. */
struct live {
	uint64_t first, pages;
	enum buffer buffer;
};

struct side {
	const char *group_path;
	bool raw; /* around the shim */
	int container, group;
	uint64_t base;
	char *memory; /* the buffers, one behind the other */
};

/* One request's memory. The bitmap has a word on either side that is nobody's. */
struct call {
	unsigned long request;
	_Alignas(8) unsigned char argument[ARGUMENT], before[ARGUMENT];
	uint64_t bitmap[WORDS + 2];
	bool gets_bitmap;
	int result; /* 0 or more, or -errno */
};

static struct side holey, plain = {.raw = true};
static struct live live[PAGES];
static size_t n_live;
static bool pinned[ALL_PAGES]; /* at some time in this sequence */
static const struct plan *plan;
static char why[256];

static bool differ(const char *format, ...) __attribute__((format(printf, 1, 2)));

static bool differ(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!why[0])
		vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return false;
}

_Noreturn static void die(const char *what)
{
	printf("not ok: %s: %s\n", what, strerror(errno));
	exit(2);
}

static bool in_hole(uint64_t page)
{
	return plan->hole.first <= page && page <= plan->hole.last;
}

/* --- memory ---------------------------------------------------------------- */

/* 'w', 'r' or '-' as /proc/self/maps would have it, '.' for what is not there. */
static char usual_protection(uint64_t buffer, uint64_t page)
{
	if (buffer == BUFFER_READONLY)
		return 'r';
	if (buffer != BUFFER_PATCHY)
		return 'w';
	switch (page / UNIT % 10) {
	case 4:
		return '.';
	case 9:
		return '-';
	default:
		return 'w';
	}
}

/* At fixed places, where nothing else comes to lie in what is not there. */
static void make_memory(struct side *side, uint64_t at)
{
	char *p = mmap((void *)at, BUFFERS * BUFFER_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	side->memory = p;
	madvise(p, BUFFERS * BUFFER_SIZE, MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < ALL_PAGES; i++, p += PAGE)
		switch (usual_protection(i / PAGES, i % PAGES)) {
		case '.':
			munmap(p, PAGE);
			break;
		case '-':
			mprotect(p, PAGE, PROT_NONE);
			break;
		case 'r':
			mprotect(p, PAGE, PROT_READ);
			break;
		}
}

/* Nothing of it is resident any more: what then is has been pinned. Goes on behind what is not
 * there (madvise(2), ENOMEM). */
static void forget_memory(struct side *side)
{
	madvise(side->memory, BUFFERS * BUFFER_SIZE, MADV_DONTNEED);
}

/* As usual_protection(), now. */
static void read_protection(const struct side *side, char *protection)
{
	uint64_t base = (uintptr_t)side->memory, first, end;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], flags[8];

	if (!maps)
		die("/proc/self/maps");
	memset(protection, '.', ALL_PAGES);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &first, &end, flags) != 3)
			continue;
		for (uint64_t at = first < base ? base : first;
			at < end && at < base + ALL_PAGES * PAGE; at += PAGE)
			protection[(at - base) / PAGE] = flags[1] == 'w'   ? 'w'
							 : flags[0] == 'r' ? 'r'
									   : '-';
	}
	fclose(maps);
}

/* Guarded is the memory of the hole's pages of live mappings, and no other. */
static bool guards_agree(void)
{
	static char wanted[ALL_PAGES], found[ALL_PAGES];

	for (uint64_t i = 0; i < ALL_PAGES; i++)
		wanted[i] = usual_protection(i / PAGES, i % PAGES);
	for (size_t i = 0; i < n_live; i++)
		for (uint64_t page = live[i].first; page < live[i].first + live[i].pages; page++)
			if (in_hole(page))
				wanted[live[i].buffer * PAGES + page] = '-';
	read_protection(&holey, found);
	for (uint64_t i = 0; i < ALL_PAGES; i++)
		if (wanted[i] != found[i])
			return differ("memory of page %" PRIu64 ", buffer %" PRIu64
				      ": protection is '%c', should be '%c'",
				i % PAGES, i / PAGES, found[i], wanted[i]);
	return true;
}

/* Really readable, every page, and still zero. */
static bool readable(void)
{
	for (uint64_t i = 0; i < ALL_PAGES; i++)
		if (strchr("rw", usual_protection(i / PAGES, i % PAGES)) &&
			*(volatile uint64_t *)(void *)(holey.memory + i * PAGE))
			return differ("memory of page %" PRIu64 " is no longer zero", i % PAGES);
	return true;
}

/* What has been mapped outside the hole is, or was, pinned: pieces are of the memory that they
 * should be. */
static bool pins_agree(void)
{
	static uint64_t entries[ALL_PAGES];
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (pread(fd, entries, sizeof(entries), (off_t)((uintptr_t)holey.memory / PAGE * 8)) !=
		(ssize_t)sizeof(entries))
		die("/proc/self/pagemap");
	close(fd);
	for (uint64_t i = 0; i < ALL_PAGES; i++)
		if (pinned[i] && !(entries[i] >> 63) && !in_hole(i % PAGES))
			return differ("memory of page %" PRIu64 ", buffer %" PRIu64
				      " was never mapped",
				i % PAGES, i / PAGES);
	return true;
}

/* --- containers ------------------------------------------------------------ */

/* 0 or more, or -errno. @size is the argument's, 0 if it is a number. */
static int request(
	const struct side *side, int fd, unsigned long number, void *argument, size_t size)
{
	int result;

	if (side->raw)
		return (int)unseen_ioctl(fd, number, argument, size);
	result = ioctl(fd, number, argument);
	return result < 0 ? -errno : result;
}

static int around_shim(const struct side *side, unsigned long number, void *argument, size_t size)
{
	return (int)unseen_ioctl(side->container, number, argument, size);
}

static void side_open(struct side *side, uint64_t base)
{
	side->base = base;
	side->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	side->group = open(side->group_path, O_RDWR | O_CLOEXEC);
	if (side->container < 0 || side->group < 0)
		die(side->group_path);
	if (request(side, side->group, VFIO_GROUP_SET_CONTAINER, &side->container,
		    sizeof(side->container)))
		die("VFIO_GROUP_SET_CONTAINER");
	if (request(side, side->container, VFIO_SET_IOMMU, (void *)plan->type, 0))
		die("VFIO_SET_IOMMU");
	forget_memory(side);
}

static void side_close(struct side *side)
{
	close(side->group);
	close(side->container);
}

void world_init(const char *holey_group, const char *plain_group)
{
	holey.group_path = holey_group;
	plain.group_path = plain_group;
	make_memory(&holey, 0x200000000000);
	make_memory(&plain, 0x300000000000);
}

/* Only a container that is set up can tell. */
bool world_can_update_vaddr(void)
{
	static const struct plan any = {.type = VFIO_TYPE1v2_IOMMU};
	int can;

	plan = &any;
	side_open(&plain, PLAIN_BASE);
	can = request(&plain, plain.container, VFIO_CHECK_EXTENSION, (void *)VFIO_UPDATE_VADDR, 0);
	side_close(&plain);
	return can > 0;
}

/* True if the kernel has a mapping at @page: with FLAG_VADDR, ENOENT says that there is none. */
static bool kernel_maps(const struct side *side, uint64_t page)
{
	struct vfio_iommu_type1_dma_map probe = {.argsz = sizeof(probe),
		.flags = VFIO_DMA_MAP_FLAG_VADDR,
		.iova = side->base + page * PAGE,
		.size = PAGE};

	return around_shim(side, VFIO_IOMMU_MAP_DMA, &probe, sizeof(probe)) != -ENOENT;
}

static bool kernels_agree(void)
{
	for (uint64_t page = 0; page < PAGES; page++) {
		bool wanted = kernel_maps(&plain, page) && !in_hole(page);

		if (wanted != kernel_maps(&holey, page))
			return differ("page %" PRIu64 " is %smapped", page, wanted ? "not " : "");
	}
	return true;
}

/* --- requests -------------------------------------------------------------- */

static struct vfio_bitmap build_bitmap(struct call *call, const struct op *op)
{
	memset(call->bitmap, (int)op->fill, sizeof(call->bitmap));
	return (struct vfio_bitmap){.pgsize = op->bitmap_page,
		.size = op->bitmap_bytes,
		.data = (__u64 *)(void *)&call->bitmap[1]};
}

static void build_unmap(struct call *call, const struct op *op, uint64_t iova, uint64_t size)
{
	bool all = op->flags & VFIO_DMA_UNMAP_FLAG_ALL;
	const struct vfio_iommu_type1_dma_unmap unmap = {.argsz = op->argsz,
		.flags = op->flags,
		.iova = all ? op->skew : iova,
		.size = all ? op->size_skew : size};
	const struct vfio_bitmap bitmap = build_bitmap(call, op);

	call->request = VFIO_IOMMU_UNMAP_DMA;
	call->gets_bitmap = op->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	memcpy(call->argument, &unmap, sizeof(unmap));
	memcpy(call->argument + sizeof(unmap), &bitmap, sizeof(bitmap));
}

static void build_dirty(struct call *call, const struct op *op, uint64_t iova, uint64_t size)
{
	const struct vfio_iommu_type1_dirty_bitmap dirty = {.argsz = op->argsz, .flags = op->flags};
	const struct vfio_iommu_type1_dirty_bitmap_get get = {
		.iova = iova, .size = size, .bitmap = build_bitmap(call, op)};

	call->request = VFIO_IOMMU_DIRTY_PAGES;
	call->gets_bitmap = op->flags & VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP;
	memcpy(call->argument, &dirty, sizeof(dirty));
	memcpy(call->argument + sizeof(dirty), &get, sizeof(get));
}

static void build_map(
	struct call *call, const struct op *op, uint64_t iova, uint64_t size, const char *memory)
{
	const struct vfio_iommu_type1_dma_map map = {.argsz = op->argsz,
		.flags = op->flags,
		.vaddr = (uintptr_t)memory + op->buffer * BUFFER_SIZE + (uint64_t)op->first * PAGE +
			 op->vaddr_skew,
		.iova = iova,
		.size = size};

	call->request = VFIO_IOMMU_MAP_DMA;
	memcpy(call->argument, &map, sizeof(map));
}

static void build(struct call *call, const struct op *op, const struct side *side)
{
	uint64_t iova = side->base + (uint64_t)op->first * PAGE + op->skew;
	uint64_t size = op->pages * PAGE + op->size_skew;

	memset(call, 0, sizeof(*call));
	if (op->kind == OP_UNMAP)
		build_unmap(call, op, iova, size);
	else if (op->kind == OP_DIRTY)
		build_dirty(call, op, iova, size);
	else
		build_map(call, op, iova, size, side->memory);
	memcpy(call->before, call->argument, ARGUMENT);
}

static bool make(struct call *call, const struct op *op, const struct side *side)
{
	build(call, op, side);
	errno = UNTOUCHED_ERRNO;
	call->result = request(
		side, side->container, call->request, call->argument, sizeof(call->argument));
	return call->result < 0 || errno == UNTOUCHED_ERRNO ||
	       differ("success changes errno to %d", errno);
}

static bool bit(const struct call *call, uint64_t n)
{
	return call->bitmap[1 + n / 64] >> n % 64 & 1;
}

/* The pages of live mappings: what else is set is not to be relied upon, for
 * update_user_bitmap() spills bits of a mapping that does not begin with a word. */
static bool bits_agree(const struct op *op, const struct call *shim, const struct call *wanted)
{
	for (size_t i = 0; i < n_live; i++)
		for (uint64_t page = live[i].first; page < live[i].first + live[i].pages; page++) {
			uint64_t n = page - (uint64_t)op->first;
			bool dirty = n < op->pages && bit(wanted, n) && !in_hole(page);

			if (n < op->pages && bit(shim, n) != dirty)
				return differ(
					"page %" PRIu64 " is %sdirty", page, dirty ? "not " : "");
		}
	return true;
}

/* Nothing but what covers the request is written. */
static bool rest_untouched(const struct op *op, const struct call *call)
{
	size_t covered = (op->pages + 63) / 64;
	uint64_t fill;

	memset(&fill, (int)op->fill, sizeof(fill));
	if (call->bitmap[0] != fill)
		return differ("written before the bitmap");
	for (size_t i = 1 + covered; i < WORDS + 2; i++)
		if (call->bitmap[i] != fill)
			return differ("written behind the bitmap");
	return true;
}

static bool bitmaps_agree(const struct op *op, const struct call *shim, const struct call *wanted)
{
	if (shim->result >= 0 && shim->gets_bitmap)
		return bits_agree(op, shim, wanted) && rest_untouched(op, shim);
	return !memcmp(shim->bitmap, wanted->bitmap, sizeof(shim->bitmap)) ||
	       differ("bitmap changed by a failure");
}

static uint64_t *size_in(struct call *call)
{
	void *at = call->argument + offsetof(struct vfio_iommu_type1_dma_unmap, size);

	return at;
}

/* The size that UNMAP reports is all that may change. */
static bool calls_agree(const struct op *op, struct call *shim, struct call *wanted)
{
	uint64_t found = *size_in(shim), size = *size_in(wanted);

	if (shim->result != wanted->result)
		return differ("result %d, should be %d", shim->result, wanted->result);
	if (op->kind == OP_UNMAP) {
		if (found != size)
			return differ("size %#" PRIx64 ", should be %#" PRIx64, found, size);
		memcpy(size_in(shim),
			shim->before + offsetof(struct vfio_iommu_type1_dma_unmap, size),
			sizeof(size));
	}
	if (memcmp(shim->argument, shim->before, ARGUMENT))
		return differ("struct changed");
	return bitmaps_agree(op, shim, wanted);
}

/* --- what is mapped -------------------------------------------------------- */

static void forget_live(size_t i)
{
	live[i] = live[--n_live];
}

/* v1 takes what begins in the request, past its end too; a mapping that reaches in from below stops
 * it, and then nothing is gone. v2 has no mapping reach in or out. */
static void note_unmap(const struct op *op, struct call *wanted)
{
	bool all = op->flags & VFIO_DMA_UNMAP_FLAG_ALL;

	if (op->flags & VFIO_DMA_UNMAP_FLAG_VADDR || !*size_in(wanted))
		return;
	for (size_t i = n_live; i > 0; i--)
		if (all || live[i - 1].first - (uint64_t)op->first < op->pages)
			forget_live(i - 1);
}

static void note_remap(const struct op *op)
{
	for (size_t i = 0; i < n_live; i++)
		if (live[i].first == (uint64_t)op->first)
			live[i].buffer = op->buffer;
}

static void note_map(const struct op *op)
{
	uint64_t first = (uint64_t)op->first;

	live[n_live++] = (struct live){first, op->pages, op->buffer};
	memset(&pinned[op->buffer * PAGES + first], true, op->pages);
}

static void note(const struct op *op, struct call *wanted)
{
	if (wanted->result < 0)
		return;
	if (wanted->request == VFIO_IOMMU_UNMAP_DMA)
		note_unmap(op, wanted);
	else if (wanted->request == VFIO_IOMMU_MAP_DMA && op->flags & VFIO_DMA_MAP_FLAG_VADDR)
		note_remap(op);
	else if (wanted->request == VFIO_IOMMU_MAP_DMA)
		note_map(op);
}

static void count(const struct op *op, const struct call *wanted, struct counts *c)
{
	struct span pages = {(uint64_t)op->first, (uint64_t)op->first + op->pages - 1};
	bool touches, inside;

	c->ops++;
	if (wanted->result < 0)
		return;
	c->succeeded++;
	c->dirty += wanted->gets_bitmap;
	touches = op->first <= (int64_t)plan->hole.last && pages.last >= plan->hole.first;
	inside = pages.first >= plan->hole.first && pages.last <= plan->hole.last;
	c->crossed += op->kind == OP_MAP && touches && !inside;
	c->inside += op->kind == OP_MAP && inside;
}

/* --- a sequence ------------------------------------------------------------ */

static bool step(const struct op *op, struct counts *c)
{
	static struct call shim, wanted;
	bool good = make(&shim, op, &holey) && make(&wanted, op, &plain) &&
		    calls_agree(op, &shim, &wanted);

	if (!good)
		return false;
	note(op, &wanted);
	if (c)
		count(op, &wanted, c);
	return true;
}

/* [first, end), if there is anything of it. */
static bool is_free(uint64_t first, uint64_t end)
{
	struct vfio_iommu_type1_dma_map map = {.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.vaddr = (uintptr_t)holey.memory + first * PAGE,
		.iova = holey.base + first * PAGE,
		.size = (end - first) * PAGE};
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = map.iova, .size = map.size};
	int err;

	if (end <= first)
		return true;
	err = around_shim(&holey, VFIO_IOMMU_MAP_DMA, &map, sizeof(map));
	if (!err)
		err = around_shim(&holey, VFIO_IOMMU_UNMAP_DMA, &unmap, sizeof(unmap));
	return !err || differ("left mapped in pages %" PRIu64 " to %" PRIu64 ": %s", first, end - 1,
			       strerror(-err));
}

/* Unmaps all, and sees that nothing is left: neither mapping nor guard. */
static bool empties(void)
{
	const struct op all = {.kind = OP_UNMAP,
		.argsz = sizeof(struct vfio_iommu_type1_dma_unmap),
		.flags = VFIO_DMA_UNMAP_FLAG_ALL};

	return step(&all, NULL) && guards_agree() && readable() && is_free(0, plan->hole.first) &&
	       is_free(plan->hole.last + 1, PAGES);
}

const char *world_play(
	const struct plan *p, const struct op *ops, size_t n, size_t *failed, struct counts *c)
{
	bool good = true;

	plan = p;
	why[0] = '\0';
	n_live = 0;
	memset(pinned, 0, sizeof(pinned));
	side_open(&holey, plan->base);
	side_open(&plain, PLAIN_BASE);
	for (*failed = 0; good && *failed < n; ++*failed)
		good = step(&ops[*failed], c) && (*failed % 16 || guards_agree());
	good = good && guards_agree() && kernels_agree() && pins_agree() && empties();
	side_close(&holey);
	side_close(&plain);
	return good ? NULL : why;
}
