/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libiovamodel.so: a line of text for each request that decides where memory goes. */
/*
 * To the file that IOVAMODEL_LOG names, which is appended to. Numbers of containers and groups are
 * decimal, addresses and sizes hexadecimal with 0x, RESULT is 0 or a positive errno:
 *
 *   group CONTAINER GROUP RESULT                    SET_CONTAINER
 *   device GROUP NAME BARS                          GET_DEVICE_FD; BARs that can be mapped
 *   map CONTAINER IOVA SIZE FLAGS RESULT KIND       KIND is "ram", or "NAME:BAR" for a device's
 * memory unmap CONTAINER IOVA SIZE FLAGS RESULT
 */
#ifndef IOVAMODEL_PRELOAD_LOG_H
#define IOVAMODEL_PRELOAD_LOG_H

#include "objects.h"

/* Opens the log at @path; NULL or "" for none. 0 or -errno. Before the first request. */
int preload_log_open(const char *path);

void preload_log_group(int container, unsigned int group, int result);
/* @device: NULL is not logged. */
void preload_log_device(unsigned int group, const struct model_device *device);

/* An ioctl of a container: those that map and unmap are logged. @argument is the caller's. */
void preload_log_container(
	const struct model_env *env, int container, uint32_t request, void *argument, int result);

#endif
