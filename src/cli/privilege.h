/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a file gives to who executes it: with more privilege the loader drops LD_PRELOAD. */
#ifndef IOVASHIM_PRIVILEGE_H
#define IOVASHIM_PRIVILEGE_H

#include <stdbool.h>

struct privilege {
	bool set_user, set_group, capabilities; /* what the file has */
	bool secure; /* the kernel will run it in secure-execution mode, for this process */
};

/* Of the file @path, for the process that asks. Returns 0 or -errno. */
int privilege_read(const char *path, struct privilege *privilege);

#endif
