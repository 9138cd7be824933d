/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings that go to the kernel as they are, and will fail there: who is let go on does not show
 * how it ends, so that these are made by a borrowed thread, to be explained. Looked at before every
 * MAP that passes: nothing here may cost more than a microsecond. */
#include "state.h"

#include <linux/capability.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the kernel starts with (MLOCK_LIMIT, include/uapi/linux/resource.h; 8 MiB since 5.16):
 * mappings that are no larger, of which there are many, are spared the questions. */
static const uint64_t least_memlock = 64 << 10;

static bool may_lock(pid_t tid)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3, .pid = tid};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &header, data) ||
	       data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK);
}

/* Larger by itself than what may be locked in all; what is locked already would take long to read
 * (vfio_lock_acct()). */
static bool exceeds_memlock(pid_t tid, uint64_t size)
{
	struct rlimit limit;

	return size > least_memlock && !prlimit(tid, RLIMIT_MEMLOCK, NULL, &limit) &&
	       limit.rlim_cur != RLIM_INFINITY && size > limit.rlim_cur && !may_lock(tid);
}

static bool is_guarded(const struct supervisor *supervisor, struct range vaddr)
{
	for (size_t i = 0; i < supervisor->n_guarded; i++)
		if (range_overlaps(supervisor->guarded[i].vaddr, vaddr))
			return true;
	return false;
}

bool foresee_failure(const struct supervisor *supervisor, const struct container *container,
	pid_t tid, const void *argument)
{
	struct vfio_iommu_type1_dma_map map;

	memcpy(&map, argument, sizeof(map));
	return container->no_iommu || !engine_map_is_well_formed(container, argument) ||
	       is_guarded(supervisor, (struct range){map.vaddr, map.vaddr + map.size - 1}) ||
	       exceeds_memlock(tid, map.size);
}
