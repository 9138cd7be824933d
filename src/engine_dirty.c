/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dirty bitmaps over mappings of which the kernel holds only pieces: no device can write into a
 * hole, so its bits are clear, as update_user_bitmap() (Linux 6.12) would have left them. */
#include "engine_internal.h"
#include "mem.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <string.h>

enum { WORD_BITS = 64 };

/* A mapping that begins with a word is copied over what the words held, to the end of its last
 * one; one that begins inside a word is or'ed to it. So a piece that begins inside a word, where
 * its mapping does not, needs a clean word, and so does a gap's share of the mapping's last. */
struct saved_word {
	size_t index;
	uint64_t value;
};

static uint64_t bit_of(const struct dirty_gaps *gaps, uint64_t iova)
{
	return (iova - gaps->base) / gaps->page;
}

static void clear_bits(uint64_t *words, uint64_t first, uint64_t last)
{
	for (uint64_t bit = first; bit <= last;) {
		uint64_t in_word = bit % WORD_BITS, left = last - bit + 1;
		uint64_t n = WORD_BITS - in_word < left ? WORD_BITS - in_word : left;
		uint64_t mask = n == WORD_BITS ? UINT64_MAX : ((1ULL << n) - 1) << in_word;

		words[bit / WORD_BITS] &= ~mask;
		bit += n;
	}
}

/* Copies the request's splits: the claim keeps them, the lock is not held over their use. */
static int copy_splits(struct dirty_gaps *gaps, struct engine *engine,
	const struct container *container, struct range iova)
{
	struct lock_hold hold;
	size_t first, end;
	int err;

	lock_take(&engine->lock, &hold);
	first = container_split_from(container, iova.first);
	for (end = first;
		end < container->n_splits && container->splits[end].iova.first <= iova.last;)
		end++;
	err = mem_reserve(&gaps->splits, &gaps->split_room, sizeof(*gaps->splits), end - first + 1);
	if (!err) {
		gaps->n_splits = end - first;
		memcpy(gaps->splits, &container->splits[first],
			gaps->n_splits * sizeof(*gaps->splits));
	}
	lock_drop(&engine->lock, &hold);
	return err;
}

/* Saves and cleans the word of @bit. */
static int clean_word(struct dirty_gaps *gaps, uint64_t bit)
{
	size_t index = bit / WORD_BITS;
	int err = mem_reserve(
		&gaps->saved, &gaps->saved_room, sizeof(*gaps->saved), gaps->n_saved + 1);

	if (err)
		return err;
	gaps->saved[gaps->n_saved++] = (struct saved_word){index, gaps->words[index]};
	gaps->words[index] = 0;
	return 0;
}

static int clean_split(struct dirty_gaps *gaps, const struct split *split)
{
	uint64_t first = bit_of(gaps, split->iova.first), last = bit_of(gaps, split->iova.last);
	struct dma_split walk = dma_split_start(split->holes, split->iova);
	struct dma_part piece;
	int err = 0;

	/* Bits below this one share a word with the mapping's start: or'ed in any case. */
	if (first % WORD_BITS)
		first += WORD_BITS - first % WORD_BITS;
	while (!split->skipped && !err && dma_split_next_piece(&walk, &piece)) {
		uint64_t bit = bit_of(gaps, piece.iova.first);

		if (bit % WORD_BITS && bit >= first)
			err = clean_word(gaps, bit);
	}
	if (!err && last >= first && (last + 1) % WORD_BITS)
		err = clean_word(gaps, last);
	return err;
}

int dirty_gaps_prepare(struct dirty_gaps *gaps, struct engine *engine,
	const struct container *container, struct range iova, const struct vfio_bitmap *bitmap)
{
	int err;

	*gaps = (struct dirty_gaps){.words = (uint64_t *)(void *)bitmap->data,
		.base = iova.first,
		.page = bitmap->pgsize};
	err = copy_splits(gaps, engine, container, iova);
	for (size_t i = 0; !err && i < gaps->n_splits; i++)
		err = clean_split(gaps, &gaps->splits[i]);
	if (err) {
		dirty_gaps_finish(gaps, false);
		engine_tell(engine, &(struct event){.kind = EVENT_FAULT,
					    .container = container,
					    .iova = iova,
					    .result = err,
					    .what = "no memory for a dirty bitmap: the request was "
						    "refused, nothing was unmapped"});
	}
	return err;
}

