// SPDX-License-Identifier: GPL-2.0-or-later
/* Run under libiovamodel.so: descriptors of /dev/vfio live as long as somebody holds them. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/vfio.h>

#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #what, errno);       \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static int map(int container, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map arg = {sizeof(arg), RW, 0x10000, iova, 0x1000};

	return ioctl(container, VFIO_IOMMU_MAP_DMA, &arg) ? errno : 0;
}

static void attach(int *container, int *group)
{
	*container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	*group = open("/dev/vfio/3", O_RDWR | O_CLOEXEC);
	CHECK(*container >= 0 && *group >= 0);
	CHECK(!ioctl(*group, VFIO_GROUP_SET_CONTAINER, container));
	CHECK(!ioctl(*container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
}

static void check_numbers(int container, int group)
{
	char path[64], target[256];
	struct stat st;
	ssize_t len;

	CHECK(!fstat(container, &st) && S_ISCHR(st.st_mode) && st.st_rdev == makedev(10, 196));
	CHECK(!fstat(group, &st) && S_ISCHR(st.st_mode) && minor(st.st_rdev) != 3);
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u", major(st.st_rdev), minor(st.st_rdev));
	len = readlink(path, target, sizeof(target));
	CHECK(len > 2 && !memcmp(target + len - 2, "/3", 2));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", group);
	len = readlink(path, target, sizeof(target));
	CHECK(len == 11 && !memcmp(target, "/dev/vfio/3", 11));
}

static int send_through(int pair, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	char byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return (int)sendmsg(pair, &msg, 0);
}

static int receive(int pair)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	int fd = -1;

	CHECK(recvmsg(pair, &msg, 0) == 1 && CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static void test_dup(void)
{
	int container, group, copy;

	attach(&container, &group);
	check_numbers(container, group);
	CHECK(map(container, 0) == 0 && map(container, 0) == EEXIST);
	copy = fcntl(container, F_DUPFD_CLOEXEC, 50);
	close(container);
	CHECK(map(copy, 0) == EEXIST);
	close(group); /* with the only group go the mappings and the IOMMU */
	CHECK(map(copy, 0x1000) == EINVAL);
	close(copy);
}

static void test_busy(void)
{
	int container, group, copy;

	attach(&container, &group);
	copy = dup(group);
	CHECK(open("/dev/vfio/3", O_RDWR) < 0 && errno == EBUSY);
	close(group);
	CHECK(open("/dev/vfio/3", O_RDWR) < 0 && errno == EBUSY);
	CHECK(dup2(container, copy) == copy); /* the group's last descriptor goes */
	group = open("/dev/vfio/3", O_RDWR);
	CHECK(group >= 0);
	close(group);
	close(copy);
	close(container);
}

static void test_pass(void)
{
	int container, group, pair[2], other;

	attach(&container, &group);
	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	CHECK(map(container, 0) == 0);
	CHECK(send_through(pair[0], container) == 1 && send_through(pair[0], group) == 1);
	close(container);
	close(group);
	other = receive(pair[1]);
	CHECK(map(other, 0) == EEXIST);
	close(other);
	close(receive(pair[1]));
	close(pair[0]);
	close(pair[1]);
}

/* The child's mappings are in the container, which both hold. */
static void test_fork(void)
{
	int container, group, status;
	pid_t child;

	attach(&container, &group);
	child = fork();
	CHECK(child >= 0);
	if (!child)
		_exit(map(container, 0x5000));
	CHECK(waitpid(child, &status, 0) == child && !status);
	CHECK(map(container, 0x5000) == EEXIST);
	close(container);
	close(group);
}

static void test_device(void)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = 0};
	int container, group, device;
	uint32_t word = 0, *bar;
	char line[512];
	FILE *maps;
	int seen = 0;

	attach(&container, &group);
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:05.0");
	CHECK(device >= 0 && fcntl(device, F_GETFD) == FD_CLOEXEC);
	CHECK(!ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info) && info.size == 16384);
	bar = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, device, (off_t)info.offset);
	CHECK(bar != MAP_FAILED);
	bar[3] = 0x12345678;
	CHECK(pread(device, &word, 4, (off_t)info.offset + 12) == 4 && word == 0x12345678);
	CHECK(mmap(NULL, info.size + 4096, PROT_READ, MAP_SHARED, device, (off_t)info.offset) ==
		MAP_FAILED);
	CHECK(pread(device, &word, 4, (off_t)VFIO_PCI_CONFIG_REGION_INDEX << 40) == 4);
	CHECK(word == 0x00101b36);
	maps = fopen("/proc/self/maps", "r");
	while (maps && fgets(line, sizeof(line), maps))
		seen |= strstr(line, "vfio-device") != NULL;
	CHECK(maps && seen);
	fclose(maps);
	close(group);
	close(container);
	CHECK(open("/dev/vfio/3", O_RDWR) < 0 && errno == EBUSY);
	close(device);
	group = open("/dev/vfio/3", O_RDWR);
	CHECK(group >= 0);
	close(group);
}

static void test_wild(void)
{
	int container, group, other = open("/dev/null", O_RDWR), none = 999;

	attach(&container, &group);
	CHECK(ioctl(container, VFIO_IOMMU_MAP_DMA, 8) < 0 && errno == EFAULT);
	close(group);
	group = open("/dev/vfio/3", O_RDWR);
	CHECK(ioctl(group, VFIO_GROUP_SET_CONTAINER, &other) < 0 && errno == EBADFD);
	CHECK(ioctl(group, VFIO_GROUP_SET_CONTAINER, &none) < 0 && errno == EBADF);
	CHECK(ioctl(other, VFIO_IOMMU_MAP_DMA, 8) < 0 && errno == ENOTTY);
	close(group);
	close(container);
	close(other);
}

static void test_list(void)
{
	DIR *dir = opendir("/sys/kernel/iommu_groups");
	struct dirent *entry;
	int seen = 0;

	CHECK(dir);
	while ((entry = readdir(dir)))
		seen += !strcmp(entry->d_name, "3") || !strcmp(entry->d_name, "4");
	CHECK(seen == 2 && !closedir(dir));
	CHECK(!opendir("/sys/kernel/iommu_groups/99") && errno == ENOENT);
}

int main(void)
{
	test_dup();
	test_busy();
	test_pass();
	test_fork();
	test_device();
	test_wild();
	test_list();
	return 0;
}
