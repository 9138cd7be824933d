/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer: any bytes as an ELF file, and as the loader's cache. */
#include "cli/elf_facts.h"
#include "cli/ld_cache.h"
#include "fuzz.h"

#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same(const char *a, const char *b)
{
	return !a || !b ? a == b : !strcmp(a, b);
}

static void check_facts(const struct elf_facts *facts)
{
	check(facts->bits == 32 || facts->bits == 64 || facts->damage);
	if (facts->damage) {
		check(!strncmp(facts->damage, "is ", 3) && strlen(facts->damage) < 100);
		return;
	}
	if (!(facts->flags & ELF_NATIVE))
		check(!facts->flags && !facts->n_needed && !facts->interpreter);
	for (size_t i = 0; i < facts->n_needed; i++)
		check(facts->needed[i]);
}

static void check_same(const struct elf_facts *a, const struct elf_facts *b)
{
	check(a->flags == b->flags && a->type == b->type && a->machine == b->machine);
	check(a->damage == b->damage && a->n_needed == b->n_needed);
	check(same(a->interpreter, b->interpreter) && same(a->soname, b->soname));
	check(same(a->rpath, b->rpath) && same(a->runpath, b->runpath));
	for (size_t i = 0; i < a->n_needed; i++)
		check(same(a->needed[i], b->needed[i]));
}

/* In a block of its own length, so that what reads beyond it is seen. */
static void read_facts(struct elf_facts *facts, const uint8_t *data, size_t size)
{
	char *image = malloc(size);

	check(image);
	memcpy(image, data, size);
	check(!elf_facts_read(facts, image, size));
	free(image);
}

static void check_cache(const uint8_t *data, size_t size)
{
	char *cache = malloc(size);
	const char *path;

	check(cache || !size);
	memcpy(cache, data, size);
	path = ld_cache_find(cache, size, "libc.so.6");
	check(!path || (path >= cache && path + strlen(path) < cache + size));
	free(cache);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_facts facts, again;

	if (!size)
		return 0;
	check_cache(data, size);
	if (!elf_is(data, size))
		return 0;
	read_facts(&facts, data, size);
	check_facts(&facts);
	read_facts(&again, data, size);
	check_same(&facts, &again);
	elf_facts_free(&facts);
	elf_facts_free(&again);
	return 0;
}