static void clear_gaps(const struct dirty_gaps *gaps, const struct split *split)
{
	struct dma_split walk = dma_split_start(split->holes, split->iova);
	struct dma_part gap;

	while (dma_split_next_gap(&walk, &gap))
		clear_bits(gaps->words, bit_of(gaps, gap.iova.first), bit_of(gaps, gap.iova.last));
}

void dirty_gaps_finish(struct dirty_gaps *gaps, bool success)
{
	for (size_t i = 0; success && i < gaps->n_splits; i++)
		clear_gaps(gaps, &gaps->splits[i]);
	/* Backwards: a word can have been saved twice. */
	for (size_t i = gaps->n_saved; !success && i > 0; i--)
		gaps->words[gaps->saved[i - 1].index] = gaps->saved[i - 1].value;
	mem_release(&gaps->splits, &gaps->split_room, sizeof(*gaps->splits));
	mem_release(&gaps->saved, &gaps->saved_room, sizeof(*gaps->saved));
}

/* A GET_BITMAP request, read once. */
struct get_bitmap {
	struct vfio_iommu_type1_dirty_bitmap_get get;
	struct range iova;
};

/* False for what vfio_iommu_type1_dirty_pages() refuses before it looks at any mapping. */
static bool read_request(
	struct get_bitmap *request, const struct container *container, const void *argument)
{
	struct vfio_iommu_type1_dirty_bitmap head;
	const struct vfio_bitmap *bitmap = &request->get.bitmap;
	uint64_t pages;

	memcpy(&head, argument, sizeof(head));
	if (head.argsz < sizeof(head) + sizeof(request->get) ||
		head.flags != VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP)
		return false;
	memcpy(&request->get, (const char *)argument + sizeof(head), sizeof(request->get));
	if (!request->get.size || request->get.iova + request->get.size < request->get.iova ||
		bitmap->pgsize != container->page || !bitmap_given(bitmap))
		return false;
	pages = request->get.size / bitmap->pgsize;
	request->iova =
		(struct range){request->get.iova, request->get.iova + request->get.size - 1};
	return !((request->get.iova | request->get.size) & (container->page - 1)) &&
	       bitmap->size >= (pages + WORD_BITS - 1) / WORD_BITS * sizeof(uint64_t);
}

/* With the range claimed and the lock held, which is dropped. */
static int get_claimed(struct engine *engine, struct container *container, int fd, void *argument,
	const struct get_bitmap *request, struct lock_hold *hold)
{
	const struct kernel_ops *kernel = &engine->kernel;
	bool cut = engine_bisects(container, request->iova);
	struct dirty_gaps gaps;
	int result;

	lock_drop(&engine->lock, hold);
	if (cut)
		return -EINVAL;
	result = dirty_gaps_prepare(&gaps, engine, container, request->iova, &request->get.bitmap);
	if (result)
		return result;
	result = kernel->ioctl(kernel->context, fd, VFIO_IOMMU_DIRTY_PAGES, argument);
	dirty_gaps_finish(&gaps, result >= 0);
	return result;
}

static bool passes(
	const struct container *container, const void *argument, struct get_bitmap *request)
{
	return !container_has_splits(container) || container->type == VFIO_TYPE1_IOMMU ||
	       !read_request(request, container, argument);
}

bool engine_dirty_pages_pass(const struct container *container, const void *argument)
{
	struct get_bitmap request;

	return passes(container, argument, &request);
}

int engine_dirty_pages(struct engine *engine, struct container *container, int fd, void *argument)
{
	const struct kernel_ops *kernel = &engine->kernel;
	struct get_bitmap request;
	struct lock_hold hold;
	struct claim claim;
	int result;

	if (passes(container, argument, &request))
		return kernel->ioctl(kernel->context, fd, VFIO_IOMMU_DIRTY_PAGES, argument);
	engine_claim(engine, container, &claim, request.iova, &hold);
	result = get_claimed(engine, container, fd, argument, &request, &hold);
	engine_release(engine, container, &claim);
	return result;
}
