/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The preload wakes up at the first VFIO container it sees. */
#include "shim_start.h"
#include "mem.h"
#include "policy_load.h"
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
};

static struct lock *const locks[] = {
	&shim.lock,
	&shim.containers.lock,
	&shim.memory.guard.lock,
	&shim.engine.lock,
	&shim.memory.memslots.lock,
	&shim.journal.lock,
};
enum { LOCKS = sizeof(locks) / sizeof(locks[0]) };

static struct lock_hold fork_holds[LOCKS];

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
	sigprocmask(SIG_SETMASK, &fork_holds[0].mask, NULL);
}

static const char *find(char **environment, const char *name)
{
	size_t n = strlen(name);

	for (; environment && *environment; environment++)
		if (!strncmp(*environment, name, n) && (*environment)[n] == '=')
			return *environment + n + 1;
	return "";
}

/* VMMs overwrite their environment to show a title; NULL if it is not set, or empty. */
static char *own_copy(const char *value)
{
	size_t bytes = strlen(value) + 1;
	char *copy = value[0] ? mem_alloc(bytes) : NULL;

	return copy ? memcpy(copy, value, bytes) : NULL;
}

static bool is_set(char **environment, const char *name)
{
	const char *value = find(environment, name);

	return value[0] && strcmp(value, "0") != 0;
}

bool shim_load(shim_ioctl *next, char **environment)
{
	if (is_set(environment, "IOVASHIM_DISABLE"))
		return false;
	shim.next = next;
	shim.conf = own_copy(find(environment, "IOVASHIM_CONF"));
	shim.log = own_copy(find(environment, "IOVASHIM_LOG"));
	shim.mode = own_copy(find(environment, "IOVASHIM_MODE"));
	shim.guard_setting = own_copy(find(environment, "IOVASHIM_GUARD"));
	shim.quiet = is_set(environment, "IOVASHIM_QUIET");
	shim.people = outlet_borrow(STDERR_FILENO);
	return true;
}

static int load_policy(struct policy_error *error)
{
	struct policy *policy = &shim.engine.policy;
	int err =
		policy_load(policy, shim.conf, &shim.host.policy, &shim.journal.host.policy, error);

	if (err)
		return err;
	if (shim.mode)
		err = policy_set_mode(policy, shim.mode, error);
	if (!err && shim.guard_setting)
		err = policy_set_guard(policy, shim.guard_setting, error);
	if (err)
		policy_free(policy);
	return err;
}

static void open_log(void)
{
	char message[512];
	struct text text = text_start(message, sizeof(message));
	int err;

	shim.journal.log = (struct outlet){.fd = -1};
	if (!shim.log)
		return;
	err = outlet_open(&shim.journal.log, shim.log);
	if (!err)
		return;
	text_add(&text, "IOVASHIM_LOG: cannot open %s (", shim.log);
	text_add_errno(&text, -err);
	text_add(&text, "): going on without a log");
	journal_fatal(&shim.people, message);
}

static void describe_self(void)
{
	static const char *const words[] = {[CROSSING_SPLIT] = "split",
		[CROSSING_OBSERVE] = "observe",
		[CROSSING_REFUSE] = "refuse"};
	struct describe_host *host = &shim.journal.host;
	ssize_t n = readlink("/proc/self/exe", shim.vmm, sizeof(shim.vmm) - 1);

	shim.vmm[n > 0 ? n : 0] = 0;
	host->vmm = n > 0 ? shim.vmm : program_invocation_name;
	host->kernel = shim.host.release;
	host->vendor = shim.host.vendor;
	host->mode = words[shim.engine.policy.crossing];
	host->guard = shim.engine.policy.guard;
}

static int start(void)
{
	struct policy_error error;
	int err;

	host_kernel_read(&shim.host);
	err = load_policy(&error);
	if (err) {
		journal_fatal(
			&shim.people, err == -ENOMEM ? "no memory for the policy" : error.text);
		if (!shim.guest_ran)
			_exit(EXIT_OWN_FAILURE);
		return -EINVAL;
	}
	describe_self();
	shim.journal.people = shim.quiet ? (struct outlet){.fd = -1} : shim.people;
	open_log();
	journal_start(&shim.journal);
	shim.engine.kernel = (struct kernel_ops){.ioctl = shim.next};
	shim.engine.memory = shim_memory_ops();
	shim.engine.audience =
		(struct audience_ops){.event = journal_event, .context = &shim.journal};
	shim.engine.page = (uint64_t)sysconf(_SC_PAGESIZE);
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
	shim.started = true;
	return 0;
}

int shim_start(void)
{
	struct lock_hold hold;
	int err = 0;

	if (shim.started)
		return 0;
	lock_take(&shim.lock, &hold);
	if (!shim.started)
		err = start();
	lock_drop(&shim.lock, &hold);
	return err;
}

void shim_unload(void)
{
	if (shim.started)
		journal_end(&shim.journal);
}
