/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutexes that processes share: what the preload keeps is in memory that fork() shares. */
#ifndef IOVAMODEL_SHARED_LOCK_H
#define IOVAMODEL_SHARED_LOCK_H

#include <errno.h>
#include <pthread.h>

static inline void lock_init_shared(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

/* A process that was killed with the lock held must not stop those it forked, or its parent. */
static inline void lock_shared(pthread_mutex_t *lock)
{
	if (pthread_mutex_lock(lock) == EOWNERDEAD)
		pthread_mutex_consistent(lock);
}

#endif
