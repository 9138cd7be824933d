/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container's life as a VMM leads it: through dup, passing, fork, reuse of its number,
 * threads and signal handlers. Preloaded with the shim and the model kernel. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Across the MSI window, which both groups of amd.host reserve. */
#define IOVA 0xfed00000ULL
#define SIZE 0x300000ULL

static int failures;
static char *memory;

static void expect(bool good, const char *name, const char *what)
{
	if (good)
		return;
	failures++;
	printf("not ok %s: %s (errno %d)\n", name, what, errno);
}

struct vfio {
	int container, group;
};

static struct vfio open_vfio(const char *group)
{
	struct vfio v = {open("/dev/vfio/vfio", O_RDWR), open(group, O_RDWR)};

	if (ioctl(v.group, VFIO_GROUP_SET_CONTAINER, &v.container) ||
		ioctl(v.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		expect(false, "setup", group);
	return v;
}

static void close_vfio(struct vfio v)
{
	close(v.group);
	close(v.container);
}

static int map_at(int fd, uint64_t iova, uint64_t size, const char *where)
{
	struct vfio_iommu_type1_dma_map map = {.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)where,
		.iova = iova,
		.size = size};

	return ioctl(fd, VFIO_IOMMU_MAP_DMA, &map);
}

static int map(int fd)
{
	return map_at(fd, IOVA, SIZE, memory);
}

static uint64_t unmap(int fd)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = IOVA, .size = SIZE};

	return ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &unmap) ? UINT64_MAX : unmap.size;
}

/* True if all of the mapping's memory can be written: no guard is up. */
static bool accessible(void)
{
	int fds[2];
	bool good;

	if (pipe(fds))
		return false;
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	good = write(fds[1], memory + 0x100000, 1) == 1; /* EFAULT where it is guarded */
	close(fds[0]);
	close(fds[1]);
	return good;
}

static void test_duplicates(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3");
	int copies[] = {dup(v.container), dup2(v.container, 200), dup3(v.container, 201, O_CLOEXEC),
		fcntl(v.container, F_DUPFD, 202), fcntl(v.container, F_DUPFD_CLOEXEC, 203)};

	for (size_t i = 0; i < sizeof(copies) / sizeof(*copies); i++) {
		expect(!map(v.container), name, "map");
		expect(map(copies[i]) && errno == EEXIST, name, "the copy knows of it");
		expect(!accessible(), name, "guarded");
		expect(unmap(copies[i]) == SIZE, name, "the copy unmaps all of it");
		expect(accessible(), name, "the guard is down");
	}
	expect(!map(v.container), name, "map");
	close(v.container);
	expect(!accessible(), name, "guarded as long as a copy is open");
	for (size_t i = 0; i < sizeof(copies) / sizeof(*copies); i++)
		close(copies[i]);
	expect(!accessible(), name, "guarded as long as its group is open");
	close(v.group);
	expect(accessible(), name, "the last descriptor takes the guard along");
}

static void test_reuse(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3"), w;
	int number = v.container;

	expect(!map(v.container), name, "map");
	close_vfio(v);
	expect(accessible(), name, "the guard goes with the container");
	w = open_vfio("/dev/vfio/3");
	expect(w.container == number, name, "the number is used again");
	expect(!map(w.container), name, "the new container is empty");
	expect(unmap(w.container) == SIZE, name, "and its own");
	close(w.container);
	number = open("/dev/null", O_RDWR);
	errno = 0;
	expect(ioctl(number, VFIO_IOMMU_MAP_DMA, NULL) && errno == ENOTTY, name,
		"a file is a file");
	close(number);
	close(w.group);
}

static void test_two(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3"), w = open_vfio("/dev/vfio/4");

	expect(!map(v.container), name, "map in one");
	expect(!map(w.container), name, "and in the other");
	expect(unmap(v.container) == SIZE, name, "unmap the one");
	expect(!accessible(), name, "guarded for the other");
	expect(unmap(w.container) == SIZE, name, "unmap the other");
	expect(accessible(), name, "guarded for none");
	close_vfio(v);
	close_vfio(w);
}

