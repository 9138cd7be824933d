/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The supervisor's life: from notification to notification, to the end of the last process. */
#include "supervise.h"
#include "mem.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 6.6: whoever is woken by an answer runs at once on the same CPU. */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS	   SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

/* A service manager that stops the VMM's whole cgroup means the VMM: we end with it, not before. */
static void stay(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ, SIGUSR1,
		SIGUSR2, SIGTSTP, SIGTTOU};

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
}

/* A VMM that goes into the background has left its terminal, or the pipe that somebody reads. */
static void leave_stderr(struct journal *journal)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null >= 0)
		dup2(null, STDERR_FILENO);
	journal->people.fd = -1;
}

static void describe(struct supervisor *supervisor)
{
	struct describe_host *host = &supervisor->journal.host;

	host->vmm = supervisor->vmm;
	host->kernel = supervisor->host.release;
	host->vendor = supervisor->host.vendor;
	host->mode = settings_mode_word(&supervisor->engine.policy);
	host->guard = supervisor->engine.policy.guard;
}

static bool set_up(struct supervisor *supervisor, const struct settings *settings)
{
	struct outlet people = outlet_borrow(STDERR_FILENO);
	struct journal *journal = &supervisor->journal;
	struct engine *engine = &supervisor->engine;
	struct policy_error error;

	host_kernel_read(&supervisor->host);
	if (settings_load_policy(settings, &engine->policy, &supervisor->host.policy,
		    &journal->host.policy, &error)) {
		journal_fatal(&people, error.text);
		return false;
	}
	describe(supervisor);
	journal->people = settings->quiet ? outlet_closed() : people;
	journal->told = told_read(settings->told);
	settings_open_log(settings, &journal->log, &people);
	supervisor->opened.lock = (struct lock)LOCK_INITIALIZER;
	engine->lock = (struct lock)LOCK_INITIALIZER;
	engine->page = (uint64_t)sysconf(_SC_PAGESIZE);
	engine->kernel = kernel_by_thread(supervisor);
	engine->memory = memory_of_client(supervisor);
	engine->audience = (struct audience_ops){.event = journal_event, .context = journal};
	return true;
}

static bool serve_next(struct supervisor *supervisor, bool readable)
{
	struct seccomp_notif notification;
	bool found = intake_next(&supervisor->intake, readable, &notification);

	if (found)
		serve(supervisor, &notification);
	return found;
}

/* Says the sum of it all, once, when the process that it is of has ended. */
static void end_journal(struct supervisor *supervisor)
{
	if (!supervisor->started)
		return;
	supervisor->journal.pid = supervisor->journal.owner;
	journal_end(&supervisor->journal);
	supervisor->started = false;
}

/* How long to sleep, in ms: of a container that goes nobody tells us. */
static int patience(const struct supervisor *supervisor)
{
	if (supervisor->intake.n)
		return 0;
	return supervisor->n_held ? 1000 : -1;
}

static void loop(struct supervisor *supervisor, const struct vmm_process *vmm)
{
	struct pollfd polled[] = {{.fd = supervisor->listener, .events = POLLIN},
		{.fd = vmm->pidfd, .events = POLLIN}};

	while (!(polled[0].revents & (POLLHUP | POLLNVAL))) {
		polled[0].revents = polled[1].revents = 0;
		if (poll(polled, 2, patience(supervisor)) < 0 && errno != EINTR)
			break;
		if (!serve_next(supervisor, polled[0].revents & POLLIN))
			sweep(supervisor);
		if (!(polled[1].revents & POLLIN))
			continue;
		if (supervisor->journal.owner == vmm->pid)
			end_journal(supervisor);
		leave_stderr(&supervisor->journal);
		polled[1].fd = -1;
	}
	end_journal(supervisor);
}

int supervise(
	const struct settings *settings, int listener, const struct vmm_process *vmm, uint64_t tag)
{
	struct supervisor *supervisor = mem_alloc(sizeof(*supervisor));

	stay();
	prctl(PR_SET_NAME, "iovashim-super");
	if (!supervisor)
		return 1;
	supervisor->listener = listener;
	supervisor->tag = tag;
	intake_start(&supervisor->intake, listener);
	if (!set_up(supervisor, settings))
		return 1;
	supervisor->cpu.woken_beside =
		!ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	sched_getaffinity(0, sizeof(supervisor->cpu.all), &supervisor->cpu.all);
	loop(supervisor, vmm);
	return 0;
}
