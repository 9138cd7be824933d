/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The libraries that a program needs, found where its loader finds them (ld.so(8), musl's
 * dynlink.c). The loader itself is not asked: it is named by the file that is to be judged. */
#include "libraries.h"
#include "whole_file.h"
#include "ld_cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char cache_path[] = "/etc/ld.so.cache";
#ifdef __x86_64__
static const char default_folders[] = "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:"
				      "/lib64:/usr/lib64:/lib:/usr/lib";
#elif defined(__aarch64__)
static const char default_folders[] = "/lib/aarch64-linux-gnu:/usr/lib/aarch64-linux-gnu:"
				      "/lib64:/usr/lib64:/lib:/usr/lib";
#else
static const char default_folders[] = "/lib64:/usr/lib64:/lib:/usr/lib";
#endif
static const char musl_folders[] = "/lib:/usr/local/lib:/usr/lib";

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* True if @interpreter is the loader of musl. */
static bool loader_is_musl(const char *interpreter)
{
	return !strncmp(last_part(interpreter), "ld-musl-", 8);
}

bool loader_is_glibc(const char *interpreter)
{
	const char *name = last_part(interpreter);

	return !strncmp(name, "ld-linux", 8) || !strncmp(name, "ld64.so", 7) ||
	       !strncmp(name, "ld.so", 5);
}

/* /lib/ld-musl-x86_64.so.1 reads /etc/ld-musl-x86_64.path; one elsewhere, of a tree of its own,
 * reads that tree's. */
static char *musl_path_file(const char *interpreter)
{
	const char *name = last_part(interpreter), *end = strstr(name, ".so");
	int prefix = (int)(name - interpreter) - 5, length = end ? (int)(end - name) : 0;
	char *path;

	if (prefix < 0 || strncmp(interpreter + prefix, "/lib/", 5) != 0)
		prefix = 0;
	return asprintf(&path, "%.*s/etc/%.*s.path", prefix, interpreter, length, name) < 0 ? NULL
											    : path;
}

/* Adds one library; its name is copied, its path and facts are taken over. */
static int add(struct libraries *libraries, const char *name, char *path, size_t needed_by,
	struct elf_facts *facts)
{
	struct library *grown =
		realloc(libraries->list, (libraries->n + 1) * sizeof(*libraries->list));
	char *own = strdup(name);

	if (grown)
		libraries->list = grown;
	if (!grown || !own) {
		free(own);
		free(path);
		elf_facts_free(facts);
		return -ENOMEM;
	}
	grown[libraries->n++] = (struct library){own, path, needed_by, *facts};
	return 0;
}

static bool is_known(const struct libraries *libraries, const char *name)
{
	for (size_t i = 1; i < libraries->n; i++) {
		const struct library *one = &libraries->list[i];

		if (!strcmp(one->name, name) ||
			(one->facts.soname && !strcmp(one->facts.soname, name)))
			return true;
	}
	return false;
}

/* True if @path is a library that this program's loader would take; it passes over others. */
static bool is_library(const char *path, struct elf_facts *facts)
{
	bool good = false;
	size_t size;
	char *bytes;

	if (whole_file_read(path, &bytes, &size))
		return false;
	if (elf_is(bytes, size) && !elf_facts_read(facts, bytes, size)) {
		good = !facts->damage && (facts->flags & ELF_NATIVE);
		if (!good)
			elf_facts_free(facts);
	}
	free(bytes);
	return good;
}

/* One folder of a search path, $ORIGIN replaced by the folder of @origin; an empty one is the
 * current folder. NULL if it has another $TOKEN: what that stands for the loader alone knows. */
static char *folder(const char *from, size_t length, const char *origin)
{
	const char *rest = memchr(from, '$', length), *slash = strrchr(origin, '/');
	size_t before = rest ? (size_t)(rest - from) : length, token = 0;
	char *path;

	if (!length)
		return strdup(".");
	if (rest && !strncmp(rest, "$ORIGIN", 7))
		token = 7;
	else if (rest && !strncmp(rest, "${ORIGIN}", 9))
		token = 9;
	if (rest && (!token || before + token > length))
		return NULL;
	if (asprintf(&path, "%.*s%.*s%.*s", (int)before, from,
		    token && slash ? (int)(slash - origin) : 0, origin,
		    (int)(length - before - token), from + before + token) < 0)
		return NULL;
	return path;
}

/* Looks for @name in the folders of @list. */
static char *search(const char *list, const char *origin, const char *name, struct elf_facts *facts)
{
	char *path = NULL, *place;
	size_t length;

	for (; list && !path; list = list[length] ? list + length + 1 : NULL) {
		length = strcspn(list, ":;\n");
		place = folder(list, length, origin);
		if (!place || asprintf(&path, "%s/%s", place, name) < 0)
			path = NULL;
		free(place);
		if (path && !is_library(path, facts)) {
			free(path);
			path = NULL;
		}
	}
	return path;
}

