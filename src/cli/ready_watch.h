/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sees whether libiovashim.so becomes active in the VMM that this process is about to become. */
#ifndef IOVASHIM_READY_WATCH_H
#define IOVASHIM_READY_WATCH_H

/* Starts a process that says so on standard error if the library does not report within
 * READY_SECONDS of the exec; it ends as soon as it knows. It is no child of this one, has a session
 * of its own, and holds nothing open but standard error. Sets IOVASHIM_READY for the VMM, which
 * inherits the end of a pipe; the library closes that. Returns 0, or -errno with nothing changed.
 */
int ready_watch_start(const char *vmm);

/* The exec failed: nothing is to be said. */
void ready_watch_cancel(void);

enum { READY_SECONDS = 10 };

#endif
