/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for the shim's own state, straight from the kernel. */
#include "mem.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

void *mem_alloc(size_t bytes)
{
	void *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void mem_free(void *memory, size_t bytes)
{
	if (memory)
		munmap(memory, bytes);
}

int mem_reserve(void *array, size_t *capacity, size_t item, size_t need)
{
	size_t room = *capacity ? *capacity : 1 + MEM_FIRST / item;
	void *old, *grown;

	if (need <= *capacity)
		return 0;
	while (room < need)
		room *= 2;
	memcpy(&old, array, sizeof(old));
	grown = mem_alloc(room * item);
	if (!grown)
		return -ENOMEM;
	if (old) {
		memcpy(grown, old, *capacity * item);
		mem_free(old, *capacity * item);
	}
	memcpy(array, &grown, sizeof(grown));
	*capacity = room;
	return 0;
}

void mem_release(void *array, size_t *capacity, size_t item)
{
	void *old;

	memcpy(&old, array, sizeof(old));
	mem_free(old, *capacity * item);
	old = NULL;
	memcpy(array, &old, sizeof(old));
	*capacity = 0;
}
