/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes under supervision, and their memory. */
#include "mem.h"
#include "remote.h"
#include "state.h"
#include "survey.h"
#include "vmm_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int by_thread(struct client *client, long call, struct range range, int argument)
{
	const uint64_t arguments[5] = {range.first, range_size(range), (uint64_t)argument};

	return client->loan ? (int)borrow_call(client->loan, call, arguments) : -EBUSY;
}

static int protect(void *context, struct range addresses, int prot)
{
	return by_thread(context, SYS_mprotect, addresses, prot);
}

static int advise(void *context, struct range addresses, int advice)
{
	return by_thread(context, SYS_madvise, addresses, advice);
}

static int stat_of_client(void *context, int fd, struct stat *st)
{
	const struct client *client = context;
	char path[48];

	snprintf(path, sizeof(path), "%s/fd/%d", client->proc, fd);
	return stat(path, st);
}

static void read_name(struct client *client)
{
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/exe", client->proc);
	n = readlink(path, client->vmm, sizeof(client->vmm) - 1);
	client->vmm[n > 0 ? n : 0] = 0;
}

static void forget_guarded(struct supervisor *supervisor, const struct client *client)
{
	size_t kept = 0;

	for (size_t i = 0; i < supervisor->n_guarded; i++)
		if (supervisor->guarded[i].client != client)
			supervisor->guarded[kept++] = supervisor->guarded[i];
	supervisor->n_guarded = kept;
}

/* Another program, in another memory: nothing that was guarded is there any more. */
static void become_new(struct supervisor *supervisor, struct client *client)
{
	forget_guarded(supervisor, client);
	client->memory.guard.n_spans = 0;
	client->memory.memslots.n = 0;
	client->call_at = 0;
	read_name(client);
}

static struct client *find(const struct supervisor *supervisor, pid_t process)
{
	for (size_t i = 0; i < supervisor->n_clients; i++)
		if (supervisor->clients[i]->process == process)
			return supervisor->clients[i];
	return NULL;
}

/* A forked child's memory is guarded where its parent's was. */
static void inherit_guard(struct guard *guard, const struct guard *from)
{
	if (mem_reserve(&guard->spans, &guard->span_room, sizeof(*guard->spans), from->n_spans + 1))
		return;
	if (from->n_spans)
		memcpy(guard->spans, from->spans, from->n_spans * sizeof(*guard->spans));
	guard->n_spans = from->n_spans;
}

static void client_free(struct client *client)
{
	struct guest_memory *memory = &client->memory;

	mem_release(&memory->guard.spans, &memory->guard.span_room, sizeof(*memory->guard.spans));
	mem_release(
		&memory->memslots.slots, &memory->memslots.room, sizeof(*memory->memslots.slots));
	mem_free(client, sizeof(*client));
}

static void drop_dead(struct supervisor *supervisor)
{
	size_t kept = 0;

	for (size_t i = 0; i < supervisor->n_clients; i++) {
		struct client *client = supervisor->clients[i];

		if (access(client->proc, F_OK)) {
			forget_guarded(supervisor, client);
			client_free(client);
			continue;
		}
		supervisor->clients[kept++] = client;
	}
	supervisor->n_clients = kept;
}

static struct client *add(struct supervisor *supervisor, pid_t process, pid_t parent)
{
	struct client *client, *from;

	drop_dead(supervisor);
	client = mem_alloc(sizeof(*client));
	if (!client || mem_reserve(&supervisor->clients, &supervisor->client_room,
			       sizeof(struct client *), supervisor->n_clients + 1)) {
		mem_free(client, client ? sizeof(*client) : 0);
		return NULL;
	}
	client->process = process;
	snprintf(client->proc, sizeof(client->proc), "/proc/%d", process);
	client->space = (struct address_space){.proc = client->proc,
		.asks = true,
		.protect = protect,
		.advise = advise,
		.stat = stat_of_client,
		.context = client};
	client->memory =
		(struct guest_memory){.guard = {.space = &client->space, .lock = LOCK_INITIALIZER},
			.memslots.lock = LOCK_INITIALIZER,
			.vmm = client->vmm};
	read_name(client);
	from = find(supervisor, parent);
	if (from)
		inherit_guard(&client->memory.guard, &from->memory.guard);
	supervisor->clients[supervisor->n_clients++] = client;
	return client;
}

