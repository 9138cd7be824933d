/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutexes that processes share: what the preload keeps is in memory that fork() shares. */
#ifndef IOVAMODEL_SHARED_LOCK_H
#define IOVAMODEL_SHARED_LOCK_H

#include <pthread.h>

void lock_init_shared(pthread_mutex_t *lock);

/* Signals wait while one is held, as they do in a system call: a handler may make its own. They
 * nest, one inside of the other. */
void lock_shared(pthread_mutex_t *lock);
void unlock_shared(pthread_mutex_t *lock);

#endif
