/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libiovamodel.so: what its interposed functions share. */
#ifndef IOVAMODEL_PRELOAD_H
#define IOVAMODEL_PRELOAD_H

#include "fs.h"
#include "model.h"
#include "objects.h"
#include "pci.h"
#include "real.h"

/* Everything visible outside carries this; the rest of the library is hidden. */
#define EXPORT __attribute__((visibility("default")))

struct preload {
	struct model_host host;
	struct model_env env;
	struct model *model;
	bool rehearsal; /* IOVAMODEL_REHEARSAL is set: nothing may be written to a FIFO */
	struct fs fs;
};

/*
 * Resolves the real functions and, on the first call, builds the host that IOVAMODEL_HOST
 * names. NULL if it names none: then everything is passed on. A wrong description ends the
 * process with status 125, having said why. Constructors of other libraries come here first.
 */
struct preload *preload_ready(void);

/* fs_find() for the *at() functions; relative paths only below a directory of sysfs or /dev. */
enum fs_kind preload_find(
	int dir, const char *path, bool follow, const struct fs_node **node, char *resolved);

#endif
