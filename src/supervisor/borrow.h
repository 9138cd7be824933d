/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread of the VMM, borrowed: seized while its ioctl waits for an answer, made to issue other
 * calls from where it stands, and let go with the result. Between loans nothing is traced.
 *
 * Linux binds a VFIO mapping to the memory of whoever makes the call, so that nobody else can. */
#ifndef IOVASHIM_SUPERVISOR_BORROW_H
#define IOVASHIM_SUPERVISOR_BORROW_H

#include "intake.h"

#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

enum { BORROW_SCRATCH = 40 }; /* struct vfio_iommu_type1_dma_map, the largest */

struct borrow {
	pid_t tid;
	struct intake *intake;	      /* goes on receiving while we wait */
	uint64_t tag;		      /* of the filter: such calls are not notified again */
	struct user_regs_struct regs; /* what the thread goes on with */
	uint64_t call_at;	      /* address of a syscall instruction */
	uint64_t mask;		      /* its blocked signals */
	uint64_t scratch;	      /* where structs go, 0 before the first; its bytes in saved */
	unsigned char saved[BORROW_SCRATCH];
	bool gone;   /* killed meanwhile */
	bool sigsys; /* somebody sent it a SIGSYS meanwhile, which is owed to it */
};

/* Seizes the thread that waits in @notification, which is answered by that: if the loan ends badly
 * the caller sees EBUSY. Returns 0; -ENOENT: the thread is no longer in that call; -EPERM: another
 * tracer has it, or we may not; another -errno. On errors but -ENOENT the notification still wants
 * an answer if *answered is false. */
int borrow_take(struct borrow *borrow, int listener, const struct seccomp_notif *notification,
	bool *answered);

/* Seizes a thread of @process that runs or sleeps, wherever it is; what it sleeps in is taken up
 * again as after a SIGSTOP. @call_at: the address of a syscall instruction in its memory. Returns 0
 * or -errno; -EAGAIN: none of its threads can be stopped now. */
int borrow_any(struct borrow *borrow, pid_t process, uint64_t call_at);

/* Makes the thread issue a system call. Returns what it returns (-errno on failure), or -ESRCH with
 * borrow->gone. */
int64_t borrow_call(struct borrow *borrow, long number, const uint64_t arguments[5]);

/* The same for an ioctl with a struct of at most BORROW_SCRATCH bytes, which goes to the thread's
 * memory and, if the kernel writes to it, @comes_back. */
int borrow_ioctl(struct borrow *borrow, int fd, unsigned long request, void *argument, size_t bytes,
	bool comes_back);

/* Lets the thread go on behind its ioctl, which returns @result (-errno on failure); or, after
 * borrow_any(), from where it was. */
void borrow_return(struct borrow *borrow, int64_t result);
void borrow_end(struct borrow *borrow);

#endif
