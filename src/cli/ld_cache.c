/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader's cache, /etc/ld.so.cache: the format of glibc 2.2 and newer (glibc's dl-cache.h). */
#include "ld_cache.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char magic[] = "glibc-ld.so.cache1.1";
static const char old_magic[] = "ld.so-1.7.0";

/* What an entry's flags say of the libraries that go with this program. */
#if defined(__x86_64__)
enum { OWN_FLAGS = 0x0303 };
#elif defined(__aarch64__)
enum { OWN_FLAGS = 0x0a03 };
#elif defined(__powerpc64__)
enum { OWN_FLAGS = 0x0503 };
#elif defined(__s390x__)
enum { OWN_FLAGS = 0x0403 };
#elif defined(__riscv)
enum { OWN_FLAGS = 0x1003 };
#else
enum { OWN_FLAGS = 0x0003 };
#endif

struct header {
	char magic[sizeof(magic) - 1];
	uint32_t n_entries;
	uint32_t strings_length;
	uint32_t unused[5];
};

struct entry {
	int32_t flags;
	uint32_t name, path; /* offsets from the header */
	uint32_t os_version;
	uint64_t features;
};

/* Before glibc 2.32 the older format, with a table of its own, came first. */
static size_t skip_old(const char *cache, size_t size)
{
	uint32_t n;
	size_t end;

	if (size < 16 || memcmp(cache, old_magic, sizeof(old_magic) - 1) != 0)
		return 0;
	memcpy(&n, cache + 12, sizeof(n));
	end = 16 + (size_t)n * 12;
	end += (8 - end % 8) % 8;
	return end < size ? end : size;
}

static const char *string(const char *cache, size_t size, uint32_t offset)
{
	if (offset >= size || !memchr(cache + offset, 0, size - offset))
		return NULL;
	return cache + offset;
}

const char *ld_cache_find(const char *cache, size_t size, const char *name)
{
	size_t skip = skip_old(cache, size);
	const char *best = NULL, *key, *path;
	struct header header;
	struct entry entry;

	cache += skip;
	size -= skip;
	if (size < sizeof(header) || memcmp(cache, magic, sizeof(header.magic)) != 0)
		return NULL;
	memcpy(&header, cache, sizeof(header));
	for (uint32_t i = 0; i < header.n_entries; i++) {
		if ((size - sizeof(header)) / sizeof(entry) <= i)
			break;
		memcpy(&entry, cache + sizeof(header) + i * sizeof(entry), sizeof(entry));
		key = string(cache, size, entry.name);
		path = string(cache, size, entry.path);
		if (entry.flags != OWN_FLAGS || !key || !path || strcmp(key, name) != 0)
			continue;
		if (!entry.features)
			return path;
		if (!best)
			best = path;
	}
	return best;
}
