/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes notifications in, also while a thread is borrowed. */
#include "intake.h"
#include "mem.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* How long the helper stays awake after it was wanted: waking it costs more than a split. */
enum { LINGER_MS = 100 };

static bool readable(int fd, int timeout)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};

	return poll(&polled, 1, timeout) > 0 && polled.revents & POLLIN;
}

/* With the mutex held, so that nobody else takes what was seen: then receiving would wait. */
static bool receive(const struct intake *intake, struct seccomp_notif *notification)
{
	memset(notification, 0, sizeof(*notification));
	return readable(intake->listener, 0) &&
	       !ioctl(intake->listener, SECCOMP_IOCTL_NOTIF_RECV, notification);
}

/* With the mutex held. Without memory the notification stays where it is. */
static void receive_into_queue(struct intake *intake)
{
	const uint64_t one = 1;

	if (mem_reserve(&intake->queue, &intake->room, sizeof(*intake->queue), intake->n + 1) ||
		!receive(intake, &intake->queue[intake->n]))
		return;
	intake->n++;
	(void)!write(intake->bell, &one, sizeof(one));
}

static void *help(void *context)
{
	struct intake *intake = context;

	pthread_mutex_lock(&intake->mutex);
	for (;;) {
		bool seen;

		while (!intake->busy)
			pthread_cond_wait(&intake->wanted, &intake->mutex);
		pthread_mutex_unlock(&intake->mutex);
		seen = readable(intake->listener, LINGER_MS);
		pthread_mutex_lock(&intake->mutex);
		if (seen && intake->busy)
			receive_into_queue(intake);
	}
	return NULL;
}

int intake_start(struct intake *intake)
{
	pthread_t helper;
	int err;

	pthread_mutex_init(&intake->mutex, NULL);
	pthread_cond_init(&intake->wanted, NULL);
	intake->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (intake->bell < 0)
		return -errno;
	err = pthread_create(&helper, NULL, help, intake);
	if (!err)
		pthread_detach(helper);
	return -err;
}

void intake_busy(struct intake *intake)
{
	pthread_mutex_lock(&intake->mutex);
	intake->busy = true;
	pthread_cond_signal(&intake->wanted);
	pthread_mutex_unlock(&intake->mutex);
}

void intake_idle(struct intake *intake)
{
	pthread_mutex_lock(&intake->mutex);
	intake->busy = false;
	pthread_mutex_unlock(&intake->mutex);
}

bool intake_next(struct intake *intake, struct seccomp_notif *notification)
{
	uint64_t rung;
	bool found = true;

	pthread_mutex_lock(&intake->mutex);
	if (intake->n) {
		*notification = intake->queue[0];
		intake->n--;
		memmove(intake->queue, intake->queue + 1, intake->n * sizeof(*intake->queue));
	} else {
		(void)!read(intake->bell, &rung, sizeof(rung));
		found = receive(intake, notification);
	}
	pthread_mutex_unlock(&intake->mutex);
	return found;
}
