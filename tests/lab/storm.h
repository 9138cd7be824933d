/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes on around threads that make requests: signals, stops, children, other threads. */
#ifndef IOVASHIM_LAB_STORM_H
#define IOVASHIM_LAB_STORM_H

#include <stdbool.h>
#include <stdint.h>

enum { STORM_THREADS = 8 };

/* Before any thread. @path: what children execute as "PATH exit N", to end with status N.
 * @pause_us, up to 100000: between two rounds of signals; all else follows from it. */
void storm_begin(const char *path, unsigned int pause_us);

/* Between two children, or threads that come and go. */
void storm_pause(void);

/* The calling thread gets signals from here on, as number @n. */
void storm_thread(int n);

/* The calling thread ends, but not before what was sent to it has come. */
void storm_thread_ends(int n);

/* Stops all of it, counts, complains. */
void storm_end(void);

/* For the last line: "N signals, …". */
void storm_print(void);

/* --- children: each returns with one complaint or none ------------------- */

void storm_fork_exit(unsigned int n);
void storm_fork_exec(unsigned int n);
void storm_vfork_exec(unsigned int n);

/* What run() returns, 0 to 255, in a child. */
int storm_in_child(int (*run)(void *argument), void *argument);

#endif
