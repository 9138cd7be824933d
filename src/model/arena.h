/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that a process shares with the children it forks, at the same addresses. */
#ifndef IOVAMODEL_ARENA_H
#define IOVAMODEL_ARENA_H

#include <stddef.h>

/* Once, before any other. 0 or -errno. */
int arena_init(void);

/* Zeroed. NULL when the arena is full. */
void *arena_zalloc(size_t size);
void arena_free(void *p);

#endif
