/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which descriptors stand for which container, through dup, close and whatever way they came. */
#include "shim_fd.h"
#include "mem.h"
#include "shim_start.h"

#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An entry of the table: the container, with this bit set if the descriptor is that of a group in
 * it or of a device, by which it lives on without being one. */
enum { KEEPS = 1 };

static struct container *container_of(void *entry)
{
	return (struct container *)((uintptr_t)entry & ~(uintptr_t)KEEPS);
}

static bool keeps(void *entry)
{
	return (uintptr_t)entry & KEEPS;
}

static void *keeper_of(struct container *container)
{
	return (void *)((uintptr_t)container | KEEPS);
}

/* Containers that nothing stands for any more. They are used again, never unmapped: a thread may
 * be about to look at one, if only to find that its descriptor is closed. */
static struct container *take_spare(void)
{
	struct shim_spares *spares = &shim.spares;

	return spares->n ? spares->list[--spares->n] : mem_alloc(sizeof(struct container));
}

static void keep_spare(struct container *container)
{
	struct shim_spares *spares = &shim.spares;

	if (!mem_reserve(&spares->list, &spares->room, sizeof(*spares->list), spares->n + 1))
		spares->list[spares->n++] = container;
}

struct search {
	int fd;
	struct container *found;
};

static void compare(void *context, int fd, void *entry)
{
	struct search *search = context;
	pid_t self = getpid();

	if (!search->found && fd != search->fd && !keeps(entry) &&
		!syscall(SYS_kcmp, self, self, KCMP_FILE, fd, search->fd))
		search->found = entry;
}

/* A number that came by a way that was not seen (SCM_RIGHTS, pidfd_getfd) can stand for a container
 * that is known by another. Only the kernel can tell, and a sandbox may object to the question. */
static struct container *find_alias(int fd)
{
	struct search search = {.fd = fd};

	if (!host_sandboxed())
		fd_table_each(&shim.containers, compare, &search);
	return search.found;
}

static struct container *make_new(void)
{
	struct container *container = take_spare();

	if (!container)
		return NULL;
	container->descriptors = 0;
	if (!engine_container_init(&shim.engine, container))
		return container;
	keep_spare(container);
	return NULL;
}

static struct container *make_known(int fd)
{
	struct container *alias = find_alias(fd), *container = alias ? alias : make_new();

	if (!container)
		return NULL;
	/* What is not in the table would be met again as another. */
	if (fd_table_set(&shim.containers, fd, container)) {
		if (!alias)
			keep_spare(container);
		return NULL;
	}
	container->descriptors++;
	return container;
}

static __attribute__((noinline)) struct container *meet_descriptor(int fd)
{
	struct container *container;
	struct lock_hold hold;
	void *entry;

	/* A group or a device whose end was not seen. */
	if (keeps(fd_table_get(&shim.containers, fd)))
		shim_closing(fd);
	lock_take(&shim.lock, &hold);
	entry = fd_table_get(&shim.containers, fd);
	container = entry && !keeps(entry) ? entry : make_known(fd);
	lock_drop(&shim.lock, &hold);
	return container;
}

struct container *shim_container(int fd)
{
	void *entry = fd_table_get(&shim.containers, fd);

	return entry && !keeps(entry) ? entry : meet_descriptor(fd);
}

struct container *shim_kept_by(int fd)
{
	void *entry = fd_table_get(&shim.containers, fd);

	return keeps(entry) ? container_of(entry) : NULL;
}

void shim_keeps(int fd, struct container *container)
{
	struct lock_hold hold;

	shim_closing(fd); /* of whatever had the number, if its end was not seen */
	lock_take(&shim.lock, &hold);
	/* Counted all the same where it cannot be noted: then the container stays for good. */
	(void)fd_table_set(&shim.containers, fd, keeper_of(container));
	container->descriptors++;
	lock_drop(&shim.lock, &hold);
}

/* A child of vfork() has its parent's memory but descriptors of its own: what it closes, its parent
 * still has. */
static bool in_vfork_child(void)
{
	pid_t self;

	if (shim.sandboxed)
		return false;
	self = getpid();
	return self != shim.journal.pid && !host_sandboxed() &&
	       !syscall(SYS_kcmp, self, shim.journal.pid, KCMP_VM, 0, 0);
}

/* With the lock held. True if the container has no descriptor left. */
static bool forget(int fd, struct container *container)
{
	fd_table_set(&shim.containers, fd, NULL);
	return --container->descriptors == 0;
}

/* The kernel drops what is mapped with the last group, which goes with its last device, or with the
 * container (vfio_group_detach_container()). */
static void retire(struct container *container)
{
	struct lock_hold hold;

	engine_container_gone(&shim.engine, container);
	lock_take(&shim.lock, &hold);
	keep_spare(container);
	lock_drop(&shim.lock, &hold);
}

void shim_closing(int fd)
{
	void *entry = fd_table_get(&shim.containers, fd);
	struct lock_hold hold;
	bool last;

	if (!entry || in_vfork_child())
		return;
	lock_take(&shim.lock, &hold);
	entry = fd_table_get(&shim.containers, fd);
	last = entry && forget(fd, container_of(entry));
	lock_drop(&shim.lock, &hold);
	if (last)
		retire(container_of(entry));
}

struct closing {
	unsigned int first, last;
};

static void close_one(void *context, int fd, void *entry)
{
	const struct closing *closing = context;

	(void)entry;
	if ((unsigned int)fd >= closing->first && (unsigned int)fd <= closing->last)
		shim_closing(fd);
}

void shim_closing_range(unsigned int first, unsigned int last)
{
	if (shim.started)
		fd_table_each(&shim.containers, close_one, &(struct closing){first, last});
}

void shim_duplicated(int old, int new)
{
	void *entry = fd_table_get(&shim.containers, old);
	struct lock_hold hold;

	if (old == new)
		return;
	shim_closing(new);
	if (!entry || in_vfork_child())
		return;
	lock_take(&shim.lock, &hold);
	entry = fd_table_get(&shim.containers, old);
	if (entry && !fd_table_set(&shim.containers, new, entry))
		container_of(entry)->descriptors++;
	lock_drop(&shim.lock, &hold);
}

struct visit {
	void (*each)(void *context, int fd, struct container *container);
	void *context;
	int before; /* id of the last one */
	int next;
	int fd;
	struct container *container;
};

static void find_next(void *context, int fd, void *entry)
{
	struct visit *visit = context;
	struct container *container = container_of(entry);

	if (container->id <= visit->before)
		return;
	if (visit->container &&
		(container->id > visit->next || (container->id == visit->next && keeps(entry))))
		return;
	visit->next = container->id;
	visit->fd = keeps(entry) ? -1 : fd;
	visit->container = container;
}

/* By ascending id, so that one with several descriptors comes once. */
void shim_each_container(
	void (*each)(void *context, int fd, struct container *container), void *context)
{
	struct visit visit = {.each = each, .context = context};

	for (;;) {
		visit.container = NULL;
		fd_table_each(&shim.containers, find_next, &visit);
		if (!visit.container)
			return;
		visit.each(visit.context, visit.fd, visit.container);
		visit.before = visit.next;
	}
}
