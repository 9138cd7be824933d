/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutexes that processes share: what the preload keeps is in memory that fork() shares. */
#include "shared_lock.h"

#include <errno.h>
#include <signal.h>

static _Thread_local unsigned int depth;
static _Thread_local sigset_t mask;

void lock_init_shared(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

/* A process that was killed with the lock held must not stop those it forked, or its parent. */
void lock_shared(pthread_mutex_t *lock)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	if (!depth++)
		mask = before;
	if (pthread_mutex_lock(lock) == EOWNERDEAD)
		pthread_mutex_consistent(lock);
}

void unlock_shared(pthread_mutex_t *lock)
{
	pthread_mutex_unlock(lock);
	if (!--depth)
		sigprocmask(SIG_SETMASK, &mask, NULL);
}
