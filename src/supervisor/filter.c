/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seccomp filter of a VMM under supervision. */
#include "filter.h"

#include <errno.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <linux/filter.h>
#include <linux/vfio.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The low 32 bits of ioctl's second argument; VFIO's have no size in them. */
static const uint32_t requests[] = {
	VFIO_SET_IOMMU,
	VFIO_GROUP_SET_CONTAINER,
	VFIO_GROUP_UNSET_CONTAINER,
	VFIO_GROUP_GET_DEVICE_FD,
	VFIO_IOMMU_MAP_DMA,
	VFIO_IOMMU_UNMAP_DMA,
	VFIO_IOMMU_DIRTY_PAGES,
	(uint32_t)KVM_SET_USER_MEMORY_REGION,
	FILTER_SET_MEMORY_REGION2,
	0,
};

/* Rules on ioctl alone, so that every other call keeps the kernel's "always allowed" mark; and on
 * seccomp() itself, to be able to say why a listener of the VMM's own is refused. */
static int add_rules(scmp_filter_ctx filter, uint64_t tag)
{
	int err = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(seccomp), 1,
		SCMP_A1(SCMP_CMP_MASKED_EQ, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			SECCOMP_FILTER_FLAG_NEW_LISTENER));

	for (const uint32_t *request = requests; !err && *request; request++)
		err = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(ioctl), 2,
			SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, *request),
			SCMP_A5(SCMP_CMP_NE, tag, 0));
	return err;
}

/* libseccomp 2.5 cannot ask for WAIT_KILLABLE_RECV: it compiles, we load. */
static int load(int program, size_t bytes)
{
	struct sock_fprog fprog = {.len = (unsigned short)(bytes / sizeof(struct sock_filter))};
	long listener;

	fprog.filter = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, program, 0);
	if (fprog.filter == MAP_FAILED)
		return -errno;
	listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &fprog);
	listener = listener < 0 ? -errno : listener;
	munmap(fprog.filter, bytes);
	return (int)listener;
}

static int export_and_load(scmp_filter_ctx filter)
{
	int program = memfd_create("filter", MFD_CLOEXEC), result;
	off_t bytes;

	if (program < 0)
		return -errno;
	result = seccomp_export_bpf(filter, program);
	bytes = lseek(program, 0, SEEK_END);
	if (!result)
		result = bytes > 0 ? load(program, (size_t)bytes) : -EIO;
	close(program);
	return result;
}

int filter_install(uint64_t tag)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int result;

	if (!filter)
		return -ENOMEM;
	/* What calls the kernel as another architecture does is let through, not killed. */
	result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
	if (!result)
		result = add_rules(filter, tag);
	if (!result)
		result = export_and_load(filter);
	seccomp_release(filter);
	return result;
}
