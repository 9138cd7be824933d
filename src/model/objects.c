// SPDX-License-Identifier: GPL-2.0-or-later
/* Descriptors of simulated objects: which is what, and which are gone. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "objects.h"
#include "pci.h"
#include "real.h"
#include "shared_lock.h"

/* Out of the way of the program's own descriptors, if the limit allows. */
#define KEEPER_FIRST 400

/* Shared by all processes of the model. */
struct objects {
	pthread_mutex_t lock;
	struct object *first;
};

static struct objects *objects;
static struct model *model;

int objects_init(struct model *m)
{
	objects = arena_zalloc(sizeof(*objects));
	if (!objects)
		return -ENOMEM;
	lock_init_shared(&objects->lock);
	model = m;
	return 0;
}

static int real_fstat(int fd, struct stat *st)
{
	return real.fstat ? real.fstat(fd, st) : real.__fxstat(1, fd, st);
}

/*
 * The program's description of the memfd @fd holds a lock, which goes with its last
 * descriptor, in whatever process that is. Returns a second description, to test it from.
 */
static int keep(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[32];
	int other, high;

	if (fcntl(fd, F_OFD_SETLK, &lock))
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = real.open(path, O_RDWR | O_CLOEXEC);
	if (other < 0)
		return -errno;
	high = fcntl(other, F_DUPFD_CLOEXEC, KEEPER_FIRST);
	if (high < 0)
		return other;
	close(other);
	return high;
}

static bool is_open(const struct object *o)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat st;

	/* Not this process' keeper, or closed by a program that closes all: no way to tell. */
	if (real_fstat(o->keeper, &st) || st.st_ino != o->ino || st.st_dev != o->dev)
		return true;
	if (fcntl(o->keeper, F_OFD_GETLK, &lock))
		return true;
	return lock.l_type != F_UNLCK;
}

static void close_object(struct object *o)
{
	model_close(model, o->handle);
	close(o->keeper);
	arena_free(o);
}

void objects_reap(void)
{
	int saved = errno;

	lock_shared(&objects->lock);
	for (struct object **link = &objects->first, *o; (o = *link);) {
		if (is_open(o)) {
			link = &o->next;
			continue;
		}
		*link = o->next;
		close_object(o);
	}
	unlock_shared(&objects->lock);
	errno = saved;
}

bool object_find(int fd, struct object *out)
{
	int saved = errno;
	struct stat st;
	struct object *o;

	if (!objects || !objects->first || fd < 0)
		return false;
	if (real_fstat(fd, &st)) {
		errno = saved;
		return false;
	}
	lock_shared(&objects->lock);
	for (o = objects->first; o; o = o->next)
		if (o->ino == st.st_ino && o->dev == st.st_dev)
			break;
	if (o)
		*out = *o;
	unlock_shared(&objects->lock);
	return o;
}

static int fill(struct object *o, int fd)
{
	struct stat st;

	if (real_fstat(fd, &st))
		return -errno;
	o->dev = st.st_dev;
	o->ino = st.st_ino;
	if (o->kind == OBJECT_DEVICE) {
		o->device = model_device(model, o->handle);
		/* Sparse. /proc/self/maps shows it as Linux 6.10 and newer do: the inode is the
		 * device's, the offset its descriptor's. */
		if (ftruncate(fd, (off_t)MODEL_BARS << PCI_REGION_SHIFT))
			return -errno;
	}
	o->keeper = keep(fd);
	return o->keeper < 0 ? o->keeper : 0;
}

/* What /proc/self/maps shows for it. */
static void name_of(enum object_kind kind, int handle, char name[40])
{
	const struct model_device *device =
		kind == OBJECT_DEVICE ? model_device(model, handle) : NULL;

	snprintf(name, 40, "%s%s",
		kind == OBJECT_CONTAINER ? "vfio-container"
		: kind == OBJECT_GROUP	 ? "vfio-group"
					 : BAR_NAME,
		device ? device->name : "");
}

int object_open(enum object_kind kind, int handle, unsigned int group, bool cloexec)
{
	struct object *o = arena_zalloc(sizeof(*o));
	char name[40];
	int fd, ret;

	name_of(kind, handle, name);
	fd = memfd_create(name, cloexec ? MFD_CLOEXEC : 0);
	ret = fd < 0 ? -errno : 0;
	if (!o) {
		if (fd >= 0)
			close(fd);
		model_close(model, handle);
		return -ENOMEM;
	}
	o->kind = kind;
	o->handle = handle;
	o->group = group;
	o->keeper = -1;
	if (!ret)
		ret = fill(o, fd);
	if (ret) {
		close_object(o);
		if (fd >= 0)
			close(fd);
		return ret;
	}
	lock_shared(&objects->lock);
	o->next = objects->first;
	objects->first = o;
	unlock_shared(&objects->lock);
	return fd;
}
