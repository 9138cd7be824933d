/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seccomp filter of a VMM under supervision: which of its calls wait for the supervisor. */
#ifndef IOVASHIM_SUPERVISOR_FILTER_H
#define IOVASHIM_SUPERVISOR_FILTER_H

#include <stdint.h>

/* KVM_SET_USER_MEMORY_REGION2 (Linux 6.8); its struct begins as the older one does. */
#define FILTER_SET_MEMORY_REGION2 0x40a0ae49u

/* Installs the filter into the calling thread, and what it starts: a handful of VFIO and KVM
 * requests are notified, but not with @tag as the call's sixth argument. ioctl takes three, what
 * else is in registers is chance; so the supervisor marks the calls that it has a thread make.
 * no_new_privs must be set, or the caller have CAP_SYS_ADMIN. Returns the listener (close-on-exec)
 * or -errno; -EINVAL: the kernel is older than 5.19 (WAIT_KILLABLE_RECV); -EBUSY: somebody listens
 * already. */
int filter_install(uint64_t tag);

#endif
