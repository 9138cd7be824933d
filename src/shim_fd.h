/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which descriptors stand for which container, through dup, close and whatever way they came. */
#ifndef IOVASHIM_SHIM_FD_H
#define IOVASHIM_SHIM_FD_H

#include "container.h"

/* The container behind @fd, which is one (10:196); made known if it is not. NULL without memory. */
struct container *shim_container(int fd);

/* Calls @each for every container once. */
void shim_each_container(
	void (*each)(void *context, int fd, struct container *container), void *context);

#endif
