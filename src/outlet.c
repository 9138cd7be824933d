/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A descriptor that the shim writes to, and knows again. */
#include "outlet.h"
#include "fd_io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { OUT_OF_THE_WAY = 100 };

struct outlet outlet_borrow(int fd)
{
	struct outlet outlet = {.fd = -1};
	struct stat st;

	if (!fd_stat(fd, &st))
		outlet = (struct outlet){.fd = fd, .device = st.st_dev, .inode = st.st_ino};
	return outlet;
}

int outlet_open(struct outlet *outlet, const char *path)
{
	/* O_NONBLOCK: a FIFO that nobody reads, or nobody empties, must not stop the VMM. */
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags, 0644), high;

	if (fd < 0)
		return -errno;
	high = fcntl(fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
	if (high >= 0) {
		close(fd);
		fd = high;
	}
	*outlet = outlet_borrow(fd);
	return 0;
}

/* The signal that a failing write() to such a file raises, 0 if none. */
static int signal_of(const struct stat *st)
{
	if (S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode))
		return SIGPIPE;
	return S_ISREG(st->st_mode) ? SIGXFSZ : 0; /* past RLIMIT_FSIZE */
}

static bool write_whole(int fd, const char *bytes, size_t length)
{
	ssize_t n;

	do
		n = write(fd, bytes, length);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)length;
}

/* The signal of a failed write would be the VMM's to die of: it is kept back and taken. One that
 * was pending before is the VMM's own; it can have been only where the VMM keeps it back too. */
static bool write_quietly(int fd, const char *bytes, size_t length, int number)
{
	sigset_t one, before, pending;
	bool written, mine;

	sigemptyset(&one);
	sigaddset(&one, number);
	sigprocmask(SIG_BLOCK, &one, &before);
	mine = !sigismember(&before, number) || sigpending(&pending) ||
	       !sigismember(&pending, number);
	errno = 0;
	written = write_whole(fd, bytes, length);
	if (mine && (errno == EPIPE || errno == EFBIG))
		sigtimedwait(&one, NULL, &(struct timespec){0});
	sigprocmask(SIG_SETMASK, &before, NULL);
	return written;
}

bool outlet_write(const struct outlet *outlet, const char *bytes, size_t length)
{
	int saved = errno, number;
	bool written = false;
	struct stat st;

	if (outlet->fd >= 0 && !fd_stat(outlet->fd, &st) && st.st_dev == outlet->device &&
		st.st_ino == outlet->inode) {
		number = signal_of(&st);
		written = number ? write_quietly(outlet->fd, bytes, length, number)
				 : write_whole(outlet->fd, bytes, length);
	}
	errno = saved;
	return written;
}