static void test_groups(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3");
	int second = open("/dev/vfio/4", O_RDWR);

	expect(!map(v.container), name, "map");
	expect(!ioctl(second, VFIO_GROUP_SET_CONTAINER, &v.container), name,
		"a second group joins");
	expect(!ioctl(second, VFIO_GROUP_UNSET_CONTAINER), name, "and leaves");
	expect(unmap(v.container) == SIZE, name, "the mapping stayed whole");
	expect(!map(v.container), name, "map again");
	expect(!ioctl(v.group, VFIO_GROUP_UNSET_CONTAINER), name, "the last group leaves");
	expect(accessible(), name, "the kernel's mappings are gone, and so is the guard");
	close(second);
	close_vfio(v);
}

static int open_device(struct vfio v)
{
	return ioctl(v.group, VFIO_GROUP_GET_DEVICE_FD, "0000:00:05.0");
}

/* The kernel's mappings stay as long as anything keeps a group of the container open. */
static void test_closed_first(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3");
	int second = open("/dev/vfio/4", O_RDWR), device = open_device(v), copy = dup(device);

	expect(device >= 0 && copy >= 0, name, "a device, twice");
	expect(!ioctl(second, VFIO_GROUP_SET_CONTAINER, &v.container), name, "two groups");
	expect(!map(v.container), name, "map");
	close(v.container);
	expect(!accessible(), name, "guarded with the container closed");
	expect(!ioctl(second, VFIO_GROUP_UNSET_CONTAINER), name, "the one group leaves");
	expect(!accessible(), name, "guarded for the other");
	close(v.group);
	expect(!accessible(), name, "guarded with the group closed");
	close(device);
	expect(!accessible(), name, "guarded for a device that is open still");
	close(copy);
	expect(accessible(), name, "the last device takes the guard along");
	close(second);
}

/* The groups' descriptors, and those of devices, as a VMM can leave them. */
static void test_closed_first_by_others(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3"), w;
	int device = open_device(v), status = -1;
	pid_t child;

	expect(!map(v.container), name, "map");
	close(v.container);
	child = fork();
	if (!child) {
		close_range((unsigned int)v.group, ~0u, 0);
		_exit(accessible() ? 0 : 1);
	}
	waitpid(child, &status, 0);
	expect(!status, name, "a child closes what it has: its own guard goes");
	child = vfork();
	if (!child) {
		close(v.group);
		close(device);
		_exit(0);
	}
	waitpid(child, &status, 0);
	expect(!accessible(), name, "guarded whatever the children closed");
	expect(ioctl(v.group, VFIO_GROUP_UNSET_CONTAINER) && errno == EBUSY, name,
		"the group does not leave under its device");
	expect(!accessible(), name, "guarded still");
	close(device);
	expect(!ioctl(v.group, VFIO_GROUP_UNSET_CONTAINER), name, "the last group leaves");
	expect(accessible(), name, "the guard goes with it");
	w.group = v.group;
	w.container = open("/dev/vfio/vfio", O_RDWR);
	expect(!ioctl(w.group, VFIO_GROUP_SET_CONTAINER, &w.container) &&
			!ioctl(w.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU),
		name, "another container for the group");
	expect(!map(w.container), name, "which is empty");
	device = open_device(w);
	close(w.container);
	close(w.group);
	expect(!accessible(), name, "guarded for the device");
	dup2(STDOUT_FILENO, device);
	expect(accessible(), name, "which another file takes the number of");
	close(device);
}

static void test_fork(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3");
	int status = -1;
	pid_t child;

	expect(!map(v.container), name, "map before the fork");
	child = fork();
	if (!child)
		_exit(unmap(v.container) == SIZE && !map(v.container) ? 0 : 1);
	waitpid(child, &status, 0);
	expect(!status, name, "the child unmaps all, and maps again");
	expect(unmap(v.container) == SIZE, name, "the parent unmaps the child's");
	child = fork();
	if (!child)
		_exit(map(v.container) ? 1 : 0);
	waitpid(child, &status, 0);
	expect(!status, name, "a child that knows of none maps");
	expect(unmap(v.container) == SIZE, name, "the parent, too, unmaps all of it");
	expect(!map(v.container), name, "map");
	child = fork();
	if (!child)
		_exit(unmap(v.container) == SIZE ? 0 : 1);
	waitpid(child, &status, 0);
	expect(!status, name, "the child unmaps");
	expect(!unmap(v.container), name, "which leaves nothing to the parent");
	expect(accessible(), name, "nor a guard");
	close_vfio(v);
}

