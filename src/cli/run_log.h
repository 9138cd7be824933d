/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of `iovashim run` itself, in the log of the VMM (docs/event-log.md). */
#ifndef IOVASHIM_RUN_LOG_H
#define IOVASHIM_RUN_LOG_H

/* Appends the event @name of process @pid to the log @path (NULL: there is none). @fields: JSON,
 * each after a comma. What cannot be logged is lost, as it is for the library. */
void run_log(const char *path, int pid, const char *name, const char *fields);

#endif
