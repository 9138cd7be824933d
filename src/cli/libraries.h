/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The libraries that a program needs, found where its loader finds them. */
#ifndef IOVASHIM_LIBRARIES_H
#define IOVASHIM_LIBRARIES_H

#include "elf_facts.h"

struct library {
	char *name;		/* as it is asked for */
	char *path;		/* NULL: not found */
	size_t needed_by;	/* an index into the list */
	struct elf_facts facts; /* all zero if it was not found */
};

/* The first is the program itself. */
struct libraries {
	size_t n;
	struct library *list;
	bool musl;	  /* the loader is musl's */
	const char *path; /* LD_LIBRARY_PATH as it counts, or NULL; not owned */
	char *cache;	  /* of the loader: ld.so.cache, or musl's folders */
	size_t cache_size;
};

/* Lists what @program (its path, and its facts, which it takes over) needs, and what that needs.
 * @search_path is LD_LIBRARY_PATH, NULL if it is not set or the loader drops it. Nothing is run.
 * Returns 0, or -ENOMEM. To free in both cases. */
int libraries_find(struct libraries *libraries, const char *program, struct elf_facts *facts,
	const char *search_path);

void libraries_free(struct libraries *libraries);

/* True if @interpreter is the loader of glibc. */
bool loader_is_glibc(const char *interpreter);

#endif
