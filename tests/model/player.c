// SPDX-License-Identifier: GPL-2.0-or-later
/* Choosing calls, making them, and writing down what came back. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/vfio.h>

#include "player.h"

#include "draw.h"

#define PAGE 4096
#define RW   (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

static uint64_t below(struct player *p, uint64_t limit)
{
	return draw_below(&p->random, limit);
}

static bool chance(struct player *p, uint64_t percent)
{
	return below(p, 100) < percent;
}

/* 32 pages on either side of the edges of what hosts reserve, and of nothing in particular. */
static const uint64_t places[] = {0x20000, 0xfee00000, 0xfef00000, 0xfd00000000, 0x10000000000,
	0x8000000000, (uint64_t)1 << 48, (uint64_t)1 << 63};

static uint64_t any_iova(struct player *p)
{
	size_t n = sizeof(places) / sizeof(places[0]);
	uint64_t place = places[chance(p, 80) ? below(p, 5) : below(p, n)];

	if (p->top && chance(p, 5))
		return -(uint64_t)(1 + below(p, 8)) * PAGE;
	return place + (below(p, 64) - 32) * PAGE;
}

static uint64_t any_pages(struct player *p)
{
	if (chance(p, 3))
		return 512 + below(p, 512);
	return 1 + below(p, chance(p, 70) ? 8 : 64);
}

/* Now and then, something that no longer fits. */
static uint64_t spoil(struct player *p, uint64_t value)
{
	switch (below(p, 100)) {
	case 0:
		return value + 1;
	case 1:
		return value | 0x800;
	case 2:
		return 0;
	case 3:
		return -(uint64_t)PAGE;
	default:
		return value;
	}
}

static const struct live *any_live(struct player *p)
{
	return p->nr_live ? &p->live[below(p, p->nr_live)] : NULL;
}

static void forget(struct player *p, uint64_t iova, uint64_t size)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->nr_live; i++)
		if (p->live[i].iova < iova || p->live[i].iova - iova >= size)
			p->live[kept++] = p->live[i];
	p->nr_live = kept;
}

/* A range: a live mapping, one with its neighbours, a part of one, or anything. */
static void any_range(struct player *p, uint64_t *iova, uint64_t *size)
{
	const struct live *live = any_live(p);

	*iova = any_iova(p);
	*size = any_pages(p) * PAGE;
	if (!live || chance(p, 30))
		return;
	*iova = live->iova;
	*size = live->size;
	switch (below(p, 8)) {
	case 0:
		*iova += PAGE;
		break;
	case 1:
		*size += PAGE * (1 + below(p, 32));
		break;
	case 2:
		*iova -= PAGE * (1 + below(p, 32));
		*size += PAGE * (1 + below(p, 64));
		break;
	case 3:
		*size -= PAGE;
		break;
	}
}

static uint64_t hash(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		h = (h ^ bytes[i]) * 0x100000001b3;
	return h;
}

/* Argument and bitmap start as a pattern, so that every byte that is written shows. */
static void prepare(struct player *p)
{
	memset(p->arg, 0xa5, sizeof(p->arg));
	for (size_t i = 0; i < BITMAP_SIZE / 8; i++)
		p->bitmap[i] = (p->step + i) * 0x9e3779b97f4a7c15;
}

static int call(struct player *p, unsigned long request, void *arg)
{
	return backend_ioctl(p->backend, request, arg);
}

static void print_result(struct player *p, int ret)
{
	printf(" -> %d errno=%d arg=%016" PRIx64, ret < 0 ? -1 : ret, ret < 0 ? -ret : 0,
		hash(p->arg, sizeof(p->arg)));
}

static void print_bitmap(struct player *p)
{
	printf(" bitmap=%016" PRIx64, hash(p->bitmap, sizeof(p->bitmap)));
}

static uint32_t any_argsz(struct player *p, uint32_t right)
{
	return chance(p, 2) ? (uint32_t)below(p, right + 8) : right;
}

static uint64_t any_vaddr(struct player *p, uint64_t size)
{
	switch (below(p, 40)) {
	case 0:
		return READONLY + below(p, 16) * PAGE;
	case 1:
		return READONLY + READONLY_SIZE + below(p, 16) * PAGE;
	case 2:
		return READONLY - PAGE;
	}
	return BUFFER + below(p, (BUFFER_SIZE - size) / PAGE + 1) * PAGE;
}

static void remember(struct player *p, uint64_t iova, uint64_t size)
{
	if (p->nr_live < LIVE_MAX)
		p->live[p->nr_live++] = (struct live){iova, size};
}

