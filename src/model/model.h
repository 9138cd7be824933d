/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A simulated VFIO: one host with its open containers, groups and devices. Every function may
 * be called from any thread. A handle stands for an open file description; it is positive and
 * is not used again. Errors are -errno.
 */
#ifndef IOVAMODEL_MODEL_H
#define IOVAMODEL_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "type1.h"

struct model;

struct model_mapping {
	uint64_t iova;
	uint64_t size; /* bytes */
	uint64_t vaddr;
};

/*
 * @host and @env are borrowed until model_destroy(). @env may be NULL: malloc(), and ioctl
 * arguments read in place, with EFAULT for NULL and for memory at it. NULL without memory. @host's
 * faults are armed.
 */
struct model *model_create(const struct model_host *host, const struct model_env *env);
void model_destroy(struct model *m);

/* open("/dev/vfio/vfio"), open("/dev/vfio/<number>"): a handle, or -errno (ENOENT, EBUSY). */
int model_open_container(struct model *m);
int model_open_group(struct model *m, unsigned int number);

/* The last close of a description. What depends on it goes as in the kernel. 0 or -EBADF. */
int model_close(struct model *m, int handle);

/*
 * ioctl() on a container, group or device: the result, or -errno. @m is a struct model. The
 * descriptors in arguments and results (SET_CONTAINER, GET_DEVICE_FD) are handles.
 */
int model_ioctl(void *m, int handle, unsigned long request, void *arg);

/* The two ioctls of a group that deal in descriptors, for callers that have real ones. */
int model_set_container(struct model *m, int group, int container);
int model_get_device(struct model *m, int group, const char *name);

/* What the device behind @handle is, or NULL. Lives as long as the host. */
const struct model_device *model_device(struct model *m, int handle);

/* Reads or writes a device's configuration space: @len, or -EBADF, -EFAULT. */
int model_config(struct model *m, int handle, bool write, uint64_t offset, void *data, size_t len);

/* Shortcuts. model_attach() opens group @number, sets its container and returns its handle. */
int model_attach(struct model *m, int container, unsigned int number);
int model_detach(struct model *m, int group); /* UNSET_CONTAINER, then close */
int model_set_iommu(struct model *m, int container, unsigned long type);

/* The @nth @call from now (1: the next; 0: every one) fails with errno @err, doing nothing. */
int model_fail(struct model *m, enum model_call call, unsigned int nth, int err);
void model_clear_faults(struct model *m);

/* How many times @call was made, failed ones included. */
unsigned int model_calls(struct model *m, enum model_call call);

/* Live mappings of a container, by iova. Returns how many there are; fills at most @max. */
size_t model_mappings(struct model *m, int container, struct model_mapping *out, size_t max);

/* See type1_device_write(). -EINVAL if @container has no IOMMU set. */
int model_device_write(
	struct model *m, int container, uint64_t iova, uint64_t len, uint64_t *vaddr);

/* Pages accounted as locked by all containers. */
uint64_t model_locked_pages(struct model *m);

#endif
