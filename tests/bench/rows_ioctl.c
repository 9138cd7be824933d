/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations that are none of iovashim's business, and those to a stand-in for VFIO's container. */
#include "rows.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(bool well, const char *what)
{
	if (well)
		return;
	perror(what);
	exit(2);
}

/* --- ioctls that are not ours -------------------------------------------- */

static int kvm = -1, null = -1, pty = -1, ends[2] = {-1, -1};

bool ioctl_prepare(void)
{
	if (null >= 0)
		return true;
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pty = open("/dev/ptmx", O_RDWR | O_CLOEXEC | O_NOCTTY);
	must(null >= 0 && !pipe(ends), "a pipe");
	return true;
}

bool ioctl_prepare_kvm(void)
{
	return ioctl_prepare() && kvm >= 0;
}

void ioctl_kvm(int i)
{
	(void)i;
	must(ioctl(kvm, KVM_GET_API_VERSION, 0) == KVM_API_VERSION, "KVM_GET_API_VERSION");
}

void ioctl_null(int i)
{
	(void)i;
	must(ioctl(null, 0x1234, NULL) < 0, "an ioctl of /dev/null");
}

void ioctl_pipe(int i)
{
	int n;

	(void)i;
	must(!ioctl(ends[0], FIONREAD, &n), "FIONREAD");
}

void ioctl_pty(int i)
{
	struct winsize size;

	(void)i;
	must(!ioctl(pty, TIOCGWINSZ, &size), "TIOCGWINSZ");
}

/* --- KVM_RUN -------------------------------------------------------------- */

static int vcpu = -1;
static struct kvm_run *run;

/* out %al,$0x80; jmp back: each KVM_RUN ends at the port. */
static const unsigned char guest[] = {0xe6, 0x80, 0xeb, 0xfc};
enum { GUEST_AT = 0x1000, PAGE = 4096 };

static bool start_guest(int vm)
{
	void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {.guest_phys_addr = GUEST_AT,
		.memory_size = PAGE,
		.userspace_addr = (uintptr_t)memory};
	struct kvm_regs regs = {.rip = GUEST_AT, .rflags = 2};
	struct kvm_sregs sregs;
	int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	must(memory != MAP_FAILED, "mmap");
	memcpy(memory, guest, sizeof(guest));
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) || vcpu < 0 ||
		ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return false;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	return run != MAP_FAILED && !ioctl(vcpu, KVM_SET_SREGS, &sregs) &&
	       !ioctl(vcpu, KVM_SET_REGS, &regs) && !ioctl(vcpu, KVM_RUN, 0) &&
	       run->exit_reason == KVM_EXIT_IO;
}

bool kvm_prepare(void)
{
	int vm;

	if (!ioctl_prepare_kvm())
		return false;
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	return vm >= 0 && start_guest(vm);
}

void kvm_run(int i)
{
	(void)i;
	must(!ioctl(vcpu, KVM_RUN, 0) && run->exit_reason == KVM_EXIT_IO, "KVM_RUN");
}

/* --- signals and children ------------------------------------------------- */

static void on_signal(int number)
{
	(void)number;
}

bool signal_prepare(void)
{
	return signal(SIGUSR1, on_signal) != SIG_ERR;
}

void signal_raise(int i)
{
	(void)i;
	raise(SIGUSR1);
}

void process_fork(int i)
{
	pid_t child = fork();

	(void)i;
	if (!child)
		_exit(0);
	must(waitpid(child, NULL, 0) == child, "fork");
}

void process_start(int i)
{
	pid_t child = fork();
	int status;

	(void)i;
	if (!child) {
		execl("/proc/self/exe", "bench", "nothing", (char *)NULL);
		_exit(127);
	}
	must(waitpid(child, &status, 0) == child && !status, "a program's start");
}

/* --- /dev/fuse in the place of a container --------------------------------- */

/* For an iovashim that is built with CONTAINER_MINOR=229. No such request is known there (ENOTTY):
 * a mapping across a hole fails with its first piece, and the engine asks once more whether
 * something was in the way. That makes two calls by the borrowed thread, as for one made in two
 * pieces. */
static int stand_in = -1;
static char memory[65536] __attribute__((aligned(4096)));

bool stand_in_prepare(void)
{
	if (stand_in < 0)
		stand_in = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	return stand_in >= 0;
}

static void map_stand_in(uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_map request = {.argsz = sizeof(request),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = iova,
		.size = size};

	must(ioctl(stand_in, VFIO_IOMMU_MAP_DMA, &request) < 0, "a stand-in that is none");
}

void stand_in_pass(int i)
{
	(void)i;
	map_stand_in(0, 4096);
}

void stand_in_split(int i)
{
	(void)i;
	map_stand_in(0x0fff8000, sizeof(memory));
}