static void play_map(struct player *p)
{
	static const uint32_t flags[] = {
		RW, RW, RW, VFIO_DMA_MAP_FLAG_READ, VFIO_DMA_MAP_FLAG_WRITE};
	struct vfio_iommu_type1_dma_map *map = (void *)p->arg;
	uint64_t size = any_pages(p) * PAGE;
	int ret;

	map->argsz = any_argsz(p, sizeof(*map));
	map->flags = flags[below(p, 5)];
	if (chance(p, 2))
		map->flags = (uint32_t)below(p, 16);
	map->vaddr = spoil(p, any_vaddr(p, size));
	map->iova = spoil(p, any_iova(p));
	map->size = spoil(p, size);
	/* Unless asked for, nothing that an older kernel would never give back. */
	if (!p->top && map->iova + map->size == 0)
		map->size -= PAGE;
	printf("map argsz=%u flags=%x iova=%" PRIx64 " size=%" PRIx64 " vaddr=%" PRIx64, map->argsz,
		map->flags, (uint64_t)map->iova, (uint64_t)map->size, (uint64_t)map->vaddr);
	ret = call(p, VFIO_IOMMU_MAP_DMA, map);
	if (!ret && !(map->flags & VFIO_DMA_MAP_FLAG_VADDR))
		remember(p, map->iova, map->size);
	print_result(p, ret);
}

static void play_map_vaddr(struct player *p)
{
	struct vfio_iommu_type1_dma_map *map = (void *)p->arg;
	const struct live *live = any_live(p);
	uint64_t iova, size;

	any_range(p, &iova, &size);
	if (live && chance(p, 80)) {
		iova = live->iova;
		size = live->size;
	}
	*map = (struct vfio_iommu_type1_dma_map){
		sizeof(*map), VFIO_DMA_MAP_FLAG_VADDR, BUFFER, iova, size};
	printf("map-vaddr iova=%" PRIx64 " size=%" PRIx64, iova, size);
	print_result(p, call(p, VFIO_IOMMU_MAP_DMA, map));
}

/* Bytes of the bitmap a request claims: enough, sometimes more or less. */
static uint64_t any_bitmap_size(struct player *p, uint64_t size)
{
	uint64_t bytes = (size / PAGE + 63) / 64 * 8;

	if (chance(p, 5))
		bytes -= 8;
	else if (chance(p, 20))
		bytes += 8 * below(p, 4);
	return bytes;
}

/* The kernel writes no more than it was told of, so no claim may be larger than the buffer. */
static void fill_bitmap(struct player *p, struct vfio_bitmap *bitmap, uint64_t size)
{
	bitmap->pgsize = chance(p, 3) ? (uint64_t)1 << (11 + below(p, 12)) : PAGE;
	bitmap->size = any_bitmap_size(p, size);
	bitmap->data = (void *)p->bitmap;
	if (chance(p, 2))
		bitmap->data = (void *)8;
	if (bitmap->size > BITMAP_SIZE && bitmap->size <= (uint64_t)1 << 28)
		bitmap->size = 8;
}

static void play_unmap(struct player *p, uint32_t flags)
{
	struct vfio_iommu_type1_dma_unmap *unmap = (void *)p->arg;
	struct vfio_bitmap *bitmap = (void *)unmap->data;
	uint64_t iova, size, asked;
	bool dirty = flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, with_bitmap;
	int ret;

	any_range(p, &iova, &size);
	if (chance(p, 2)) {
		iova = (uint64_t)below(p, 2) << 63;
		size = (uint64_t)1 << (40 + below(p, 24));
	}
	if (flags & VFIO_DMA_UNMAP_FLAG_ALL && chance(p, 90))
		iova = size = 0;
	unmap->argsz = any_argsz(p, (uint32_t)(sizeof(*unmap) + (dirty ? sizeof(*bitmap) : 0)));
	unmap->flags = chance(p, 1) ? (uint32_t)below(p, 16) : flags;
	unmap->iova = spoil(p, iova);
	asked = unmap->size = spoil(p, size);
	with_bitmap = unmap->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	if (with_bitmap)
		fill_bitmap(p, bitmap, asked);
	printf("unmap argsz=%u flags=%x iova=%" PRIx64 " size=%" PRIx64, unmap->argsz, unmap->flags,
		(uint64_t)unmap->iova, asked);
	if (with_bitmap)
		printf(" pgsize=%" PRIx64 " bytes=%" PRIx64, (uint64_t)bitmap->pgsize,
			(uint64_t)bitmap->size);
	ret = call(p, VFIO_IOMMU_UNMAP_DMA, unmap);
	if (!ret && !(unmap->flags & VFIO_DMA_UNMAP_FLAG_VADDR))
		forget(p, unmap->iova, unmap->flags & VFIO_DMA_UNMAP_FLAG_ALL ? UINT64_MAX : asked);
	/* The pointer is this process' own: not part of what is compared. */
	if (with_bitmap)
		bitmap->data = NULL;
	printf(" got=%" PRIx64, (uint64_t)unmap->size);
	print_result(p, ret);
	print_bitmap(p);
}

