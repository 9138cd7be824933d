/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes the VMM's own memory behind a hole away (PROT_NONE), once it is proved unused: a guest that
 * touches it is stopped instead of losing what a device was to write there. */
#ifndef IOVASHIM_GUARD_H
#define IOVASHIM_GUARD_H

#include "address_space.h"
#include "lock.h"

#include <stdatomic.h>
#include <stddef.h>

/* Guarded memory. Mappings of several containers can guard the same: it is counted. */
struct guard_span {
	struct range addresses; /* in the VMM, whole pages */
	uint64_t inode;		/* of the file behind it, to know it again; 0: none */
	unsigned int count;
	int prot; /* to go back to */
};

struct guard {
	const struct address_space *space;
	struct lock lock; /* held over the whole proof: split mappings of RAM alone ever take it */
	atomic_bool changing; /* the spans are not to be read now */
	size_t n_spans, span_room;
	struct guard_span *spans; /* disjoint, ascending */
};

/* Guards @addresses (whole pages). It is proved first that nothing is in there: no page that is
 * resident, swapped out or in the backing file holds anything but zeroes. With @give_back the
 * resident zero pages go back to the host, and *given_back says how many bytes; without, they stay
 * (they may be pinned for a device of another container).
 * Returns 0; -EBUSY: in use; -EFAULT: some of it is not mapped, already without access or, guards
 * aside, does not allow @prot (PROT_READ, PROT_WRITE), as pinning would find; another -errno:
 * cannot be proved or protected (mprotect's EINVAL: hugetlbfs pages are larger than the hole's
 * alignment). On error all is as it was. */
int guard_set(struct guard *guard, struct range addresses, int prot, bool give_back,
	uint64_t *given_back);

/* Takes one count off @addresses; where none is left, the protection that was there comes back,
 * unless the VMM has mapped something else there since. Returns 0, or -errno if some of it could
 * not be had back (tried twice). */
int guard_lift(struct guard *guard, struct range addresses);

/* True if @address is guarded. May be called in a signal handler; false if it cannot be told. */
bool guard_covers(struct guard *guard, uint64_t address);

#endif
