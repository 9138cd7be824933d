/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host that a plan is for: described, read from sysfs, or given stand-ins for its devices. */
#ifndef IOVASHIM_PLAN_HOST_H
#define IOVASHIM_PLAN_HOST_H

#include "model/host.h"
#include "model/host_text.h"
#include "range.h"

#include <stddef.h>

struct plan_host {
	struct model_host model;
	char *name; /* as asked for */
};

/* A range that devices cannot use, and why. */
struct plan_hole {
	struct range range;
	const char *type; /* as sysfs has it, or "beyond": the IOMMU does not translate it */
	unsigned int group;
	unsigned int bits; /* of "beyond": how wide the IOMMU is */
};

/* @name: "this", one of the built-in descriptions, a description or a sysfs tree. 0, or -1 with
 * what is wrong in @error. */
int plan_host_load(struct plan_host *host, const char *name, struct model_error *error);
void plan_host_release(struct plan_host *host);

bool plan_host_has(const struct plan_host *host, const char *address);

/* Adds a device in a group of its own, reserved as the host's other devices are. @line is as after
 * "device" in a description; NULL: an NVMe controller. 0 or EXIT_OWN after a line on stderr. */
int plan_host_add(struct plan_host *host, const char *address, const char *line);

/* Writes a description for the model; with @open, of a host that refuses nothing. 0 or EXIT_OWN. */
int plan_host_write(const struct plan_host *host, const char *path, bool open);

/* Linux 5.4 was the first to refuse mappings over reserved regions. */
bool plan_host_enforces(const struct plan_host *host);

/* All that devices in the groups @groups cannot use; to be freed. */
struct plan_hole *plan_host_holes(
	const struct plan_host *host, const unsigned int *groups, size_t n_groups, size_t *n);

/* Built in: name and text, ended by NULL. From src/model/hosts. */
struct builtin_host {
	const char *name, *text;
};
extern const struct builtin_host builtin_hosts[];

#endif
