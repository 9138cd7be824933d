/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the supervisor knows: containers, by their open files, and the processes that use them. One
 * thread handles one notification after the other, so that nothing here is locked. */
#ifndef IOVASHIM_SUPERVISOR_STATE_H
#define IOVASHIM_SUPERVISOR_STATE_H

#include "borrow.h"
#include "cpu.h"
#include "engine.h"
#include "guest_memory.h"
#include "intake.h"
#include "opened.h"
#include "settings.h"

/* A container and our own descriptor for it, by which it is known again under whatever number and
 * in whatever process. It does not keep mappings alive: those go with the last group. */
struct held {
	int fd;
	bool unasked; /* the kernel's ranges may have changed since it was asked */
	struct container container;
};

/* A process under supervision that did something of interest. */
struct client {
	pid_t process;
	uint64_t random;	       /* address of 16 bytes that are others after an exec */
	unsigned char incarnation[16]; /* these */
	char proc[24];		       /* "/proc/PID" */
	char vmm[256];		       /* path of its executable */
	uint64_t call_at;	       /* a syscall instruction in its memory; 0: none is known */
	struct borrow *loan;	       /* a thread of it that works for us now, or NULL */
	struct address_space space;
	struct guest_memory memory;
};

/* Memory that the engine has guarded, and whose it is: mappings outlive who made them, and another
 * process may undo them. */
struct guarded {
	struct client *client;
	struct range vaddr;
	bool due; /* to be lifted as soon as one of its threads can be had */
};

struct supervisor {
	int listener;
	struct intake intake;
	struct cpu cpu;
	uint64_t tag;
	struct engine engine;
	struct journal journal;
	struct host_kernel host;
	bool started; /* the journal */
	char vmm[256];
	char command_line[16384];
	struct opened opened; /* by any of them: a device's inode is one everywhere */
	unsigned int surveys; /* how often it was looked at why a mapping failed */

	size_t n_held, held_room;
	struct held **held;
	size_t n_clients, client_room;
	struct client **clients;
	size_t n_guarded, guarded_room;
	struct guarded *guarded;

	/* Of the notification that is being handled. */
	struct client *client;
	struct borrow *borrow; /* NULL: no thread is borrowed */
	struct own_struct *own;
};

/* The container behind @fd of thread @tid, or NULL: not one, or not known and @make false. */
struct held *held_find(struct supervisor *supervisor, pid_t tid, int fd, bool make);

/* Lets go of those that nobody has any more. */
void held_drop_unused(struct supervisor *supervisor);

/* True while the kernel has an IOMMU set on it, and so may hold mappings. */
bool held_is_set(const struct held *held);

/* The process of thread @tid, made known if it is not; NULL if it is gone. */
struct client *client_of(struct supervisor *supervisor, pid_t tid);

/* Fills in what of the journal's host is the VMM's, which is @client. */
void client_describe(struct supervisor *supervisor, const struct client *client);

/* For supervisor->engine: by the thread that is borrowed. */
struct kernel_ops kernel_by_thread(struct supervisor *supervisor);
struct memory_ops memory_of_client(struct supervisor *supervisor);

/* Forgets what the kernel has dropped with a container's last group, unseen by us, and lifts guards
 * that are due. */
void drop_dead_mappings(struct supervisor *supervisor);

/* The same and more, between notifications. */
void sweep(struct supervisor *supervisor);

/* The VMM's own struct of a request, and its dirty bitmap, as a copy here that the engine works on.
 * By its thread the kernel is given the VMM's own. */
struct own_struct {
	uint64_t address; /* in the VMM */
	size_t bytes;
	uint64_t copy[8], before[8]; /* now, and as it is in the VMM */
	uint64_t bitmap;	     /* address in the VMM, 0: none */
	size_t bitmap_bytes, bitmap_offset;
	unsigned char *bits;
};

/* Copies the struct of a MAP_DMA, UNMAP_DMA or DIRTY_PAGES @request at @address. False if it cannot
 * be read: then the kernel cannot either. */
bool own_struct_read(struct own_struct *own, pid_t tid, uint32_t request, uint64_t address);

/* Takes the bitmap along, if the request has one. Returns 0, -EFAULT or -ENOMEM. */
int own_struct_read_bitmap(struct own_struct *own, pid_t tid, uint32_t request, uint64_t page);

/* To the VMM and back, around a call that the kernel gets the VMM's own struct in. */
bool own_struct_push(struct own_struct *own, pid_t tid);
bool own_struct_pull(struct own_struct *own, pid_t tid);
void own_struct_free(struct own_struct *own);

/* True if a MAP_DMA of thread @tid, @argument, would pass to the kernel and certainly fail (but for
 * FLAG_VADDR, which may). */
bool foresee_failure(const struct supervisor *supervisor, const struct container *container,
	pid_t tid, const void *argument);

/* Handles one notification. */
void serve(struct supervisor *supervisor, const struct seccomp_notif *notification);

#endif
