/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The paths a simulated host has: /dev/vfio, its IOMMU groups and its devices in sysfs. */
#ifndef IOVAMODEL_FS_H
#define IOVAMODEL_FS_H

#include <limits.h>

#include "host.h"

enum fs_kind {
	FS_NONE,    /* not a path of the model: the real one decides */
	FS_MISSING, /* below a directory of the model, which has no such entry */
	FS_SHARED,  /* a real directory in which the model has entries too */
	FS_DIR,
	FS_FILE,
	FS_LINK,
	FS_CONTAINER,
	FS_GROUP,
};

struct fs_node {
	char *path; /* absolute, without links */
	char *text; /* a file's content or a link's target; NULL for others */
	size_t size;
	enum fs_kind kind;
	unsigned int group;
};

struct fs {
	struct fs_node *nodes; /* sorted by path */
	size_t count;
	int error; /* -ENOMEM once something did not fit */
};

/* Device numbers: the container's is the kernel's own; groups have a dynamic major. */
#define FS_CONTAINER_MAJOR 10
#define FS_CONTAINER_MINOR 196
#define FS_GROUP_MAJOR	   511
/* Never the group's number, which a program might take a minor for. */
#define FS_GROUP_MINOR(number) ((number) + 64)

/* Fills @fs for @host. 0 or -ENOMEM. */
int fs_init(struct fs *fs, const struct model_host *host);
void fs_release(struct fs *fs);

/*
 * Looks up absolute @path, following links but the last one unless @follow. @node is set for
 * kinds from FS_SHARED on. @resolved, if wanted, has room for PATH_MAX.
 */
enum fs_kind fs_find(const struct fs *fs, const char *path, bool follow,
	const struct fs_node **node, char *resolved);

/* The @nth entry of directory @node, or NULL. *@name is its last component. */
const struct fs_node *fs_entry(
	const struct fs *fs, const struct fs_node *node, size_t nth, const char **name);

#endif
