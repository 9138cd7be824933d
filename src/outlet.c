/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A descriptor that the shim writes to, and knows again. */
#include "outlet.h"
#include "fd_io.h"

#include <errno.h>
#include <fcntl.h>
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
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	int high;

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

bool outlet_write(const struct outlet *outlet, const char *bytes, size_t length)
{
	struct outlet now;
	int saved = errno;
	bool same = false;

	if (outlet->fd >= 0) {
		now = outlet_borrow(outlet->fd);
		same = now.fd >= 0 && now.device == outlet->device && now.inode == outlet->inode;
	}
	if (same)
		same = write(outlet->fd, bytes, length) >= 0;
	errno = saved;
	return same;
}
