/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a host's description: a text in the spirit of sysfs, or a sysfs tree. */
#ifndef IOVAMODEL_HOST_TEXT_H
#define IOVAMODEL_HOST_TEXT_H

#include <stddef.h>

#include "host.h"

struct model_error {
	char text[256]; /* "FILE:LINE:COLUMN: what is wrong and what would be right", no newline */
};

/*
 * Each reader fills @host, which the caller releases, and returns 0; or -EINVAL, -ENOMEM or
 * the -errno of reading, with @error set and nothing for the caller to release.
 */
int model_host_parse(struct model_host *host, const char *file, const char *text, size_t size,
	struct model_error *error);
int model_host_load(struct model_host *host, const char *path, struct model_error *error);

/*
 * @root holds what /sys holds: kernel/iommu_groups/, class/iommu/. The running kernel's version
 * is assumed unless @root has the file osrelease (a copy of /proc/sys/kernel/osrelease).
 */
int model_host_from_sysfs(struct model_host *host, const char *root, struct model_error *error);

#endif
