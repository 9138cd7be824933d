/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which descriptors stand for which container, through dup, close and whatever way they came. */
#ifndef IOVASHIM_SHIM_FD_H
#define IOVASHIM_SHIM_FD_H

#include "container.h"

/* The container behind @fd, which is one (10:196); made known if it is not. NULL without memory. */
struct container *shim_container(int fd);

/* @fd is a group that has joined @container, or a device of one: what is mapped stays until all of
 * them are closed, too (vfio_group_use_container()). */
void shim_keeps(int fd, struct container *container);

/* The container that @fd was said to keep, or NULL. */
struct container *shim_kept_by(int fd);

/* Calls @each for every container once; @fd is a descriptor of it, -1 where all are closed and what
 * is left are its groups and devices. */
void shim_each_container(
	void (*each)(void *context, int fd, struct container *container), void *context);

#endif
