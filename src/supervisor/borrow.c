/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread of the VMM, borrowed by ptrace for as long as it takes. */
#include "borrow.h"
#include "remote.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "registers and the length of a system call are known for x86-64 alone"
#endif

/* glibc's <sys/ptrace.h> and <linux/ptrace.h> exclude each other. */
#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

enum { RED_ZONE = 128, SYSCALL_BYTES = 2 };

/* The kernel's own, never seen outside of ptrace (include/linux/errno.h). */
enum { RESTART_FIRST = 512, RESTART_LAST = 516 };

/* So often the thread, which is on our CPU, is let run before it is slept for: most stops come at
 * once, and a sleep that a signal ends takes longer than what is waited for. */
enum { YIELDS = 2 };

/* The next stop of the one thread that is traced; its wait status, or -ESRCH. Waiting for any
 * child, since a thread that another one's exec() replaces is never heard of again. */
static int wait_stop(struct borrow *borrow)
{
	int status;

	for (int turn = 0;; turn++) {
		pid_t pid = waitpid(-1, &status, __WALL | __WNOTHREAD | WNOHANG);

		if (!pid && turn < YIELDS)
			sched_yield();
		else if (!pid)
			intake_wait(borrow->intake);
		else if (pid == borrow->tid && WIFSTOPPED(status))
			return status;
		else if (pid < 0 || pid == borrow->tid)
			break;
	}
	borrow->gone = true;
	return -ESRCH;
}

static int trace(
	struct borrow *borrow, enum __ptrace_request request, uintptr_t address, const void *data)
{
	if (!ptrace(request, borrow->tid, address, data))
		return 0;
	if (errno != ESRCH)
		return -errno;
	/* Killed: until its end is taken note of here, its parent does not see it. */
	while (!borrow->gone)
		wait_stop(borrow);
	return -ESRCH;
}

static int resume(struct borrow *borrow, enum __ptrace_request request, int signal)
{
	return trace(borrow, request, 0, (void *)(uintptr_t)signal);
}

static bool in_the_call(const struct borrow *borrow, const struct seccomp_data *call)
{
	const struct user_regs_struct *regs = &borrow->regs;

	return regs->orig_rax == (unsigned int)call->nr && regs->rip == call->instruction_pointer &&
	       regs->rdi == call->args[0] && regs->rsi == call->args[1] &&
	       regs->rdx == call->args[2] && regs->rax == (uint64_t)-EBUSY;
}

/* Waits for its stop, remembers how it is, and keeps signals back while it works for us: all but
 * SIGSYS, which a filter of the VMM's own may raise, and which is fatal where it is blocked.
 * @call: what it must be found in, or NULL. */
static int begin(struct borrow *borrow, const struct seccomp_data *call)
{
	uint64_t all = ~(1ULL << (SIGSYS - 1));
	int err = wait_stop(borrow);

	if (err >= 0)
		err = trace(borrow, PTRACE_GETREGS, 0, &borrow->regs);
	if (!err && call && !in_the_call(borrow, call))
		err = -EIO;
	if (!err && call)
		borrow->call_at = borrow->regs.rip - SYSCALL_BYTES;
	if (!err)
		err = trace(borrow, PTRACE_GETSIGMASK, sizeof(borrow->mask), &borrow->mask);
	if (!err)
		err = trace(borrow, PTRACE_SETSIGMASK, sizeof(all), &all);
	if (err && !borrow->gone)
		resume(borrow, PTRACE_DETACH, 0);
	return err == -ESRCH ? -ENOENT : err;
}

/* Only the answer lets the thread out of its killable wait and come to the stop that it was asked
 * for before. EXITKILL: if we die with it half done, it must not go on. */
int borrow_take(struct borrow *borrow, int listener, const struct seccomp_notif *notification,
	bool *answered)
{
	struct seccomp_notif_resp answer = {.id = notification->id, .error = -EBUSY};
	uintptr_t options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;

	*answered = false;
	*borrow = (struct borrow){
		.tid = (pid_t)notification->pid, .intake = borrow->intake, .tag = borrow->tag};
	if (ptrace(PTRACE_SEIZE, borrow->tid, 0, (void *)options))
		return errno == ESRCH ? -ENOENT : -errno;
	if (resume(borrow, PTRACE_INTERRUPT, 0))
		return -ENOENT;
	/* Which fails if it is no longer that call that the thread waits in. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer)) {
		*answered = true;
		if (wait_stop(borrow) >= 0)
			resume(borrow, PTRACE_DETACH, 0);
		return -ENOENT;
	}
	*answered = true;
	return begin(borrow, &notification->data);
}

/* A SIGSYS raised for our call, or sent by somebody, is not delivered now. */
static void note_sigsys(struct borrow *borrow)
{
	siginfo_t info = {0};

	if (trace(borrow, PTRACE_GETSIGINFO, 0, &info) || info.si_code <= 0)
		borrow->sigsys = true;
}

/* Runs the thread over one system call instruction, in and out. Signals are blocked: what stops
 * it in between is SIGSTOP, which is let through, and the group's stop, which has to wait. */
static int cross(struct borrow *borrow)
{
	bool entered = false;
	int signal = 0;

	for (;;) {
		int status, err = resume(borrow, PTRACE_SYSCALL, signal);

		status = err ? err : wait_stop(borrow);
		if (status < 0)
			return status;
		signal = 0;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (entered)
				return 0;
			entered = true;
		} else if (status >> 16 != PTRACE_EVENT_STOP) {
			if (WSTOPSIG(status) == SIGSYS)
				note_sigsys(borrow);
			else
				signal = WSTOPSIG(status);
		}
	}
}

