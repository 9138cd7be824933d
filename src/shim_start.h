/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The preload wakes up at the first VFIO container it sees; until then it holds nothing. */
#ifndef IOVASHIM_SHIM_START_H
#define IOVASHIM_SHIM_START_H

#include "engine.h"
#include "fd_table.h"
#include "guest_memory.h"
#include "host_facts.h"
#include "opened.h"
#include "settings.h"
#include "shim.h"

/* Container structs that wait to be used again. */
struct shim_spares {
	size_t n, room;
	struct container **list;
};

struct shim {
	shim_ioctl *next;
	atomic_bool started;
	atomic_bool guest_ran; /* a KVM_RUN was seen: the process is no longer ours to end */
	struct lock lock;      /* of the start, the table's entries and spares */
	struct engine engine;
	struct shim_spares spares;
	struct guest_memory memory;
	atomic_uint surveys;   /* how often it was looked at why a mapping failed */
	atomic_bool sandboxed; /* some thread was seen to have a seccomp filter */
	struct host_kernel host;
	struct settings settings; /* as they were when the library was loaded; owned */
	struct outlet people;
	char vmm[256];

	/* What is large and mostly untouched comes last: pages that are used are few. */
	struct journal journal;
	struct fd_table containers; /* of struct container, see shim_fd.c */
	struct opened opened;
};

extern struct shim shim;

/* Reads the policy and opens the log, once. Returns 0. With a policy that is wrong it says so and
 * ends the process with 125, or, once a guest has run, returns -EINVAL. */
int shim_start_once(void);

static inline int shim_start(void)
{
	return shim.started ? 0 : shim_start_once();
}

/* host_sandboxed(), and whether any thread of the process was ever seen to be: then it is no longer
 * asked, since to ask is to open a file. */
bool shim_sandboxed(void);

#endif
