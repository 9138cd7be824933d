// SPDX-License-Identifier: GPL-2.0-or-later
/* A simple allocator: powers of two, a free list for each. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "arena.h"
#include "shared_lock.h"

/* Only what is touched takes memory. Enough for 65535 mappings and the bitmaps of 16 TiB. */
#define ARENA_SIZE ((size_t)8 << 30)
#define CLASSES	   40
/* From here on, freed memory goes back to the system. */
#define BIG 16

struct block {
	size_t class;
	struct block *next;
};

_Static_assert(sizeof(struct block) == 16, "what follows a header is aligned as malloc() would");

struct arena {
	pthread_mutex_t lock;
	size_t used;
	struct block *free[CLASSES];
};

static struct arena *arena;

int arena_init(void)
{
	void *p = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	arena = p;
	lock_init_shared(&arena->lock);
	arena->used = (sizeof(*arena) + 15) & ~(size_t)15;
	return 0;
}

/* A block of the class, dirty if it was used before and is not big; NULL without room. */
static struct block *take(size_t class)
{
	struct block *b = arena->free[class];
	size_t bytes = (size_t)1 << class;

	if (b) {
		arena->free[class] = b->next;
		return b;
	}
	if (bytes > ARENA_SIZE - arena->used)
		return NULL;
	b = (struct block *)((char *)arena + arena->used);
	arena->used += bytes;
	return b;
}

void *arena_zalloc(size_t size)
{
	size_t class = 5;
	struct block *b;

	while (class < CLASSES && ((size_t)1 << class) - sizeof(*b) < size)
		class ++;
	if (class == CLASSES)
		return NULL;
	lock_shared(&arena->lock);
	b = take(class);
	unlock_shared(&arena->lock);
	if (!b)
		return NULL;
	if (class < BIG)
		memset(b + 1, 0, ((size_t)1 << class) - sizeof(*b));
	b->class = class;
	return b + 1;
}

/* A big block is all zeroes again, as new: whole pages by giving them back, the rest by hand. */
static void clear_big(struct block *b)
{
	uintptr_t first = (uintptr_t)(b + 1), end = (uintptr_t)b + ((size_t)1 << b->class);
	uintptr_t from = (first + 4095) & ~(uintptr_t)4095, to = end & ~(uintptr_t)4095;

	memset((void *)first, 0, from - first);
	memset((void *)to, 0, end - to);
	if (madvise((void *)from, to - from, MADV_REMOVE))
		memset((void *)from, 0, to - from);
}

void arena_free(void *p)
{
	struct block *b = p;

	if (!p)
		return;
	b--;
	if (b->class >= BIG)
		clear_big(b);
	lock_shared(&arena->lock);
	b->next = arena->free[b->class];
	arena->free[b->class] = b;
	unlock_shared(&arena->lock);
}
