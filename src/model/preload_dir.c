// SPDX-License-Identifier: GPL-2.0-or-later
/* libiovamodel.so: listing the model's directories. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "preload.h"

/*
 * Stands for a DIR. Those of the model are told from the C library's by being in this list;
 * a program has few of them open at a time.
 */
struct listing {
	struct listing *next;
	const struct fs_node *node;
	size_t at;
	struct dirent entry;
};

_Static_assert(sizeof(struct dirent) == sizeof(struct dirent64), "one entry serves both");

static struct listing *listings;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct listing *find(DIR *dir)
{
	struct listing *l;

	if (!__atomic_load_n(&listings, __ATOMIC_RELAXED))
		return NULL;
	pthread_mutex_lock(&lock);
	for (l = listings; l && (DIR *)l != dir; l = l->next)
		;
	pthread_mutex_unlock(&lock);
	return l;
}

static DIR *list(const struct fs_node *node)
{
	struct listing *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->node = node;
	pthread_mutex_lock(&lock);
	l->next = listings;
	listings = l;
	pthread_mutex_unlock(&lock);
	return (DIR *)l;
}

EXPORT DIR *opendir(const char *path)
{
	const struct fs_node *node;

	if (!preload_ready())
		return real.opendir(path);
	switch (preload_find(AT_FDCWD, path, true, &node, NULL)) {
	case FS_DIR:
		return list(node);
	case FS_NONE:
	case FS_SHARED:
		return real.opendir(path);
	case FS_MISSING:
		errno = ENOENT;
		return NULL;
	default:
		errno = ENOTDIR;
		return NULL;
	}
}

static unsigned char type_of(const struct fs_node *node)
{
	switch (node->kind) {
	case FS_FILE:
		return DT_REG;
	case FS_LINK:
		return DT_LNK;
	case FS_CONTAINER:
	case FS_GROUP:
		return DT_CHR;
	default:
		return DT_DIR;
	}
}

/* The next entry; no "." and "..", which nobody who lists sysfs wants. */
static struct dirent *next(struct listing *l)
{
	struct preload *p = preload_ready();
	const char *name;
	const struct fs_node *node = fs_entry(&p->fs, l->node, l->at, &name);

	if (!node)
		return NULL;
	l->at++;
	l->entry.d_ino = (ino_t)(node - p->fs.nodes) + 1;
	l->entry.d_off = (off_t)l->at;
	l->entry.d_reclen = sizeof(l->entry);
	l->entry.d_type = type_of(node);
	snprintf(l->entry.d_name, sizeof(l->entry.d_name), "%s", name);
	return &l->entry;
}

EXPORT struct dirent *readdir(DIR *dir)
{
	struct listing *l = preload_ready() ? find(dir) : NULL;

	return l ? next(l) : real.readdir(dir);
}

EXPORT struct dirent64 *readdir64(DIR *dir)
{
	struct listing *l = preload_ready() ? find(dir) : NULL;

	return l ? (struct dirent64 *)next(l) : real.readdir64(dir);
}

EXPORT void rewinddir(DIR *dir)
{
	struct listing *l = preload_ready() ? find(dir) : NULL;

	if (l)
		l->at = 0;
	else
		real.rewinddir(dir);
}

EXPORT int closedir(DIR *dir)
{
	struct listing *l = preload_ready() ? find(dir) : NULL;
	struct listing **link = &listings;

	if (!l)
		return real.closedir(dir);
	pthread_mutex_lock(&lock);
	while (*link != l)
		link = &(*link)->next;
	*link = l->next;
	pthread_mutex_unlock(&lock);
	free(l);
	return 0;
}

static int give_up(struct dirent **all, int n)
{
	while (n > 0)
		free(all[--n]);
	free(all);
	return -1;
}

/* All wanted entries of @dir, copied. -1 without memory. */
static int copy_entries(DIR *dir, struct dirent ***all, int (*wanted)(const struct dirent *entry))
{
	const struct dirent *entry;
	int n = 0;

	while ((entry = readdir(dir))) {
		struct dirent **grown;

		if (wanted && !wanted(entry))
			continue;
		grown = realloc(*all, (size_t)(n + 1) * sizeof(*grown));
		if (!grown)
			return give_up(*all, n);
		*all = grown;
		grown[n] = malloc(sizeof(*entry));
		if (!grown[n])
			return give_up(grown, n);
		*grown[n++] = *entry;
	}
	return n;
}

typedef int compare(const void *a, const void *b);

/* scandir() opens without coming through opendir(). */
EXPORT int scandir(const char *path, struct dirent ***entries,
	int (*wanted)(const struct dirent *entry),
	int (*order)(const struct dirent **a, const struct dirent **b))
{
	struct dirent **all = NULL;
	DIR *dir = preload_ready() ? opendir(path) : NULL;
	int n;

	if (!preload_ready() || (dir && !find(dir))) {
		if (dir)
			real.closedir(dir);
		return real.scandir(path, entries, wanted, order);
	}
	if (!dir)
		return -1;
	n = copy_entries(dir, &all, wanted);
	closedir(dir);
	if (n < 0)
		return -1;
	if (order && n)
		qsort(all, (size_t)n, sizeof(*all), (compare *)order);
	*entries = all;
	return n;
}