static void play_dirty(struct player *p, uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap *dirty = (void *)p->arg;
	struct vfio_iommu_type1_dirty_bitmap_get *get = (void *)dirty->data;
	bool with_range = flags == VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP;
	uint64_t iova, size;
	int ret;

	any_range(p, &iova, &size);
	dirty->argsz = any_argsz(p, (uint32_t)(sizeof(*dirty) + (with_range ? sizeof(*get) : 0)));
	dirty->flags = chance(p, 2) ? (uint32_t)below(p, 16) : flags;
	get->iova = spoil(p, iova);
	get->size = spoil(p, size);
	fill_bitmap(p, &get->bitmap, get->size);
	printf("dirty argsz=%u flags=%x iova=%" PRIx64 " size=%" PRIx64 " pgsize=%" PRIx64
	       " bytes=%" PRIx64,
		dirty->argsz, dirty->flags, (uint64_t)get->iova, (uint64_t)get->size,
		(uint64_t)get->bitmap.pgsize, (uint64_t)get->bitmap.size);
	ret = call(p, VFIO_IOMMU_DIRTY_PAGES, dirty);
	get->bitmap.data = NULL;
	print_result(p, ret);
	print_bitmap(p);
}

static void play_info(struct player *p)
{
	struct vfio_iommu_type1_info *info = (void *)p->arg;
	uint32_t argsz = chance(p, 50) ? ARG_SIZE : (uint32_t)below(p, 200);
	int ret;

	info->argsz = argsz;
	printf("info argsz=%u", argsz);
	ret = call(p, VFIO_IOMMU_GET_INFO, info);
	printf(" got=%u flags=%x pgsizes=%" PRIx64, info->argsz, info->flags,
		(uint64_t)info->iova_pgsizes);
	print_result(p, ret);
}

static void play_other(struct player *p)
{
	static const unsigned long requests[] = {VFIO_IOMMU_MAP_DMA, VFIO_IOMMU_UNMAP_DMA,
		VFIO_IOMMU_GET_INFO, VFIO_IOMMU_DIRTY_PAGES, VFIO_DEVICE_RESET,
		VFIO_GET_API_VERSION, VFIO_SET_IOMMU, VFIO_IOMMU_ENABLE};
	uint64_t which = below(p, 20);

	if (which >= 8) {
		printf("extension %" PRIu64, which - 8);
		print_result(p, call(p, VFIO_CHECK_EXTENSION, (void *)(uintptr_t)(which - 8)));
		return;
	}
	printf("null %lx", requests[which]);
	print_result(p, call(p, requests[which], (void *)8));
}

/* A new container, of either type. */
static bool play_restart(struct player *p)
{
	p->v2 = chance(p, 75);
	p->nr_live = 0;
	printf("restart v%d", p->v2 ? 2 : 1);
	return backend_restart(p->backend, p->v2 ? VFIO_TYPE1v2_IOMMU : VFIO_TYPE1_IOMMU);
}

static void play(struct player *p, uint64_t dice)
{
	if (dice < 400)
		play_map(p);
	else if (dice < 600)
		play_unmap(p, 0);
	else if (dice < 700)
		play_unmap(p, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP);
	else if (dice < 710)
		play_unmap(p, VFIO_DMA_UNMAP_FLAG_ALL);
	else if (dice < 740)
		play_unmap(p, VFIO_DMA_UNMAP_FLAG_VADDR);
	else if (dice < 745)
		play_unmap(p, VFIO_DMA_UNMAP_FLAG_VADDR | VFIO_DMA_UNMAP_FLAG_ALL);
	else if (dice < 810)
		play_map_vaddr(p);
	else if (dice < 850)
		play_dirty(p, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	else if (dice < 860)
		play_dirty(p, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
	else if (dice < 950)
		play_dirty(p, VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP);
	else if (dice < 980)
		play_info(p);
	else
		play_other(p);
}

bool player_step(struct player *p)
{
	bool ok = true;

	prepare(p);
	printf("%" PRIu64 " ", p->step);
	if (!p->step++ || below(p, 150) == 0)
		ok = play_restart(p);
	else
		play(p, below(p, 1000));
	putchar('\n');
	return ok;
}

static bool map_at(uint64_t where, uint64_t size, int prot)
{
	void *p = mmap((void *)(uintptr_t)where, size, prot,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != (void *)(uintptr_t)where)
		perror("mmap");
	return p == (void *)(uintptr_t)where;
}

bool player_init(struct player *p, const struct backend_choice *choice, uint64_t seed, bool top)
{
	memset(p, 0, sizeof(*p));
	p->random = seed * 0x9e3779b97f4a7c15 + 1;
	p->top = top;
	if (!map_at(BUFFER, BUFFER_SIZE, PROT_READ | PROT_WRITE) ||
		!map_at(READONLY, READONLY_SIZE, PROT_READ))
		return false;
	p->backend = backend_open(choice);
	return p->backend;
}

void player_end(struct player *p)
{
	backend_close(p->backend);
}
