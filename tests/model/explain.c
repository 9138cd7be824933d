/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client whose requests fail as explain.sh wants them to. Its own arguments are those of the VMM
 * that it passes for by its name; what to do is in EXPLAIN, words with colons between their parts:
 *
 *   iommu | noiommu           set the container up, with group EXPLAIN_GROUP (3), and its IOMMU
 *   drop | sandbox | ran      give capabilities up; install a seccomp filter; say that a guest ran
 *   off                       turn the device's memory off
 *   map:IOVA:SIZE:MEMORY:FLAGS:ERRNO
 *       MEMORY is ram (new each time), odd (its address is), hole (the second page of the last
 * ram), none (not mapped), const (cannot be written), file, or barN of the device. FLAGS: r, w, v
 * (VADDR), x (unknown), s (argsz is short). ERRNO: a number, 0 for success.
 *
 * Ends with 1 and a line if a request did not end as it says. EXPLAIN_LAST replaces the last ERRNO.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int container = -1, group = -1, device = -1;
static char *last_ram;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void set_up(const char *prefix, unsigned long type)
{
	const char *number = getenv("EXPLAIN_GROUP");
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/%s%s", prefix, number ? number : "3");
	group = open(path, O_RDWR | O_CLOEXEC);
	if (group < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
		ioctl(container, VFIO_SET_IOMMU, type))
		die("setting up a container");
}

static void drop(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capset, &header, data))
		die("giving up capabilities");
}

static void sandbox(void)
{
	struct sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {1, filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		die("seccomp");
}

static void *memory(size_t size, int prot, int flags, int fd, off_t offset)
{
	void *at = mmap(NULL, size, prot, flags, fd, offset);

	if (at == MAP_FAILED)
		die("mmap");
	return at;
}

/* Where region @number of the device begins. */
static off_t region_at(unsigned int number)
{
	struct vfio_region_info region = {.argsz = sizeof(region), .index = number};

	if (device < 0)
		device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:05.0");
	if (device < 0 || ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region))
		die("opening a device");
	return (off_t)region.offset;
}

static void *bar(unsigned int number, size_t size)
{
	off_t at = region_at(number);

	return memory(size, PROT_READ | PROT_WRITE, MAP_SHARED, device, at);
}

static void turn_off(void)
{
	off_t at = region_at(VFIO_PCI_CONFIG_REGION_INDEX) + 4; /* PCI_COMMAND */

	if (pwrite(device, "\0\0", 2, at) != 2)
		die("writing the command register");
}

static void *of_file(size_t size)
{
	char path[] = "./explain-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || unlink(path) || ftruncate(fd, (off_t)size))
		die("a file");
	return memory(size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static char *of_kind(const char *kind, size_t size)
{
	const int shared = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	char *at;

	if (!strncmp(kind, "bar", 3))
		return bar((unsigned int)atoi(kind + 3), size);
	if (!strcmp(kind, "file"))
		return of_file(size);
	if (!strcmp(kind, "hole"))
		return last_ram + 4096;
	at = memory(size ? size : 4096, strcmp(kind, "const") ? PROT_READ | PROT_WRITE : PROT_READ,
		shared, -1, 0);
	if (!strcmp(kind, "none"))
		munmap(at, size);
	else if (!strcmp(kind, "ram"))
		last_ram = at;
	return strcmp(kind, "odd") ? at : at + 1;
}

static void map(char *words, const char *expected)
{
	struct vfio_iommu_type1_dma_map request = {.argsz = sizeof(request)};
	const char *kind, *flags, *wanted;
	int err;

	request.iova = strtoull(strtok(words, ":"), NULL, 0);
	request.size = strtoull(strtok(NULL, ":"), NULL, 0);
	kind = strtok(NULL, ":");
	flags = strtok(NULL, ":");
	wanted = strtok(NULL, ":");
	wanted = expected ? expected : wanted;
	if (strchr(flags, 'r'))
		request.flags |= VFIO_DMA_MAP_FLAG_READ;
	if (strchr(flags, 'w'))
		request.flags |= VFIO_DMA_MAP_FLAG_WRITE;
	if (strchr(flags, 'v'))
		request.flags |= VFIO_DMA_MAP_FLAG_VADDR;
	if (strchr(flags, 'x'))
		request.flags |= 1u << 20;
	if (strchr(flags, 's'))
		request.argsz -= 8;
	request.vaddr = (uintptr_t)of_kind(kind, request.size);
	errno = 0;
	err = ioctl(container, VFIO_IOMMU_MAP_DMA, &request) ? errno : 0;
	if (err == atoi(wanted))
		return;
	fprintf(stderr, "map 0x%llx: expected %s, found %d (%s)\n",
		(unsigned long long)request.iova, wanted, err, strerror(err));
	exit(1);
}

static void act(char *word, const char *expected)
{
	if (!strcmp(word, "iommu"))
		set_up("", VFIO_TYPE1v2_IOMMU);
	else if (!strcmp(word, "noiommu"))
		set_up("noiommu-", VFIO_NOIOMMU_IOMMU);
	else if (!strcmp(word, "drop"))
		drop();
	else if (!strcmp(word, "sandbox"))
		sandbox();
	else if (!strcmp(word, "off"))
		turn_off();
	else if (!strcmp(word, "ran"))
		ioctl(-1, KVM_RUN, 0);
	else if (!strncmp(word, "map:", 4))
		map(word + 4, expected);
	else
		exit(2);
}

int main(void)
{
	char *words = getenv("EXPLAIN"), *next;

	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container < 0)
		die("/dev/vfio/vfio");
	for (; words; words = next) {
		next = strchr(words, ' ');
		if (next)
			*next++ = 0;
		act(words, next ? NULL : getenv("EXPLAIN_LAST"));
	}
	return 0;
}