/* To a stop outside of any system call, with the signals taken that are due there. */
static int settle(struct borrow *borrow)
{
	int status = trace(borrow, PTRACE_INTERRUPT, 0, NULL), signal = 0;

	while (status >= 0) {
		status = resume(borrow, PTRACE_CONT, signal);
		if (!status)
			status = wait_stop(borrow);
		if (status < 0 || status >> 16 == PTRACE_EVENT_STOP)
			break;
		signal = WSTOPSIG(status);
		if (signal == SIGSYS) {
			note_sigsys(borrow);
			signal = 0;
		}
	}
	return status < 0 ? status : 0;
}

static bool to_restart(uint64_t result)
{
	return result >= (uint64_t)-RESTART_LAST && result <= (uint64_t)-RESTART_FIRST;
}

int64_t borrow_call(struct borrow *borrow, long number, const uint64_t arguments[5])
{
	struct user_regs_struct regs;
	int err;

	if (borrow->gone)
		return -ESRCH;
	do {
		regs = borrow->regs;
		regs.rip = borrow->call_at;
		regs.rax = (uint64_t)number;
		regs.orig_rax = (uint64_t)-1;
		regs.rdi = arguments[0];
		regs.rsi = arguments[1];
		regs.rdx = arguments[2];
		regs.r10 = arguments[3];
		regs.r8 = arguments[4];
		regs.r9 = borrow->tag;
		err = trace(borrow, PTRACE_SETREGS, 0, &regs);
		if (!err)
			err = cross(borrow);
		if (!err)
			err = trace(borrow, PTRACE_GETREGS, 0, &regs);
	} while (!err && to_restart(regs.rax));
	/* A call that a filter traps comes back as it was: with its number. None that we make
	 * returns such a number by itself. */
	if (!err && regs.rax == (uint64_t)number) {
		err = settle(borrow);
		regs.rax = (uint64_t)-EPERM;
	}
	return err ? err : (int64_t)regs.rax;
}

/* The first that goes there; what was there is saved. */
static bool take_scratch(struct borrow *borrow, uint64_t place, const void *bytes, size_t n)
{
	if (!remote_read(borrow->tid, place, borrow->saved, BORROW_SCRATCH))
		return false;
	if (remote_write(borrow->tid, place, bytes, n)) {
		borrow->scratch = place;
		return true;
	}
	/* it can end in a page that may not be written to, and begin in one that may */
	remote_write(borrow->tid, place, borrow->saved, n);
	return false;
}

/* Below the stack's red zone; or, where there is no room, over the struct that the ioctl was called
 * with. What was there comes back. */
static bool put_in_scratch(struct borrow *borrow, const void *bytes, size_t n)
{
	uint64_t below = (borrow->regs.rsp - RED_ZONE - BORROW_SCRATCH) & ~(uint64_t)63;

	if (borrow->scratch)
		return remote_write(borrow->tid, borrow->scratch, bytes, n);
	return take_scratch(borrow, below, bytes, n) ||
	       take_scratch(borrow, borrow->regs.rdx, bytes, n);
}

int borrow_ioctl(struct borrow *borrow, int fd, unsigned long request, void *argument, size_t bytes,
	bool comes_back)
{
	int64_t result;

	if (!put_in_scratch(borrow, argument, bytes))
		return -EFAULT;
	result = borrow_call(borrow, SYS_ioctl,
		(const uint64_t[5]){(uint64_t)fd, request, borrow->scratch, 0, 0});
	if (comes_back && !borrow->gone)
		remote_read(borrow->tid, borrow->scratch, argument, bytes);
	return (int)result;
}

/* With its registers as they are to be. */
static void let_go(struct borrow *borrow)
{
	int err = borrow->gone ? -ESRCH : trace(borrow, PTRACE_SETREGS, 0, &borrow->regs);

	if (!err)
		err = trace(borrow, PTRACE_SETSIGMASK, sizeof(borrow->mask), &borrow->mask);
	if (!err)
		err = resume(borrow, PTRACE_DETACH, 0);
	if (!err && borrow->sigsys)
		syscall(SYS_tkill, borrow->tid, SIGSYS);
}

void borrow_return(struct borrow *borrow, int64_t result)
{
	if (!borrow->gone && borrow->scratch)
		remote_write(borrow->tid, borrow->scratch, borrow->saved, BORROW_SCRATCH);
	borrow->regs.rax = (uint64_t)result;
	borrow->regs.orig_rax = (uint64_t)-1; /* not a call to be restarted */
	let_go(borrow);
}

/* One that runs or sleeps so that a signal would wake it: others do not stop before what they wait
 * for has come, which may be an answer of ours. */
static pid_t find_stoppable(pid_t process)
{
	struct dirent *entry;
	pid_t found = 0;
	char path[48];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", process);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)) != NULL) {
		pid_t tid = atoi(entry->d_name);
		char state = tid ? remote_state(tid) : 0;

		if (state == 'S' || state == 'R')
			found = tid;
	}
	if (dir)
		closedir(dir);
	return found;
}

int borrow_any(struct borrow *borrow, pid_t process, uint64_t call_at)
{
	const uintptr_t options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;

	*borrow = (struct borrow){.tid = find_stoppable(process),
		.intake = borrow->intake,
		.tag = borrow->tag,
		.call_at = call_at};
	if (!borrow->tid)
		return -EAGAIN;
	if (ptrace(PTRACE_SEIZE, borrow->tid, 0, (void *)options))
		return -errno;
	if (resume(borrow, PTRACE_INTERRUPT, 0))
		return -ENOENT;
	return begin(borrow, NULL);
}

/* From a stop where the kernel looks whether a system call was interrupted and is to go on. */
void borrow_end(struct borrow *borrow)
{
	if (!borrow->gone)
		settle(borrow);
	let_go(borrow);
}
