/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The preload wakes up at the first VFIO container it sees. */
#include "shim_start.h"
#include "mem.h"
#include "ready.h"
#include "vmm_image.h"
#include "shim_fd.h"
#include "shim_memory.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_OWN_FAILURE = 125 };

struct shim shim = {
	.lock = LOCK_INITIALIZER,
	.engine.lock = LOCK_INITIALIZER,
	.containers.lock = LOCK_INITIALIZER,
	.memory.guard = {.space = &address_space_self, .lock = LOCK_INITIALIZER},
	.memory.memslots.lock = LOCK_INITIALIZER,
	.memory.vmm = shim.vmm,
	.opened.lock = LOCK_INITIALIZER,
};

static struct lock *const locks[] = {
	&shim.lock,
	&shim.containers.lock,
	&shim.memory.guard.lock,
	&shim.engine.lock,
	&shim.memory.memslots.lock,
	&shim.opened.lock,
	&shim.journal.lock,
};
enum { LOCKS = sizeof(locks) / sizeof(locks[0]) };

static struct lock_hold fork_holds[LOCKS];
static char command_line[16384]; /* journal.host.args points into it */

/* So that a child of a multi-threaded VMM finds every lock free and all state whole. */
static void before_fork(void)
{
	for (size_t i = 0; i < LOCKS; i++)
		lock_take(locks[i], &fork_holds[i]);
}

static void share(void *context, int fd, struct container *container)
{
	(void)context;
	(void)fd;
	container->inherited = true;
}

static void after_fork_in_parent(void)
{
	shim_each_container(share, NULL);
	for (size_t i = LOCKS; i > 0; i--)
		lock_drop(locks[i - 1], &fork_holds[i - 1]);
}

/* The threads whose requests were under way do not exist here. */
static void forget_claims(void *context, int fd, struct container *container)
{
	(void)context;
	(void)fd;
	container->claims = NULL;
	container->inherited = true;
}

static void after_fork_in_child(void)
{
	shim.journal.pid = getpid();
	shim_each_container(forget_claims, NULL);
	for (size_t i = 0; i < LOCKS; i++)
		lock_reset(locks[i]);
	lock_holds = 0;
	sigprocmask(SIG_SETMASK, &fork_holds[0].mask, NULL);
}

/* VMMs overwrite their environment to show a title. */
static const char *own_copy(const char *value)
{
	size_t bytes = value ? strlen(value) + 1 : 0;
	char *copy = value ? mem_alloc(bytes) : NULL;

	return copy ? memcpy(copy, value, bytes) : NULL;
}

bool shim_load(shim_ioctl *next, char **environment)
{
	shim.settings = settings_read(environment);
	if (shim.settings.disabled)
		return false;
	ready_report(shim.settings.ready);
	shim.settings.ready = NULL;
	shim.next = next;
	shim.settings.conf = own_copy(shim.settings.conf);
	shim.settings.log = own_copy(shim.settings.log);
	shim.settings.mode = own_copy(shim.settings.mode);
	shim.settings.guard = own_copy(shim.settings.guard);
	shim.people = outlet_borrow(STDERR_FILENO);
	return true;
}

static void describe_self(void)
{
	struct describe_host *host = &shim.journal.host;
	ssize_t n = readlink("/proc/self/exe", shim.vmm, sizeof(shim.vmm) - 1);

	shim.vmm[n > 0 ? n : 0] = 0;
	host->vmm = n > 0 ? shim.vmm : program_invocation_name;
	host->kernel = shim.host.release;
	host->vendor = shim.host.vendor;
	host->mode = settings_mode_word(&shim.engine.policy);
	host->guard = shim.engine.policy.guard;
}

/* What advice can be given in. Others than QEMU do not tell their version. */
static void describe_arguments(void)
{
	struct describe_host *host = &shim.journal.host;

	vmm_args_read(&host->args, command_line,
		vmm_command_line("/proc/self", command_line, sizeof(command_line)));
	if (strstr(host->vmm, "qemu-"))
		host->version = vmm_own_version();
}

static int start(void)
{
	struct policy_error error;
	int err;

	host_kernel_read(&shim.host);
	err = settings_load_policy(&shim.settings, &shim.engine.policy, &shim.host.policy,
		&shim.journal.host.policy, &error);
	if (err) {
		journal_fatal(&shim.people, error.text);
		if (!shim.guest_ran)
			_exit(EXIT_OWN_FAILURE);
		return -EINVAL;
	}
	describe_self();
	describe_arguments();
	shim.journal.people = shim.settings.quiet ? outlet_closed() : shim.people;
	shim.journal.told = told_read(shim.settings.told);
	settings_open_log(&shim.settings, &shim.journal.log, &shim.people);
	journal_start(&shim.journal, getpid());
	shim.engine.kernel = (struct kernel_ops){.ioctl = shim.next};
	shim.engine.memory = shim_memory_ops();
	shim.engine.audience =
		(struct audience_ops){.event = journal_event, .context = &shim.journal};
	shim.engine.page = (uint64_t)sysconf(_SC_PAGESIZE);
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
	shim.started = true;
	return 0;
}

int shim_start_once(void)
{
	struct lock_hold hold;
	int err = 0;

	lock_take(&shim.lock, &hold);
	if (!shim.started)
		err = start();
	lock_drop(&shim.lock, &hold);
	return err;
}

bool shim_sandboxed(void)
{
	if (!shim.sandboxed && host_sandboxed())
		shim.sandboxed = true;
	return shim.sandboxed;
}

void shim_unload(void)
{
	if (shim.started)
		journal_end(&shim.journal);
}
