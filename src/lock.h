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

/* The signal mask to go back to, if it is the outermost of the thread's. */
struct lock_hold {
	sigset_t mask;
};

/* How many holds the calling thread is in. Counted, since each change of the mask is a system call.
 * The model of access is one that needs no call of the loader's. */
extern _Thread_local unsigned int lock_holds __attribute__((tls_model("initial-exec")));

/* All signals of the calling thread wait until the release: a handler that maps would deadlock on
 * what the thread holds. Holds nest, first in, last out. One that a handler is in between the
 * question and the mask has ended when the thread goes on. sigprocmask() is per thread on Linux;
 * pthread_sigmask() in libc is GLIBC_2.32. */
static inline void signals_hold(struct lock_hold *hold)
{
	sigset_t all;

	if (!lock_holds) {
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, &hold->mask);
	}
	lock_holds++;
}

static inline void signals_release(const struct lock_hold *hold)
{
	if (!--lock_holds)
		sigprocmask(SIG_SETMASK, &hold->mask, NULL);
}

static inline void lock_take(struct lock *lock, struct lock_hold *hold)
{
	signals_hold(hold);
	pthread_mutex_lock(&lock->mutex);
}

static inline void lock_drop(struct lock *lock, const struct lock_hold *hold)
{
	pthread_mutex_unlock(&lock->mutex);
	signals_release(hold);
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
