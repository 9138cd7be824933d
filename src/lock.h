/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mutex that no signal handler and no forked child can meet half way. */
#ifndef IOVASHIM_LOCK_H
#define IOVASHIM_LOCK_H

#include <pthread.h>
#include <signal.h>

struct lock {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
};

#define LOCK_INITIALIZER                                                                           \
	{                                                                                          \
		PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER                                \
	}

/* The signal mask to go back to; belongs to the thread that holds the lock. */
struct lock_hold {
	sigset_t mask;
};

/* All signals of the calling thread wait while it holds the lock: a handler that maps would
 * deadlock on it. sigprocmask() is per thread on Linux; pthread_sigmask() in libc is GLIBC_2.32. */
static inline void lock_take(struct lock *lock, struct lock_hold *hold)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &hold->mask);
	pthread_mutex_lock(&lock->mutex);
}

static inline void lock_drop(struct lock *lock, struct lock_hold *hold)
{
	pthread_mutex_unlock(&lock->mutex);
	sigprocmask(SIG_SETMASK, &hold->mask, NULL);
}

/* Lets others in until one of them calls lock_wake(). */
static inline void lock_wait(struct lock *lock)
{
	pthread_cond_wait(&lock->changed, &lock->mutex);
}

static inline void lock_wake(struct lock *lock)
{
	pthread_cond_broadcast(&lock->changed);
}

/* In a forked child, where the holder may be a thread that does not exist. */
static inline void lock_reset(struct lock *lock)
{
	*lock = (struct lock)LOCK_INITIALIZER;
}

#endif
