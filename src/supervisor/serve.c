/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One notification: what it is about, whether it can go on by itself, and if not, the loan. */
#include "filter.h"
#include "mem.h"
#include "remote.h"
#include "state.h"

#include <errno.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char not_borrowed[] =
	"a thread of the VMM could not be borrowed (a debugger or strace has it, or tracing is not "
	"permitted): its request was refused with EBUSY, nothing was mapped or unmapped";
static const char not_seen[] =
	"a process under supervision could not be looked at (kernel.yama.ptrace_scope keeps the "
	"supervisor from what a VMM without privileges forks, also to go into the background): its "
	"request was refused with EBUSY";
static const char own_listener[] =
	"the VMM asks for a seccomp listener of its own, which the kernel refuses (EBUSY) while "
	"iovashim listens: run it with --via preload";

struct request {
	struct supervisor *supervisor;
	const struct seccomp_notif *notification;
	pid_t tid;
	int fd;
	uint32_t number;
	uint64_t argument;
	struct borrow borrow;
};

static void answer(const struct request *request, uint32_t flags, int error)
{
	struct seccomp_notif_resp response = {
		.id = request->notification->id, .flags = flags, .error = error};

	/* ENOENT: killed meanwhile. */
	(void)ioctl(request->supervisor->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void go_on(const struct request *request)
{
	answer(request, SECCOMP_USER_NOTIF_FLAG_CONTINUE, 0);
}

/* What was read of the thread by its number was not another's, which got the number later. */
static bool is_current(const struct request *request)
{
	uint64_t id = request->notification->id;

	return !ioctl(request->supervisor->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

static void refuse_unseen(const struct request *request)
{
	answer(request, 0, -EBUSY);
	engine_fault(&request->supervisor->engine, NULL, not_seen, -EBUSY);
}

/* Finds the request's process, in whose name things are told from here on. False if there is none:
 * then the request wants no more handling. */
static bool meet_client(struct request *request)
{
	struct supervisor *supervisor = request->supervisor;
	struct journal *journal = &supervisor->journal;

	supervisor->client = client_of(supervisor, request->tid);
	if (!is_current(request))
		return false;
	if (!supervisor->client) {
		refuse_unseen(request);
		return false;
	}
	supervisor->client->call_at = request->notification->data.instruction_pointer - 2;
	if (!supervisor->started) {
		client_describe(supervisor, supervisor->client);
		journal_start(journal, supervisor->client->process);
		supervisor->started = true;
	}
	journal->pid = supervisor->client->process;
	return true;
}

/* Returns 0 with the thread borrowed. Else the request wants no more handling: where it still waits
 * and @refuse is true, it has been refused; where it is false, it has to be let go on. */
static int borrow_thread(struct request *request, struct container *container, bool refuse)
{
	struct supervisor *supervisor = request->supervisor;
	bool answered;
	int err;

	request->borrow.intake = &supervisor->intake;
	request->borrow.tag = supervisor->tag;
	cpu_follow(&supervisor->cpu, request->tid);
	err = borrow_take(&request->borrow, supervisor->listener, request->notification, &answered);
	if (!err)
		supervisor->borrow = supervisor->client->loan = &request->borrow;
	else
		cpu_leave(&supervisor->cpu);
	if (!err || err == -ENOENT || !(refuse || answered))
		return err;
	if (!answered)
		answer(request, 0, -EBUSY);
	engine_fault(&supervisor->engine, container, not_borrowed, err);
	return -ENOENT;
}

static void give_back(struct request *request, int64_t result)
{
	request->supervisor->borrow = request->supervisor->client->loan = NULL;
	borrow_return(&request->borrow, result);
	cpu_leave(&request->supervisor->cpu);
}

/* The call as the VMM made it, by its own thread. */
static int64_t original_call(struct request *request)
{
	return borrow_call(&request->borrow, SYS_ioctl,
		(const uint64_t[5]){(uint64_t)request->fd, request->number, request->argument});
}

static size_t struct_bytes(uint32_t request)
{
	return request == VFIO_IOMMU_UNMAP_DMA ? sizeof(struct vfio_iommu_type1_dma_unmap)
					       : sizeof(struct vfio_iommu_type1_dma_map);
}

static int by_thread(void *context, int fd, unsigned long number, void *argument)
{
	struct supervisor *supervisor = context;
	struct own_struct *own = supervisor->own;
	int64_t result;

	if (number == VFIO_IOMMU_GET_INFO) /* @fd is our own: nobody's memory is concerned */
		return ioctl(fd, number, argument) < 0 ? -errno : 0;
	if (argument != own->copy)
		return borrow_ioctl(supervisor->borrow, fd, number, argument,
			struct_bytes((uint32_t)number), number != VFIO_IOMMU_MAP_DMA);
	if (!own_struct_push(own, supervisor->borrow->tid))
		return -EFAULT;
	result = borrow_call(supervisor->borrow, SYS_ioctl,
		(const uint64_t[5]){(uint64_t)fd, number, own->address});
	if (!supervisor->borrow->gone && !own_struct_pull(own, supervisor->borrow->tid))
		return -EFAULT;
	return (int)result;
}

struct kernel_ops kernel_by_thread(struct supervisor *supervisor)
{
	return (struct kernel_ops){.ioctl = by_thread, .context = supervisor};
}

static void learn(struct supervisor *supervisor, struct held *held)
{
	held->unasked = false;
	if (supervisor->engine.policy.source_kernel)
		engine_ask_info(&supervisor->engine, &held->container, held->fd);
}

/* Whether the kernel gets it as it is. */
static bool passes(struct request *request, struct held *held, struct own_struct *own)
{
	struct engine *engine = &request->supervisor->engine;

	switch (request->number) {
	case VFIO_IOMMU_MAP_DMA:
		return engine_map_passes(engine, &held->container, own->copy);
	case VFIO_IOMMU_UNMAP_DMA:
		return engine_unmap_passes(&held->container, own->copy);
	default:
		return engine_dirty_pages_pass(&held->container, own->copy);
	}
}

static int by_engine(struct request *request, struct held *held, struct own_struct *own)
{
	struct engine *engine = &request->supervisor->engine;

	switch (request->number) {
	case VFIO_IOMMU_MAP_DMA:
		return engine_map(engine, &held->container, request->fd, own->copy);
	case VFIO_IOMMU_UNMAP_DMA:
		return engine_unmap(engine, &held->container, request->fd, own->copy);
	default:
		return engine_dirty_pages(engine, &held->container, request->fd, own->copy);
	}
}

/* With the thread borrowed. */
static int intervene(struct request *request, struct held *held, struct own_struct *own)
{
	int result =
		own_struct_read_bitmap(own, request->tid, request->number, held->container.page);

	if (result)
		return result;
	request->supervisor->own = own;
	result = by_engine(request, held, own);
	if (!request->borrow.gone && !own_struct_push(own, request->tid) && result >= 0)
		result = -EFAULT;
	return result;
}

/* A container whose set-up was not seen, or whose ranges may have changed. */
static bool get_to_know(struct request *request, struct held *held)
{
	bool late = !held->container.type && !held->container.inherited;

	if (!late && !held->unasked)
		return true;
	if (!meet_client(request))
		return false;
	held->container.inherited |= late;
	learn(request->supervisor, held);
	return true;
}

/* Passes, and is to be seen how it ends: then the thread makes the call as it is. Where all is only
 * observed, that is to explain whatever fails. */
static bool is_to_be_seen(
	const struct request *request, const struct held *held, const struct own_struct *own)
{
	const struct supervisor *supervisor = request->supervisor;

	return request->number == VFIO_IOMMU_MAP_DMA &&
	       (supervisor->engine.policy.crossing == CROSSING_OBSERVE ||
		       foresee_failure(supervisor, &held->container, request->tid, own->copy));
}

/* Where the process's memory may not be read, that a request could not be says nothing of it. */
static bool is_forbidden(const struct request *request)
{
	uint64_t word, address = remote_random_address(request->tid);

	return address && !remote_read(request->tid, address, &word, sizeof(word)) &&
	       errno == EPERM;
}

static void on_mapping(struct request *request)
{
	struct held *held = held_find(request->supervisor, request->tid, request->fd, true);
	struct own_struct own;
	bool as_it_is;
	int err;

	if (!held || !own_struct_read(&own, request->tid, request->number, request->argument)) {
		if (is_forbidden(request))
			refuse_unseen(request);
		else
			go_on(request); /* to the kernel's own answer */
		return;
	}
	if (!get_to_know(request, held))
		return;
	as_it_is = passes(request, held, &own);
	if (as_it_is && !is_to_be_seen(request, held, &own)) {
		go_on(request);
		return;
	}
	if (!meet_client(request))
		return;
	err = borrow_thread(request, &held->container, !as_it_is);
	if (err && as_it_is && err != -ENOENT)
		go_on(request);
	if (err)
		return;
	give_back(request, intervene(request, held, &own));
	own_struct_free(&own);
}

static void set_iommu(struct request *request)
{
	struct supervisor *supervisor = request->supervisor;
	struct held *held = held_find(supervisor, request->tid, request->fd, true);
	int64_t result = 0;
	int err;

	if (!held) {
		go_on(request);
		return;
	}
	err = meet_client(request) ? borrow_thread(request, NULL, false) : -ENOENT;
	if (err == -ENOENT)
		return;
	if (err)
		go_on(request); /* how it ends is not seen: as if it succeeded */
	else
		result = original_call(request);
	drop_dead_mappings(supervisor);
	held_drop_unused(supervisor);
	if (result >= 0)
		engine_iommu_set(&supervisor->engine, &held->container, request->argument);
	held->unasked = true;
	if (!err && result >= 0)
		learn(supervisor, held);
	if (!err)
		give_back(request, result);
}

static void group_joined(struct request *request, struct held *held, int number, bool seen)
{
	struct engine *engine = &request->supervisor->engine;
	struct host_group group = {.number = number};
	int err = host_group_read(&group, true);

	engine_group_added(engine, &held->container, &group);
	if (err)
		engine_fault(engine, &held->container,
			"cannot read a group's reserved_regions; its holes may be missed", err);
	if (group.truncated)
		engine_fault(engine, &held->container,
			"a group has more reserved regions than are looked at", -E2BIG);
	held->unasked = held->container.type != 0;
	if (seen && held->unasked)
		learn(request->supervisor, held);
}

static void group_left(struct request *request, int number, bool seen)
{
	struct supervisor *supervisor = request->supervisor;

	for (size_t i = 0; i < supervisor->n_held; i++) {
		struct held *held = supervisor->held[i];
		size_t before = held->container.n_groups;

		engine_group_removed(&supervisor->engine, &held->container, number);
		if (held->container.n_groups == before)
			continue;
		if (!held->container.n_groups)
			engine_iommu_set(&supervisor->engine, &held->container, 0);
		else if (seen)
			learn(supervisor, held);
		else
			held->unasked = true;
	}
}

static int group_number(const struct request *request)
{
	int own = remote_descriptor(request->supervisor->client->process, request->fd), number;

	if (own < 0)
		return -1;
	number = host_group_number(own);
	close(own);
	return number;
}

/* VFIO_GROUP_SET_CONTAINER, UNSET_CONTAINER. */
static void change_group(struct request *request)
{
	struct held *held = NULL;
	int64_t result = 0;
	int container_fd, number, err;

	if (!meet_client(request))
		return;
	number = group_number(request);
	if (request->number == VFIO_GROUP_SET_CONTAINER &&
		remote_read(request->tid, request->argument, &container_fd, sizeof(container_fd)))
		held = held_find(request->supervisor, request->tid, container_fd, true);
	err = borrow_thread(request, NULL, false);
	if (err == -ENOENT)
		return;
	if (err)
		go_on(request);
	else
		result = original_call(request);
	if (result >= 0 && number >= 0 && held)
		group_joined(request, held, number, !err);
	if (result >= 0 && number >= 0 && request->number == VFIO_GROUP_UNSET_CONTAINER)
		group_left(request, number, !err);
	if (!err)
		give_back(request, result);
}

static void note_device(struct request *request, const char *name, int64_t fd)
{
	const struct client *client = request->supervisor->client;
	struct stat st;
	char path[48];

	snprintf(path, sizeof(path), "%s/fd/%d", client->proc, (int)fd);
	if (!stat(path, &st))
		opened_add(&request->supervisor->opened, &st, name);
}

/* VFIO_GROUP_GET_DEVICE_FD: whose BARs the descriptor's mappings are. */
static void on_device(struct request *request)
{
	char name[24];
	int64_t result;
	int err;

	if (!meet_client(request))
		return;
	remote_read_text(request->tid, request->argument, name, sizeof(name));
	err = group_number(request) < 0 ? -ENOTTY : borrow_thread(request, NULL, false);
	if (err == -ENOENT)
		return;
	if (err) {
		go_on(request);
		return;
	}
	result = original_call(request);
	if (result >= 0)
		note_device(request, name, result);
	give_back(request, result);
}

/* Let go on before it is known to succeed: the few that fail are the VMM's end. */
static void on_memslot(struct request *request)
{
	struct kvm_userspace_memory_region region;

	if (remote_read(request->tid, request->argument, &region, sizeof(region))) {
		struct client *client = client_of(request->supervisor, request->tid);

		if (client && is_current(request))
			memslots_set(&client->memory.memslots, request->fd, region.slot,
				region.guest_phys_addr, region.memory_size, region.userspace_addr);
	}
	go_on(request);
}

static void on_own_listener(struct request *request)
{
	if (meet_client(request))
		engine_fault(&request->supervisor->engine, NULL, own_listener, -EBUSY);
	go_on(request);
}

void serve(struct supervisor *supervisor, const struct seccomp_notif *notification)
{
	struct request request = {.supervisor = supervisor,
		.notification = notification,
		.tid = (pid_t)notification->pid,
		.fd = (int)notification->data.args[0],
		.number = (uint32_t)notification->data.args[1],
		.argument = notification->data.args[2]};

	supervisor->client = NULL;
	supervisor->borrow = NULL;
	if (notification->data.nr == SYS_seccomp) {
		on_own_listener(&request);
		return;
	}
	switch (request.number) {
	case VFIO_IOMMU_MAP_DMA:
	case VFIO_IOMMU_UNMAP_DMA:
	case VFIO_IOMMU_DIRTY_PAGES:
		on_mapping(&request);
		break;
	case VFIO_SET_IOMMU:
		set_iommu(&request);
		break;
	case VFIO_GROUP_SET_CONTAINER:
	case VFIO_GROUP_UNSET_CONTAINER:
		change_group(&request);
		break;
	case VFIO_GROUP_GET_DEVICE_FD:
		on_device(&request);
		break;
	default:
		on_memslot(&request);
	}
}
