/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sees whether libiovashim.so becomes active in the VMM that this process is about to become.
 *
 * Two pipes: `ready` goes through exec to the library, which writes one byte to it; `execd` ends at
 * exec, so that time is counted from there on, or gets a byte if exec failed. */
#include "ready_watch.h"
#include "cli.h"
#include "orphan.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUT_OF_THE_WAY = 100, READY = 3, EXECD = 4 };

static int execd_end = -1;

/* The next byte: 1 if there was one, 0 at the pipe's end. */
static int next_byte(int fd)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

/* Waits for the library's byte; NULL if it came, else why it is not waited for any longer. */
static const char *wait_for_library(void)
{
	struct pollfd pipe = {.fd = READY, .events = POLLIN};
	int n;

	do
		n = poll(&pipe, 1, READY_SECONDS * 1000);
	while (n < 0 && errno == EINTR);
	if (n > 0 && next_byte(READY))
		return NULL;
	return n > 0 ? "it has ended, or closed all descriptors" : "it has been running for 10 s";
}

/* A capture of the VMM's output waits for all who hold it open, an unmount for who is there. */
static void let_go(int ready, int execd)
{
	ready = fcntl(ready, F_DUPFD, EXECD + 1);
	execd = fcntl(execd, F_DUPFD, EXECD + 1);
	dup2(ready, READY);
	dup2(execd, EXECD);
	closefrom(EXECD + 1);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (chdir("/"))
		return; /* then an unmount has to wait */
}

__attribute__((noreturn)) static void watch(const char *vmm, int ready, int execd)
{
	const char *why;

	let_go(ready, execd);
	why = next_byte(EXECD) ? NULL : wait_for_library();
	if (why)
		cli_complain("libiovashim.so is not active in %s: %s, and the library did not "
			     "report; see: iovashim check %s",
			vmm, why, vmm);
	_exit(0);
}

static int start(const char *vmm, int ready, int execd)
{
	int result = orphan_fork();

	if (!result)
		watch(vmm, ready, execd);
	return result < 0 ? result : 0;
}

/* Moves the end that the VMM inherits up, where it is in nobody's way, if numbers go that far. */
static int hand_down(int fd)
{
	int high = fcntl(fd, F_DUPFD, OUT_OF_THE_WAY);

	if (high < 0)
		high = fcntl(fd, F_DUPFD, EXECD + 1);
	return high;
}

static int tell_library(int fd)
{
	char where[64];
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	snprintf(where, sizeof(where), "%d:%llu", fd, (unsigned long long)st.st_ino);
	return setenv("IOVASHIM_READY", where, 1) ? -errno : 0;
}

int ready_watch_start(const char *vmm)
{
	int ready[2], execd[2], high, err;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	if (pipe2(execd, O_CLOEXEC)) {
		err = -errno;
		close(ready[0]);
		close(ready[1]);
		return err;
	}
	high = hand_down(ready[1]);
	err = high < 0 ? -errno : tell_library(high);
	if (!err)
		err = start(vmm, ready[0], execd[0]);
	if (err && high >= 0)
		close(high);
	close(ready[0]);
	close(ready[1]);
	close(execd[0]);
	execd_end = execd[1];
	return err;
}

void ready_watch_cancel(void)
{
	if (execd_end >= 0 && write(execd_end, "-", 1) == 1)
		close(execd_end);
}
