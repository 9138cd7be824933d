/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes notifications in, also while a thread is borrowed. Until a notification is received a
 * signal can still end the call that waits in it (EINTR, where its handler has no SA_RESTART);
 * afterwards only death can (WAIT_KILLABLE_RECV). So none may lie there while another one is
 * served. */
#ifndef IOVASHIM_SUPERVISOR_INTAKE_H
#define IOVASHIM_SUPERVISOR_INTAKE_H

#include <linux/seccomp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct intake {
	int listener;
	int bell; /* an eventfd: the helper has put something into the queue */
	pthread_mutex_t mutex;
	pthread_cond_t wanted;
	bool busy; /* the main thread serves: the helper receives */
	size_t n, room;
	struct seccomp_notif *queue; /* oldest first */
};

/* @intake zeroed but for the listener. Starts the helper. Returns 0 or -errno. */
int intake_start(struct intake *intake);

/* Between these the helper receives. */
void intake_busy(struct intake *intake);
void intake_idle(struct intake *intake);

/* The next notification, if there is one; does not wait. What to wait for is that the listener or
 * the bell is readable. */
bool intake_next(struct intake *intake, struct seccomp_notif *notification);

#endif
