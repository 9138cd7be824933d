/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What no seccomp supervisor goes below: a filter of one comparison, and somebody who does nothing,
 * or who has the same call made twice. */
#include "least.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/kcmp.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* Linux 6.6: whoever is woken by an answer runs at once on the same CPU. */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS	   SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

/* The sixth argument of calls that are not to be notified. */
enum { TAG = 0x10ad10ad, SYSCALL_BYTES = 2 };

static void must(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	_exit(2);
}

static void go_on(int listener, const struct seccomp_notif *notification)
{
	struct seccomp_notif_resp answer = {
		.id = notification->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

static void next_stop(pid_t tid)
{
	int status;

	must(waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status), "a stop");
}

/* The call that it waited in, once more, in and out. */
static void make_call(pid_t tid, struct user_regs_struct regs, uint64_t number)
{
	regs.rip -= SYSCALL_BYTES;
	regs.rax = number;
	regs.orig_rax = (uint64_t)-1;
	regs.r9 = TAG;
	must(!ptrace(PTRACE_SETREGS, tid, 0, &regs), "PTRACE_SETREGS");
	for (int stop = 0; stop < 2; stop++) {
		must(!ptrace(PTRACE_SYSCALL, tid, 0, 0), "PTRACE_SYSCALL");
		next_stop(tid);
	}
	must(!ptrace(PTRACE_GETREGS, tid, 0, &regs) && regs.rax == (uint64_t)-ENOTTY, "the call");
}

static void make_twice(int listener, const struct seccomp_notif *notification)
{
	struct seccomp_notif_resp answer = {.id = notification->id, .error = -EBUSY};
	pid_t tid = (pid_t)notification->pid;
	struct user_regs_struct regs;

	must(!ptrace(PTRACE_SEIZE, tid, 0, (uintptr_t)PTRACE_O_TRACESYSGOOD), "PTRACE_SEIZE");
	must(!ptrace(PTRACE_INTERRUPT, tid, 0, 0), "PTRACE_INTERRUPT");
	must(!ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer), "the answer");
	next_stop(tid);
	must(!ptrace(PTRACE_GETREGS, tid, 0, &regs), "PTRACE_GETREGS");
	for (int call = 0; call < 2; call++)
		make_call(tid, regs, (uint64_t)notification->data.nr);
	regs.rax = (uint64_t)-ENOTTY;
	regs.orig_rax = (uint64_t)-1;
	must(!ptrace(PTRACE_SETREGS, tid, 0, &regs), "PTRACE_SETREGS");
	must(!ptrace(PTRACE_DETACH, tid, 0, 0), "PTRACE_DETACH");
}

/* Whether it is to be made twice: without these two looks nobody can know. */
static bool is_large(const struct seccomp_notif *notification, int stand_in)
{
	struct vfio_iommu_type1_dma_map map = {0};
	struct iovec here = {&map, sizeof(map)}, there = here;
	int fd = (int)notification->data.args[0];

	if (syscall(SYS_kcmp, getpid(), notification->pid, KCMP_FILE, stand_in, fd) < 0)
		return false;
	memcpy(&there.iov_base, &notification->data.args[2], sizeof(there.iov_base));
	return process_vm_readv((pid_t)notification->pid, &here, 1, &there, 1, 0) > 0 &&
	       map.size > 4096;
}

static _Noreturn void least_supervisor(int listener, bool lends)
{
	int stand_in = lends ? open("/dev/fuse", O_RDWR | O_CLOEXEC) : -1;
	struct seccomp_notif notification;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	for (;;) {
		memset(&notification, 0, sizeof(notification));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification))
			_exit(0);
		if (lends && is_large(&notification, stand_in))
			make_twice(listener, &notification);
		else
			go_on(listener, &notification);
	}
}

int under_least(char **command, bool lends)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VFIO_IOMMU_MAP_DMA, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TAG, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
	int listener;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		&program);
	if (listener >= 0 && !fork())
		least_supervisor(listener, lends);
	close(listener);
	execvp(command[0], command);
	perror(command[0]);
	return 127;
}
