/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts the supervisor beside the process that is to become the VMM: neither its child nor in its
 * session, with nothing of it open but stderr. */
#include "filter.h"
#include "remote.h"
#include "supervise.h"
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_OWN_FAILURE = 125 };

/* The one descriptor that the supervisor starts with, besides stderr. */
enum { CHANNEL = 3 };

static int say(const char *what, int err)
{
	char bytes[512];
	struct text text = text_start(bytes, sizeof(bytes));
	struct outlet people = outlet_borrow(STDERR_FILENO);

	text_add(&text, "%s", what);
	if (err) {
		text_add(&text, " (");
		text_add_errno(&text, -err);
		text_add(&text, ")");
	}
	journal_fatal(&people, bytes);
	return EXIT_OWN_FAILURE;
}

static bool send_int(int channel, int value)
{
	return send(channel, &value, sizeof(value), MSG_NOSIGNAL) == (ssize_t)sizeof(value);
}

static bool receive_int(int channel, int *value)
{
	return recv(channel, value, sizeof(*value), MSG_WAITALL) == (ssize_t)sizeof(*value);
}

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static bool send_descriptor(int channel, int fd)
{
	union control control = {.header = {.cmsg_level = SOL_SOCKET,
					 .cmsg_type = SCM_RIGHTS,
					 .cmsg_len = CMSG_LEN(sizeof(int))}};
	char byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(channel, &message, MSG_NOSIGNAL) == 1;
}

static int receive_descriptor(int channel)
{
	union control control;
	char byte;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	int fd = -1;

	if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* Nothing of the VMM's stays open here: a pipe's reader would wait for its end in vain. */
static void leave_the_vmm(int channel)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	dup2(channel, CHANNEL);
	fcntl(CHANNEL, F_SETFD, FD_CLOEXEC);
	syscall(SYS_close_range, CHANNEL + 1, ~0u, 0);
	if (chdir("/")) {
	}
}

/* The supervisor's side of the talk with launch(). */
static int take_over(pid_t vmm)
{
	int listener;

	if (!send_int(CHANNEL, getpid()))
		return -1;
	listener = receive_descriptor(CHANNEL);
	if (listener >= 0) {
		uint64_t word, address = remote_random_address(vmm);
		bool permitted = address && remote_read(vmm, address, &word, sizeof(word));

		if (!send_int(CHANNEL, permitted ? 0 : EPERM) || !permitted)
			return -1;
	}
	close(CHANNEL);
	return listener;
}

static _Noreturn void be_supervisor(
	const struct settings *settings, const struct vmm_process *vmm, uint64_t tag)
{
	int listener = take_over(vmm->pid);

	_exit(listener < 0 ? 0 : supervise(settings, listener, vmm, tag));
}

/* Two processes: one that supervises, and its parent, which says so if that dies. */
static _Noreturn void be_watcher(const struct settings *settings, pid_t pid, uint64_t tag)
{
	struct vmm_process vmm = {pid, (int)syscall(SYS_pidfd_open, pid, 0)};
	pid_t supervisor = vmm.pidfd < 0 ? -1 : fork();

	if (!supervisor)
		be_supervisor(settings, &vmm, tag);
	close(CHANNEL);
	_exit(supervisor < 0 ? 1 : watch(settings, &vmm, supervisor));
}

/* Forks twice, so that the VMM never sees a child that it has not made. */
static bool spawn(const struct settings *settings, int channel, uint64_t tag)
{
	pid_t vmm = getpid(), child = fork();
	int status;

	if (!child) {
		setsid();
		leave_the_vmm(channel);
		child = fork();
		if (child)
			_exit(child < 0);
		be_watcher(settings, vmm, tag);
	}
	return child > 0 && waitpid(child, &status, 0) == child && !status;
}

/* Only where it must be: it keeps set-user-ID helpers from working. */
static int install(const struct settings *settings, uint64_t tag)
{
	int listener = filter_install(tag);

	if (listener != -EACCES)
		return listener;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	if (!settings->quiet)
		say("not root, so no_new_privs is set: set-user-ID helpers such as "
		    "qemu-bridge-helper will not work under --via seccomp",
			0);
	return filter_install(tag);
}

static int hand_over(int channel, int listener)
{
	int supervisor, status;

	if (!receive_int(channel, &supervisor))
		return say("the supervisor did not start", 0);
	/* Where Yama lets only ancestors trace; it has no effect elsewhere. */
	prctl(PR_SET_PTRACER, (unsigned long)supervisor, 0, 0, 0);
	if (!send_descriptor(channel, listener) || !receive_int(channel, &status))
		return say("the supervisor did not start", 0);
	if (status)
		return say("the supervisor may not trace the VMM: kernel.yama.ptrace_scope or a "
			   "container's profile forbids it",
			-status);
	return 0;
}

static int launch(const struct settings *settings, int channel, uint64_t tag)
{
	int listener = install(settings, tag), status;

	if (listener == -EBUSY)
		return say("cannot listen: this process is under another seccomp listener already "
			   "(some container runtimes have one): take --via preload, or start it "
			   "outside of that",
			listener);
	if (listener == -EINVAL)
		return say("cannot listen: --via seccomp needs Linux 5.19 or newer", listener);
	if (listener < 0)
		return say("cannot install the seccomp filter", listener);
	status = hand_over(channel, listener);
	close(listener);
	return status;
}

int supervisor_start(void)
{
	struct settings settings = settings_read(environ);
	int channel[2], status;
	uint64_t tag;

	if (getrandom(&tag, sizeof(tag), 0) != (ssize_t)sizeof(tag) ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel))
		return say("cannot start the supervisor", -errno);
	if (spawn(&settings, channel[1], tag)) {
		close(channel[1]);
		status = launch(&settings, channel[0], tag);
	} else {
		close(channel[1]);
		status = say("cannot start the supervisor: no process could be made", 0);
	}
	close(channel[0]);
	return status;
}
