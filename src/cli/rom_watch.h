/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what the ROM in a guest reports, for as long as its VMM lives. */
#ifndef IOVASHIM_ROM_WATCH_H
#define IOVASHIM_ROM_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct rom_watch {
	const char *log; /* absolute, or NULL */
	bool quiet;	 /* nothing on standard error */
	bool boots;	 /* a report is to come, else it is only logged if it does */
	size_t n_holes;	 /* that the ROM was given */
};

/* Starts a process that reads reports, says on standard error and in the log what became of them,
 * and warns if none comes; it ends when the VMM closes its end. It is no child of this one, has a
 * session of its own, and holds nothing of it open but standard error, until this process ends.
 * *@fd: the end of a socket for the VMM, which inherits it. Returns 0, or -errno with nothing
 * changed. */
int rom_watch_start(const struct rom_watch *what, int *fd);

/* The exec failed: nothing is to be said. */
void rom_watch_cancel(void);

#endif
