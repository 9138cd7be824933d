/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes notifications in, also while a thread is borrowed. */
#include "intake.h"
#include "mem.h"

#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

static bool receive(const struct intake *intake, struct seccomp_notif *notification)
{
	memset(notification, 0, sizeof(*notification));
	return !ioctl(intake->listener, SECCOMP_IOCTL_NOTIF_RECV, notification);
}

static void wake_up(int number)
{
	(void)number;
}

void intake_start(struct intake *intake, int listener)
{
	struct sigaction action = {.sa_handler = wake_up};
	sigset_t child;

	intake->listener = listener;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &intake->in_wait);
	sigdelset(&intake->in_wait, SIGCHLD);
	sigaction(SIGCHLD, &action, NULL);
}

void intake_wait(struct intake *intake)
{
	struct pollfd polled = {.fd = intake->listener, .events = POLLIN};

	if (ppoll(&polled, 1, NULL, &intake->in_wait) <= 0 || !(polled.revents & POLLIN))
		return;
	/* Without memory it stays where it is. */
	if (!mem_reserve(&intake->queue, &intake->room, sizeof(*intake->queue), intake->n + 1) &&
		receive(intake, &intake->queue[intake->n]))
		intake->n++;
}

bool intake_next(struct intake *intake, bool readable, struct seccomp_notif *notification)
{
	if (!intake->n)
		return readable && receive(intake, notification);
	*notification = intake->queue[0];
	intake->n--;
	memmove(intake->queue, intake->queue + 1, intake->n * sizeof(*intake->queue));
	return true;
}