static int send_fd(int socket, int fd)
{
	char space[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

static int receive_fd(int socket)
{
	char space[CMSG_SPACE(sizeof(int))] = {0}, byte;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space)};
	int fd = -1;

	if (recvmsg(socket, &message, 0) == 1)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void test_passing(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3");
	int sockets[2], passed;

	expect(!socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), name, "socketpair");
	expect(!map(v.container), name, "map");
	expect(!send_fd(sockets[0], v.container), name, "send");
	passed = receive_fd(sockets[1]);
	expect(passed >= 0, name, "receive");
	expect(map(passed) && errno == EEXIST, name, "the passed one knows of the mapping");
	expect(unmap(passed) == SIZE, name, "and unmaps all of it");
	close(passed);
	close(sockets[0]);
	close(sockets[1]);
	close_vfio(v);
}

static volatile sig_atomic_t handled;
static int handler_fd;
static char *handler_memory;

/* A range of its own, then the one that its thread is at work on: there, or not, but never half. */
static void on_alarm(int number)
{
	int saved = errno;
	struct vfio_iommu_type1_dma_unmap request = {
		.argsz = sizeof(request), .iova = 0xfcfff00000, .size = 0x200000};

	(void)number;
	if (!map_at(handler_fd, 0xfcfff00000, 0x200000, handler_memory) &&
		!ioctl(handler_fd, VFIO_IOMMU_UNMAP_DMA, &request) && request.size == 0x200000 &&
		(map(handler_fd) ? errno == EEXIST : unmap(handler_fd) == SIZE))
		handled++;
	errno = saved;
}