/* One whose memory the thread is in, and that is the program that it was. */
static struct client *find_quickly(const struct supervisor *supervisor, pid_t tid)
{
	unsigned char now[16];

	for (size_t i = 0; i < supervisor->n_clients; i++) {
		struct client *client = supervisor->clients[i];

		if (remote_same_memory(tid, client->process) &&
			remote_read(tid, client->random, now, sizeof(now)) &&
			!memcmp(now, client->incarnation, sizeof(now)))
			return client;
	}
	return NULL;
}

struct client *client_of(struct supervisor *supervisor, pid_t tid)
{
	struct client *client = find_quickly(supervisor, tid);
	unsigned char now[16];
	pid_t process, parent;
	uint64_t random;

	if (client)
		return client;
	process = remote_process(tid, &parent);
	random = process < 0 ? 0 : remote_random_address(process);
	if (!random || !remote_read(process, random, now, sizeof(now)))
		return NULL;
	client = find(supervisor, process);
	if (!client)
		client = add(supervisor, process, parent);
	else if (memcmp(client->incarnation, now, sizeof(now)) != 0)
		become_new(supervisor, client);
	if (client) {
		client->random = random;
		memcpy(client->incarnation, now, sizeof(now));
	}
	return client;
}

/* The version that the file it was started from has; see vmm_own_version(). */
static unsigned int qemu_version(const struct client *client)
{
	unsigned int version = 0;
	struct stat st;
	char path[32];
	void *image;
	int fd;

	snprintf(path, sizeof(path), "%s/exe", client->proc);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (!fstat(fd, &st) && st.st_size > 0) {
		image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (image != MAP_FAILED) {
			version = vmm_find_version(image, (size_t)st.st_size);
			munmap(image, (size_t)st.st_size);
		}
	}
	close(fd);
	return version;
}

void client_describe(struct supervisor *supervisor, const struct client *client)
{
	struct describe_host *host = &supervisor->journal.host;
	char *line = supervisor->command_line;

	memcpy(supervisor->vmm, client->vmm, sizeof(supervisor->vmm));
	vmm_args_read(&host->args, line,
		vmm_command_line(client->proc, line, sizeof(supervisor->command_line)));
	if (strstr(client->vmm, "qemu-"))
		host->version = qemu_version(client);
}

static int classify(void *context, struct range vaddr, struct range iova, enum memory_kind *kind)
{
	struct supervisor *supervisor = context;

	return guest_memory_classify(&supervisor->client->memory, vaddr, iova, kind);
}

/* Pages that another container may have pinned are not given back. */
static bool is_alone(const struct supervisor *supervisor)
{
	size_t set = 0;

	for (size_t i = 0; i < supervisor->n_held; i++)
		set += supervisor->held[i]->container.type != 0;
	return set <= 1;
}

static int guard_memory(void *context, struct range vaddr, uint32_t flags, uint64_t *given_back)
{
	struct supervisor *supervisor = context;
	int err;

	if (mem_reserve(&supervisor->guarded, &supervisor->guarded_room,
		    sizeof(*supervisor->guarded), supervisor->n_guarded + 1))
		return -ENOMEM;
	err = guest_memory_guard(
		&supervisor->client->memory, vaddr, flags, is_alone(supervisor), given_back);
	if (!err)
		supervisor->guarded[supervisor->n_guarded++] =
			(struct guarded){.client = supervisor->client, .vaddr = vaddr};
	return err;
}

