/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes notifications in, also while a thread is borrowed. Until a notification is received a
 * signal can still end the call that waits in it (EINTR, where its handler has no SA_RESTART);
 * afterwards only death can (WAIT_KILLABLE_RECV). So none may lie there while another one is
 * served. */
#ifndef IOVASHIM_SUPERVISOR_INTAKE_H
#define IOVASHIM_SUPERVISOR_INTAKE_H

#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct intake {
	int listener;
	sigset_t in_wait; /* blocked signals while it waits: all that are, but for SIGCHLD */
	size_t n, room;
	struct seccomp_notif *queue; /* oldest first */
};

/* Keeps SIGCHLD back from the calling thread, which does all that follows. */
void intake_start(struct intake *intake, int listener);

/* Waits for a SIGCHLD, that is, for a stop of whoever is traced; what comes meanwhile is received.
 * May return without one. */
void intake_wait(struct intake *intake);

/* The oldest of what was received meanwhile; or, if @readable, one that the listener has. */
bool intake_next(struct intake *intake, bool readable, struct seccomp_notif *notification);

#endif
