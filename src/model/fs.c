// SPDX-License-Identifier: GPL-2.0-or-later
/* Looking up paths among a simulated host's. */
#include <stdlib.h>
#include <string.h>

#include "fs.h"

#define LINKS_MAX 16

static int by_path(const void *key, const void *element)
{
	const struct fs_node *node = element;

	return strcmp(key, node->path);
}

static const struct fs_node *find(const struct fs *fs, const char *path)
{
	return bsearch(*path ? path : "/", fs->nodes, fs->count, sizeof(*fs->nodes), by_path);
}

/* A path on its way: what is resolved, and what is still to be walked. */
struct walk {
	char done[PATH_MAX]; /* "" is the root */
	char rest[PATH_MAX];
	unsigned int links;
};

static void drop_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

/* Moves one component from rest to done. False when there is none or it does not fit. */
static bool step(struct walk *w)
{
	size_t skip = strspn(w->rest, "/"), len = strcspn(w->rest + skip, "/");
	size_t used = strlen(w->done);
	const char *name = w->rest + skip;

	if (!len || used + len + 2 > sizeof(w->done))
		return false;
	if (len == 2 && !memcmp(name, "..", 2)) {
		drop_last(w->done);
	} else if (len != 1 || *name != '.') {
		w->done[used] = '/';
		memcpy(w->done + used + 1, name, len);
		w->done[used + 1 + len] = '\0';
	}
	memmove(w->rest, name + len, strlen(name + len) + 1);
	return true;
}

static bool is_end(const char *rest)
{
	return rest[strspn(rest, "/")] == '\0';
}

/* Puts @target in front of what is left to walk. */
static bool enter_link(struct walk *w, const char *target)
{
	size_t len = strlen(target), left = strlen(w->rest);

	if (++w->links > LINKS_MAX || len + left + 2 > sizeof(w->rest))
		return false;
	memmove(w->rest + len + 1, w->rest, left + 1);
	memcpy(w->rest, target, len);
	w->rest[len] = '/';
	drop_last(w->done);
	if (*target == '/')
		w->done[0] = '\0';
	return true;
}

static enum fs_kind walk(
	const struct fs *fs, struct walk *w, bool follow, const struct fs_node **node)
{
	*node = find(fs, "");
	while (*node && step(w)) {
		enum fs_kind parent = (*node)->kind;

		*node = find(fs, w->done);
		if (!*node)
			return parent == FS_SHARED ? FS_NONE : FS_MISSING;
		if ((*node)->kind != FS_LINK || (is_end(w->rest) && !follow))
			continue;
		if (!enter_link(w, (*node)->text))
			return FS_MISSING;
		*node = find(fs, w->done);
	}
	return *node ? (*node)->kind : FS_NONE;
}

enum fs_kind fs_find(const struct fs *fs, const char *path, bool follow,
	const struct fs_node **node, char *resolved)
{
	struct walk w = {.links = 0};
	enum fs_kind kind;
	size_t len;

	/* Nothing of ours is anywhere else, and most paths are not ours. */
	if (strncmp(path, "/sys/", 5) && strncmp(path, "/dev/vfio", 9) &&
		strncmp(path, "/proc/sys/", 10))
		return FS_NONE;
	len = strlen(path);
	if (len + 1 > sizeof(w.rest))
		return FS_NONE;
	memcpy(w.rest, path, len + 1);
	kind = walk(fs, &w, follow, node);
	if (resolved)
		memcpy(resolved, w.done, strlen(w.done) + 1);
	return kind;
}

const struct fs_node *fs_entry(
	const struct fs *fs, const struct fs_node *node, size_t nth, const char **name)
{
	size_t len = strlen(node->path);

	for (size_t i = 0; i < fs->count; i++) {
		const char *path = fs->nodes[i].path;

		if (strncmp(path, node->path, len) || path[len] != '/' ||
			strchr(path + len + 1, '/'))
			continue;
		if (nth--)
			continue;
		*name = path + len + 1;
		return &fs->nodes[i];
	}
	return NULL;
}