/* The DT_RPATH of who needs it, of who needs that, and so on; musl treats DT_RUNPATH the same. */
static char *search_rpaths(const struct libraries *libraries, size_t needed_by, const char *name,
	struct elf_facts *facts)
{
	char *path = NULL;

	for (size_t i = needed_by;; i = libraries->list[i].needed_by) {
		const struct library *one = &libraries->list[i];
		const char *rpath = one->facts.rpath;

		if (one->facts.runpath)
			rpath = libraries->musl ? one->facts.runpath : NULL;
		if (rpath && one->path)
			path = search(rpath, one->path, name, facts);
		if (path || !i)
			return path;
	}
}

static char *search_cache(
	const struct libraries *libraries, const char *name, struct elf_facts *facts)
{
	const char *found = libraries->cache
				    ? ld_cache_find(libraries->cache, libraries->cache_size, name)
				    : NULL;

	return found && is_library(found, facts) ? strdup(found) : NULL;
}

static char *find_glibc(const struct libraries *libraries, size_t needed_by, const char *name,
	struct elf_facts *facts)
{
	const struct library *asker = &libraries->list[needed_by];
	char *path = NULL;

	if (!asker->facts.runpath)
		path = search_rpaths(libraries, needed_by, name, facts);
	if (!path)
		path = search(libraries->path, libraries->list[0].path, name, facts);
	if (!path && asker->facts.runpath)
		path = search(asker->facts.runpath, asker->path, name, facts);
	if (path || (asker->facts.flags & ELF_NO_DEFAULT_LIBRARIES))
		return path;
	path = search_cache(libraries, name, facts);
	return path ? path : search(default_folders, "", name, facts);
}

static char *find_musl(const struct libraries *libraries, size_t needed_by, const char *name,
	struct elf_facts *facts)
{
	char *path = search(libraries->path, libraries->list[0].path, name, facts);

	if (!path)
		path = search_rpaths(libraries, needed_by, name, facts);
	if (!path)
		path = search(libraries->cache ? libraries->cache : musl_folders, "", name, facts);
	return path;
}

/* musl's loader is its libc too, by all these names (dynlink.c). */
static bool is_musl_itself(const char *name)
{
	static const char *const names[] = {"c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."};

	for (size_t i = 0; !strncmp(name, "lib", 3) && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(name + 3, names[i], strlen(names[i])))
			return true;
	return false;
}

static char *find(const struct libraries *libraries, size_t needed_by, const char *name,
	struct elf_facts *facts)
{
	const char *loader = libraries->list[0].facts.interpreter;

	if (strchr(name, '/'))
		return is_library(name, facts) ? strdup(name) : NULL;
	if (!libraries->musl)
		return find_glibc(libraries, needed_by, name, facts);
	if (is_musl_itself(name))
		return is_library(loader, facts) ? strdup(loader) : NULL;
	return find_musl(libraries, needed_by, name, facts);
}

static int add_needed_by(struct libraries *libraries, size_t who)
{
	int err = 0;

	for (size_t i = 0; !err && i < libraries->list[who].facts.n_needed; i++) {
		const char *name = libraries->list[who].facts.needed[i];
		struct elf_facts facts = {0};

		if (!is_known(libraries, name))
			err = add(libraries, name, find(libraries, who, name, &facts), who, &facts);
	}
	return err;
}

static void read_cache(struct libraries *libraries, const char *interpreter)
{
	char *path = libraries->musl ? musl_path_file(interpreter) : strdup(cache_path);

	if (path && whole_file_read(path, &libraries->cache, &libraries->cache_size))
		libraries->cache = NULL;
	free(path);
}

int libraries_find(struct libraries *libraries, const char *program, struct elf_facts *facts,
	const char *search_path)
{
	char *real = realpath(program, NULL); /* $ORIGIN is the folder of that */
	int err;

	*libraries = (struct libraries){.path = search_path && *search_path ? search_path : NULL};
	err = add(libraries, program, real, 0, facts);
	if (err)
		return err;
	if (!real)
		return -ENOMEM;
	if (!libraries->list[0].facts.interpreter)
		return 0;
	libraries->musl = loader_is_musl(libraries->list[0].facts.interpreter);
	read_cache(libraries, libraries->list[0].facts.interpreter);
	for (size_t i = 0; !err && i < libraries->n; i++)
		err = add_needed_by(libraries, i);
	return err;
}

void libraries_free(struct libraries *libraries)
{
	for (size_t i = 0; i < libraries->n; i++) {
		free(libraries->list[i].name);
		free(libraries->list[i].path);
		elf_facts_free(&libraries->list[i].facts);
	}
	free(libraries->list);
	free(libraries->cache);
	*libraries = (struct libraries){0};
}
