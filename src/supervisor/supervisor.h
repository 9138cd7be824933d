/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way in for VMMs that a preload cannot reach: a seccomp filter, and a process that answers it.
 */
#ifndef IOVASHIM_SUPERVISOR_H
#define IOVASHIM_SUPERVISOR_H

/* Puts the calling process, which is single-threaded and about to become the VMM by exec, under
 * supervision, as the IOVASHIM_* variables of its environment ask; the policy has been checked.
 * Returns 0; or, having said on stderr why not, an exit status, with nothing changed that outlives
 * the process. */
int supervisor_start(void);

#endif
