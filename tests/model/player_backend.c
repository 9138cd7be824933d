// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the player's calls go: /dev/vfio, or the model in this process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "host_text.h"
#include "model.h"
#include "player.h"

struct backend {
	int number; /* of the group */
	int container;
	int group;
	struct model *model; /* NULL: the kernel */
	struct model_host host;
	struct model_env env;
};

/* The address spaces agree: what is not the player's buffers is not there. */
static int pin(uint64_t vaddr, uint64_t size, bool write)
{
	uint64_t end = write ? READONLY : READONLY + READONLY_SIZE;

	return vaddr >= BUFFER && vaddr < end && size <= end - vaddr ? 0 : -EFAULT;
}

/* Wild pointers that the player uses are in the first page. */
static int copy_in(void *to, uint64_t from, size_t size)
{
	if (from < 4096)
		return -EFAULT;
	memcpy(to, (const void *)(uintptr_t)from, size);
	return 0;
}

static int copy_out(uint64_t to, const void *from, size_t size)
{
	if (to < 4096)
		return -EFAULT;
	memcpy((void *)(uintptr_t)to, from, size);
	return 0;
}

static void *zalloc(size_t size)
{
	return calloc(1, size);
}

static bool open_model(struct backend *b, const struct backend_choice *choice)
{
	struct model_error error;
	int ret = choice->kind == BACKEND_HOST
			  ? model_host_load(&b->host, choice->path, &error)
			  : model_host_from_sysfs(&b->host, choice->path, &error);

	if (ret) {
		fprintf(stderr, "%s\n", error.text);
		return false;
	}
	b->env = (struct model_env){zalloc, free, copy_in, copy_out, pin};
	b->model = model_create(&b->host, &b->env);
	return b->model;
}

struct backend *backend_open(const struct backend_choice *choice)
{
	struct backend *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->number = choice->group;
	b->container = b->group = -1;
	if (choice->kind != BACKEND_VFIO && !open_model(b, choice)) {
		free(b);
		return NULL;
	}
	return b;
}

static void drop(struct backend *b)
{
	if (b->model && b->group >= 0) {
		model_close(b->model, b->group);
		model_close(b->model, b->container);
	} else if (b->group >= 0) {
		close(b->group);
		close(b->container);
	}
	b->container = b->group = -1;
}

static bool failed(const char *what, int err)
{
	fprintf(stderr, "%s: %s\n", what, strerror(err));
	return false;
}

static bool open_real(struct backend *b)
{
	char path[32];

	b->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (b->container < 0)
		return failed("/dev/vfio/vfio", errno);
	snprintf(path, sizeof(path), "/dev/vfio/%d", b->number);
	b->group = open(path, O_RDWR | O_CLOEXEC);
	if (b->group < 0)
		return failed(path, errno);
	if (ioctl(b->group, VFIO_GROUP_SET_CONTAINER, &b->container))
		return failed("VFIO_GROUP_SET_CONTAINER", errno);
	return true;
}

static bool open_simulated(struct backend *b)
{
	b->container = model_open_container(b->model);
	if (b->container < 0)
		return failed("container", -b->container);
	b->group = model_attach(b->model, b->container, (unsigned int)b->number);
	return b->group >= 0 || failed("group", -b->group);
}

bool backend_restart(struct backend *b, unsigned long type)
{
	int ret;

	drop(b);
	if (!(b->model ? open_simulated(b) : open_real(b)))
		return false;
	ret = backend_ioctl(b, VFIO_SET_IOMMU, (void *)type);
	return !ret || failed("VFIO_SET_IOMMU", -ret);
}

int backend_ioctl(struct backend *b, unsigned long request, void *arg)
{
	int ret;

	if (b->model)
		return model_ioctl(b->model, b->container, request, arg);
	ret = ioctl(b->container, request, arg);
	return ret < 0 ? -errno : ret;
}

void backend_close(struct backend *b)
{
	drop(b);
	if (b->model) {
		model_destroy(b->model);
		model_host_release(&b->host);
	}
	free(b);
}