static void test_signals(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3");
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct itimerval timer = {0};

	handler_fd = v.container;
	handler_memory =
		mmap(NULL, 0x200000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaction(SIGALRM, &action, NULL);
	for (int i = 0; i < 2000 || handled < 20; i++) {
		timer.it_value.tv_usec = 1 + i * 37 % 600; /* once, somewhere on the way */
		setitimer(ITIMER_REAL, &timer, NULL);
		expect(!map(v.container), name, "map while handlers map");
		expect(unmap(v.container) == SIZE, name, "unmap while handlers map");
	}
	signal(SIGALRM, SIG_IGN);
	munmap(handler_memory, 0x200000);
	close_vfio(v);
}

/* A child of vfork() has its parent's memory, but descriptors of its own to close. */
static void test_vfork(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3");
	int status = -1;
	pid_t child;

	expect(!map(v.container), name, "map");
	child = vfork();
	if (!child) {
		dup2(v.group, v.container);
		close(v.container);
		close_range((unsigned int)v.container, ~0u, 0);
		_exit(0);
	}
	waitpid(child, &status, 0);
	expect(!status, name, "the child ends well");
	expect(!accessible(), name, "guarded");
	expect(unmap(v.container) == SIZE, name, "the parent unmaps all of it");
	close_vfio(v);
}

/* What fails closes nothing; what works leaves errno alone. */
static void test_closing(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3");
	int copy;

	expect(!map(v.container), name, "map");
	expect(close_range(0, ~0u, 1u << 31) && errno == EINVAL, name, "flags of another kernel");
	expect(!accessible(), name, "guarded still");
	errno = EILSEQ;
	copy = dup(v.container);
	expect(!close(v.container) && errno == EILSEQ, name, "close and errno");
	expect(unmap(copy) == SIZE && errno == EILSEQ, name, "unmap and errno");
	expect(!close(copy) && !close(v.group) && errno == EILSEQ, name, "the last close");
}

/* A bitmap at NULL is the kernel's to refuse. */
static void test_null_bitmap(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3");
	struct vfio_iommu_type1_dirty_bitmap start = {
		.argsz = sizeof(start), .flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_START};
	struct {
		struct vfio_iommu_type1_dirty_bitmap head;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} dirty = {{.argsz = sizeof(dirty), .flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP},
		{.iova = IOVA, .size = SIZE, .bitmap = {.pgsize = 4096, .size = 4096}}};
	struct {
		struct vfio_iommu_type1_dma_unmap head;
		struct vfio_bitmap bitmap;
	} all = {{.argsz = sizeof(all),
			 .flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
			 .iova = IOVA,
			 .size = SIZE},
		{.pgsize = 4096, .size = 4096}};

	expect(!map(v.container), name, "map");
	expect(!ioctl(v.container, VFIO_IOMMU_DIRTY_PAGES, &start), name, "start");
	expect(ioctl(v.container, VFIO_IOMMU_DIRTY_PAGES, &dirty) && errno == EFAULT, name, "get");
	expect(ioctl(v.container, VFIO_IOMMU_UNMAP_DMA, &all) && errno == EFAULT, name,
		"unmap with it");
	expect(unmap(v.container) == SIZE, name, "nothing was unmapped");
	close_vfio(v);
}

static volatile bool stop;

static void *map_for_ever(void *argument)
{
	const struct vfio *v = argument;

	while (!stop) {
		expect(!map(v->container), "fork while mapping", "map");
		expect(unmap(v->container) == SIZE, "fork while mapping", "unmap");
	}
	return NULL;
}

static void test_fork_while_mapping(const char *name)
{
	struct vfio v = open_vfio("/dev/vfio/3"), w = open_vfio("/dev/vfio/4");
	pthread_t thread;

	stop = false;
	pthread_create(&thread, NULL, map_for_ever, &v);
	for (int i = 0; i < 100; i++) {
		int status = -1;
		pid_t child = fork();

		/* What the other thread was at must not keep the child waiting. */
		if (!child)
			_exit(map_at(w.container, 0x100000000, 0x100000, memory));
		waitpid(child, &status, 0);
		expect(!status, name, "the child maps in its own");
		status = -1;
		child = fork();
		if (!child) {
			struct vfio_iommu_type1_dma_unmap all = {
				.argsz = sizeof(all), .iova = 0x100000000, .size = 0x100000};

			_exit(ioctl(w.container, VFIO_IOMMU_UNMAP_DMA, &all));
		}
		waitpid(child, &status, 0);
		expect(!status, name, "and another unmaps");
	}
	stop = true;
	pthread_join(thread, NULL);
	close_vfio(v);
	close_vfio(w);
}

static long resident_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *status = fopen("/proc/self/status", "r");

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (status)
		fclose(status);
	return kib;
}

static void test_growth(const char *name)
{
	const char *pairs = getenv("PAIRS");
	long n = pairs ? atol(pairs) : 20000, before;
	struct vfio v = open_vfio("/dev/vfio/3");

	for (long i = 0; i < 1000; i++)
		expect(!map(v.container) && unmap(v.container) == SIZE, name, "warm up");
	before = resident_kib();
	for (long i = 0; i < n; i++)
		expect(!map(v.container) && unmap(v.container) == SIZE, name, "pair");
	for (long i = 0; i < n / 100; i++) {
		close_vfio(v);
		v = open_vfio("/dev/vfio/3");
	}
	expect(resident_kib() - before < 128, name, "memory is as it was");
	close_vfio(v);
}

static const struct {
	const char *name;
	void (*run)(const char *name);
} tests[] = {
	{"duplicates", test_duplicates},
	{"number used again", test_reuse},
	{"two containers", test_two},
	{"groups come and go", test_groups},
	{"container closed first", test_closed_first},
	{"container closed first, children and others", test_closed_first_by_others},
	{"fork", test_fork},
	{"passing", test_passing},
	{"vfork", test_vfork},
	{"closing", test_closing},
	{"bitmap at NULL", test_null_bitmap},
	{"signal handler that maps", test_signals},
	{"fork while mapping", test_fork_while_mapping},
	{"no growth", test_growth},
};

int main(void)
{
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		int before = failures;

		tests[i].run(tests[i].name);
		if (failures == before)
			printf("ok %s\n", tests[i].name);
		fflush(stdout);
	}
	return failures != 0;
}
