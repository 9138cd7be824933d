/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real descriptors for the model's containers, groups and devices. Each is a memfd of its own:
 * its inode says what it is, however a descriptor of it was come by. Whether any process still
 * has its open file description is seen from a lock that only the description holds.
 */
#ifndef IOVAMODEL_OBJECTS_H
#define IOVAMODEL_OBJECTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "model.h"

/* How /proc/self/maps begins to name the memory of a device's BARs: its address follows. */
#define BAR_NAME "vfio-device-"

enum object_kind { OBJECT_CONTAINER, OBJECT_GROUP, OBJECT_DEVICE };

struct object {
	struct object *next;
	enum object_kind kind;
	dev_t dev;
	ino_t ino;
	int handle; /* of the model */
	/*
	 * Another description of the same memfd, to see the lock from. A device's memfd holds the
	 * memory of its BARs, each at the offset that its region has.
	 */
	int keeper;
	unsigned int group;
	const struct model_device *device;
};

/* Before any other, after arena_init(). 0 or -errno. */
int objects_init(struct model *m);

/*
 * A descriptor for what @handle, which it takes over even on error, stands for. @group is the
 * group's number. The descriptor, close-on-exec if @cloexec, or -errno.
 */
int object_open(enum object_kind kind, int handle, unsigned int group, bool cloexec);

/* What @fd refers to; false if that is nothing of the model's. Leaves errno alone. */
bool object_find(int fd, struct object *out);

/* Closes what no process has open any more. */
void objects_reap(void);

#endif
