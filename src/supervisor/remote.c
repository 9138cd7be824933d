/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another process's memory and descriptors. */
#include "remote.h"
#include "fd_io.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

bool remote_read(pid_t pid, uint64_t address, void *to, size_t bytes)
{
	struct iovec here = {to, bytes}, there = {(void *)(uintptr_t)address, bytes};

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)bytes;
}

bool remote_write(pid_t pid, uint64_t address, const void *from, size_t bytes)
{
	struct iovec here, there = {(void *)(uintptr_t)address, bytes};

	memcpy(&here.iov_base, &from, sizeof(from)); /* it is not written to */
	here.iov_len = bytes;
	return process_vm_writev(pid, &here, 1, &there, 1, 0) == (ssize_t)bytes;
}

/* In one go it could end where no memory is, behind the text. */
void remote_read_text(pid_t pid, uint64_t address, char *to, size_t room)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), in_page = page - address % page;
	size_t first = in_page < room ? (size_t)in_page : room;

	memset(to, 0, room);
	if (remote_read(pid, address, to, first) && !memchr(to, 0, first) && first < room)
		remote_read(pid, address + first, to + first, room - first);
	to[room - 1] = 0;
}

struct family {
	pid_t process, parent;
};

static void take_number(const char *line, size_t length, const char *key, pid_t *number)
{
	size_t n = strlen(key);
	pid_t value = 0;

	if (length <= n || memcmp(line, key, n) != 0)
		return;
	for (size_t i = n; i < length && line[i] >= '0' && line[i] <= '9'; i++)
		value = value * 10 + (line[i] - '0');
	*number = value;
}

static void take_line(void *context, const char *line, size_t length)
{
	struct family *family = context;

	take_number(line, length, "Tgid:\t", &family->process);
	take_number(line, length, "PPid:\t", &family->parent);
}

pid_t remote_process(pid_t tid, pid_t *parent)
{
	struct family family = {-1, -1};
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	if (fd_each_line(path, take_line, &family))
		return -1;
	*parent = family.parent;
	return family.process;
}

static void take_state(void *context, const char *line, size_t length)
{
	char *state = context;

	if (length > 7 && !memcmp(line, "State:\t", 7))
		*state = line[7];
}

char remote_state(pid_t tid)
{
	char path[32], state = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	return fd_each_line(path, take_state, &state) ? 0 : state;
}

int remote_descriptor(pid_t process, int fd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, process, 0);
	int own = pidfd < 0 ? -errno : (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	if (pidfd < 0)
		return own;
	own = own < 0 ? -errno : own;
	close(pidfd);
	return own;
}

bool remote_same_file(pid_t tid, int fd, int own)
{
	return !syscall(SYS_kcmp, getpid(), tid, KCMP_FILE, own, fd);
}

bool remote_same_memory(pid_t a, pid_t b)
{
	return a == b || !syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0);
}

/* The pointer that the kernel gave the program; the bytes are in the program's own stack. */
uint64_t remote_random_address(pid_t process)
{
	Elf64_auxv_t entry;
	uint64_t address = 0;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/auxv", process);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while (!address && read(fd, &entry, sizeof(entry)) == (ssize_t)sizeof(entry))
		if (entry.a_type == AT_RANDOM)
			address = entry.a_un.a_val;
	close(fd);
	return address;
}
