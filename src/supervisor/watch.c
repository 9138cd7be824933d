/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says that the supervisor has died, which it cannot do itself. */
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOGETHER_MS = 100 };

static const char lost[] =
	"the supervisor was killed: from now on the VMM's VFIO mappings and KVM memory changes "
	"fail "
	"(ENOSYS), and a mapping that it was splitting has ended the VMM; start the VMM anew";

static void tell(const struct settings *settings, bool stderr_left, pid_t vmm)
{
	struct outlet people = outlet_borrow(STDERR_FILENO);
	struct journal journal = {.lock = LOCK_INITIALIZER, .pid = vmm};

	journal.people = stderr_left ? outlet_closed() : people;
	settings_open_log(settings, &journal.log, &journal.people);
	journal_event(
		&journal, &(struct event){.kind = EVENT_FAULT, .what = lost, .result = -ENOSYS});
}

static bool leave_stderr(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	return null >= 0 && dup2(null, STDERR_FILENO) >= 0;
}

/* The supervisor lives as long as the VMM, or as what the VMM became in the background. */
int watch(const struct settings *settings, const struct vmm_process *vmm, pid_t supervisor)
{
	struct pollfd polled[] = {
		{.fd = (int)syscall(SYS_pidfd_open, supervisor, 0), .events = POLLIN},
		{.fd = vmm->pidfd, .events = POLLIN}};
	bool stderr_left = false;
	int status;

	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "iovashim-watch");
	while (!(polled[0].revents & POLLIN)) {
		polled[0].revents = polled[1].revents = 0;
		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			break;
		if (polled[1].revents & POLLIN) {
			/* It may be the supervisor's death that killed it. */
			poll(polled, 1, TOGETHER_MS);
			if (!(polled[0].revents & POLLIN))
				stderr_left = leave_stderr();
			polled[1].fd = -1;
		}
	}
	if (waitpid(supervisor, &status, 0) == supervisor && status)
		tell(settings, stderr_left, vmm->pid);
	return 0;
}
