/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VMM's memory as the preload sees it: what it is, and the guard. */
#include "shim_memory.h"
#include "shim_fd.h"
#include "shim_start.h"
#include "survey.h"

#include <signal.h>

static int classify(void *context, struct range vaddr, struct range iova, enum memory_kind *kind)
{
	(void)context;
	return guest_memory_classify(&shim.memory, vaddr, iova, kind);
}

/* Says whose doing it is, then lets the VMM die as it would have. */
static void on_segv(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	if (guard_covers(&shim.memory.guard, (uint64_t)(uintptr_t)info->si_addr))
		journal_vmm_stopped(&shim.journal, (uint64_t)(uintptr_t)info->si_addr);
}

/* Only where the VMM leaves the signal alone. SA_RESETHAND: the access is made again on return,
 * with the default action. */
static void watch_segv(void)
{
	struct sigaction action = {
		.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
	struct sigaction old;

	if (sigaction(SIGSEGV, NULL, &old) || old.sa_flags & SA_SIGINFO ||
		old.sa_handler != SIG_DFL)
		return;
	sigaction(SIGSEGV, &action, NULL);
}

static void count_container(void *context, int fd, struct container *container)
{
	int *n = context;

	(void)fd;
	*n += container->type != 0;
}

static int guard_memory(void *context, struct range vaddr, uint32_t flags, uint64_t *given_back)
{
	int containers = 0, err;

	(void)context;
	shim_each_container(count_container, &containers);
	err = guest_memory_guard(&shim.memory, vaddr, flags, containers <= 1, given_back);
	if (!err)
		watch_segv();
	return err;
}

static void unguard_memory(void *context, struct range vaddr)
{
	int err = guard_lift(&shim.memory.guard, vaddr);

	(void)context;
	if (err)
		engine_fault(&shim.engine, NULL,
			"memory that was guarded could not be opened again: the VMM may not use it "
			"any more",
			err);
}

/* Under a seccomp filter nothing is looked at: not every thread of such a VMM may open files. */
static void survey(void *context, struct range vaddr, struct range iova, uint32_t flags, int err,
	struct circumstances *facts)
{
	const struct survey own = {
		"/proc/thread-self", &shim.memory, &shim.opened, &shim.host.policy};

	(void)context;
	facts->guest_ran = shim.guest_ran;
	if (!shim_sandboxed() && atomic_fetch_add(&shim.surveys, 1) < MOST_SURVEYS)
		survey_failure(&own, vaddr, iova, flags, err, facts);
}

struct memory_ops shim_memory_ops(void)
{
	return (struct memory_ops){.classify = classify,
		.guard = guard_memory,
		.unguard = unguard_memory,
		.survey = survey};
}
