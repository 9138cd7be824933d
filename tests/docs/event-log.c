/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client that makes iovashim log every event of docs/event-log.md. Run over the model kernel by
 * event-log.sh, which also writes the policy: RAM at 4 GiB crosses a hole from 64 to 128 KiB. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 256 << 10, GAP = 64 << 10, LARGE = 4 << 20 };
static const uint64_t ram_iova = 0x100000000, high_iova = 0x180000000;

static int container, group;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void set_up(void)
{
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	group = open("/dev/vfio/3", O_RDWR | O_CLOEXEC);
	if (container < 0 || group < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
		ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		die("setting up a container");
}

static char *ram_of(size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	return memory;
}

static char *ram(void)
{
	return ram_of(SIZE);
}

/* Fails if the mapping does not end with @expected (0: success). */
static void map(const char *what, const void *memory, uint64_t iova, uint64_t size, int expected)
{
	struct vfio_iommu_type1_dma_map request = {.argsz = sizeof(request),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = iova,
		.size = size};
	int err = ioctl(container, VFIO_IOMMU_MAP_DMA, &request) ? errno : 0;

	if (err == expected)
		return;
	fprintf(stderr, "%s: expected %s, found %s\n", what, strerror(expected), strerror(err));
	exit(1);
}

static void unmap(uint64_t iova)
{
	struct vfio_iommu_type1_dma_unmap request = {
		.argsz = sizeof(request), .iova = iova, .size = SIZE};

	if (ioctl(container, VFIO_IOMMU_UNMAP_DMA, &request) || request.size != SIZE)
		die("unmapping");
}

/* Leaves @n descriptors to be opened. */
static void leave_descriptors(int n)
{
	int next = dup(container);
	struct rlimit limit = {1024, 4096};

	close(next);
	if (n >= 0)
		limit.rlim_cur = (rlim_t)(next + n);
	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit");
}

static void map_bar(uint64_t iova)
{
	struct vfio_region_info region = {.argsz = sizeof(region)};
	int device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:05.0");
	void *bar;

	if (device < 0 || ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region))
		die("opening a device");
	bar = mmap(NULL, region.size, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		(off_t)region.offset);
	if (bar == MAP_FAILED)
		die("mapping a BAR");
	map("bar", bar, iova, region.size, EINVAL);
}

static void touch_in_child(volatile char *memory)
{
	pid_t child = fork();

	if (!child) {
		memory[GAP] = 1;
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

/* What KVM_RUN gives a VMM whose guest touches guarded memory. */
static void forbid_kvm_run(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KVM_RUN, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EFAULT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		die("seccomp");
}

static void stop_guest(void)
{
	forbid_kvm_run();
	if (!ioctl(0, KVM_RUN, 0) || errno != EFAULT)
		die("KVM_RUN");
}

/* The group comes again when its holes cannot be read. */
static void join_again(void)
{
	if (ioctl(group, VFIO_GROUP_UNSET_CONTAINER))
		die("leaving a container");
	leave_descriptors(0);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		die("joining a container again");
	leave_descriptors(-1);
}

/* Every event but what a full container, holes that cannot be read and a vIOMMU give. */
static void life(void)
{
	char *memory = ram(), *used = ram(), *other = ram();

	map("split", memory, ram_iova, SIZE, 0);
	unmap(ram_iova);
	map("inside", other, ram_iova + GAP, GAP, EINVAL);
	used[GAP] = 1;
	map("in use", used, ram_iova, SIZE, EINVAL);
	munmap(other, SIZE);
	map("no memory", other, ram_iova, SIZE, EFAULT);
	leave_descriptors(0);
	map("no /proc/self/maps", memory, ram_iova, SIZE, EINVAL);
	leave_descriptors(-1);
	leave_descriptors(1);
	map("no /proc/self/mem", used, ram_iova, SIZE, EINVAL);
	leave_descriptors(-1);
	map("skip", ram(), high_iova, SIZE, 0);
	map_bar(0xfd00000000);
	memory = ram();
	map("split again", memory, ram_iova, SIZE, 0);
	touch_in_child(memory);
	stop_guest();
}

/* May lock no more than 64 KiB: without the capability, which root has in mere containers too. */
static void limit_memory(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	struct rlimit limit = {64 << 10, 64 << 10};

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || syscall(SYS_capset, &header, data))
		die("giving up privileges");
}

static void overlap(void)
{
	char *memory = ram();

	map("split", memory, ram_iova, SIZE, 0);
	map("overlap", memory, ram_iova, GAP, EEXIST);
}

/* What fails, but for no hole. The host lets few entries be, little be locked, and the third
 * mapping fail as if its memory could not be pinned. */
static void explain(void)
{
	char *memory = ram(), *large = ram_of(LARGE); /* QEMU's RAM is large, or a vIOMMU's */

	limit_memory();
	map("misaligned", memory + 1, ram_iova, SIZE, EINVAL);
	map("memlock", large, 0x80000000, LARGE, ENOMEM);
	munmap(memory, SIZE);
	map("no memory", memory, 0x80000000, 4096, EFAULT);
	map_bar(0x8000000000);
	memory = ram();
	map("small", memory, 0x80000000, 4096, 0);
	map("full", memory, 0x90000000, 4096, ENOSPC);
	forbid_kvm_run();
	map("overlap, unseen", memory, 0x80000000, 4096, EEXIST);
}

int main(int argc, char **argv)
{
	set_up();
	if (argc > 1 && !strcmp(argv[1], "full"))
		map("second piece", ram(), ram_iova, SIZE, ENOSPC);
	else if (argc > 1 && !strcmp(argv[1], "unread"))
		join_again();
	else if (argc > 1 && !strcmp(argv[1], "viommu"))
		map("viommu", ram(), ram_iova, SIZE, EINVAL);
	else if (argc > 1 && !strcmp(argv[1], "observe"))
		map("observed", ram(), ram_iova, SIZE, 0);
	else if (argc > 1 && !strcmp(argv[1], "explain"))
		explain();
	else if (argc > 1 && !strcmp(argv[1], "overlap"))
		overlap();
	else if (argc > 1 && !strcmp(argv[1], "split"))
		map("split", ram(), ram_iova, SIZE, 0);
	else
		life();
	return 0;
}
