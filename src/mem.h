/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for the shim's own state, straight from the kernel: the VMM's malloc is not ours to enter
 * from a signal handler, a constructor or under a lock. Zeroed; whole pages; for long-lived
 * arrays. */
#ifndef IOVASHIM_MEM_H
#define IOVASHIM_MEM_H

#include <stddef.h>

/* Bytes that the first items of an array get room in, and a part of an item more. */
enum { MEM_FIRST = 4096 };

/* @bytes of zeroes, or NULL. Freed with mem_free() and the same size. */
void *mem_alloc(size_t bytes);
void mem_free(void *memory, size_t bytes);

/* Makes room for @need items of @item bytes in the array at *@array (NULL at first), whose room is
 * *@capacity items; at least doubles it. Returns 0 or -ENOMEM, with the array as it was. */
int mem_reserve(void *array, size_t *capacity, size_t item, size_t need);

/* Frees such an array and zeroes the caller's pointer and capacity. */
void mem_release(void *array, size_t *capacity, size_t item);

#endif