/* By a thread of its own, whichever can be had. False if none can; of the process that waits for an
 * answer of ours only the one that is borrowed: the others may be about to wait as well. */
static bool lift(struct supervisor *supervisor, struct client *client, struct range vaddr)
{
	struct borrow borrow = {.intake = &supervisor->intake, .tag = supervisor->tag};
	bool lent = client->loan != NULL;
	int err;

	if (!lent) {
		if (client == supervisor->client || !client->call_at ||
			borrow_any(&borrow, client->process, client->call_at))
			return false;
		client->loan = &borrow;
	}
	err = guard_lift(&client->memory.guard, vaddr);
	if (err)
		engine_fault(&supervisor->engine, NULL,
			"memory that was guarded could not be opened again: the VMM may not use it "
			"any more",
			err);
	if (!lent) {
		client->loan = NULL;
		borrow_end(&borrow);
	}
	return true;
}

static void drop_guarded(struct supervisor *supervisor, size_t index)
{
	supervisor->guarded[index] = supervisor->guarded[--supervisor->n_guarded];
}

/* Whose guard at @vaddr it is: that of the process that asks, if it has one. */
static size_t find_guarded(const struct supervisor *supervisor, struct range vaddr)
{
	size_t found = supervisor->n_guarded;

	for (size_t i = 0; i < supervisor->n_guarded; i++) {
		const struct guarded *guarded = &supervisor->guarded[i];

		if (guarded->due || guarded->vaddr.first != vaddr.first ||
			guarded->vaddr.last != vaddr.last)
			continue;
		if (found == supervisor->n_guarded || guarded->client == supervisor->client)
			found = i;
	}
	return found;
}

static void unguard_memory(void *context, struct range vaddr)
{
	struct supervisor *supervisor = context;
	size_t i = find_guarded(supervisor, vaddr);
	struct client *client;

	if (i == supervisor->n_guarded)
		return;
	client = supervisor->guarded[i].client;
	/* A forked child's own copy of it. */
	if (supervisor->client && supervisor->client != client)
		lift(supervisor, supervisor->client, vaddr);
	if (lift(supervisor, client, vaddr))
		drop_guarded(supervisor, i);
	else
		supervisor->guarded[i].due = true;
}

static void lift_due(struct supervisor *supervisor)
{
	for (size_t i = supervisor->n_guarded; i > 0; i--) {
		struct guarded *guarded = &supervisor->guarded[i - 1];

		if (guarded->due && lift(supervisor, guarded->client, guarded->vaddr))
			drop_guarded(supervisor, i - 1);
	}
}

void drop_dead_mappings(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->n_held; i++) {
		struct held *held = supervisor->held[i];

		if (container_has_splits(&held->container) && !held_is_set(held))
			engine_iommu_set(&supervisor->engine, &held->container, 0);
	}
	lift_due(supervisor);
}

void sweep(struct supervisor *supervisor)
{
	supervisor->client = NULL;
	drop_dead_mappings(supervisor);
	held_drop_unused(supervisor);
}

static void survey(void *context, struct range vaddr, struct range iova, uint32_t flags, int err,
	struct circumstances *facts)
{
	struct supervisor *supervisor = context;
	struct survey at = {.memory = &supervisor->client->memory,
		.opened = &supervisor->opened,
		.kernel = &supervisor->host.policy};
	char thread[32];

	if (supervisor->surveys >= MOST_SURVEYS)
		return;
	supervisor->surveys++;
	snprintf(thread, sizeof(thread), "/proc/%d",
		supervisor->borrow ? supervisor->borrow->tid : supervisor->client->process);
	at.thread = thread;
	survey_failure(&at, vaddr, iova, flags, err, facts);
}

struct memory_ops memory_of_client(struct supervisor *supervisor)
{
	return (struct memory_ops){.classify = classify,
		.guard = guard_memory,
		.unguard = unguard_memory,
		.context = supervisor,
		.survey = survey};
}
