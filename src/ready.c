/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells who started the VMM that the library is in it. */
#include "ready.h"
#include "fd_io.h"
#include "outlet.h"

#include <stdio.h>
#include <unistd.h>

void ready_report(const char *where)
{
	unsigned long long inode;
	struct outlet pipe;
	struct stat st;
	int fd;

	if (!where || sscanf(where, "%d:%llu", &fd, &inode) != 2)
		return;
	if (fd_stat(fd, &st) || !S_ISFIFO(st.st_mode) || st.st_ino != inode)
		return;
	pipe = outlet_borrow(fd);
	outlet_write(&pipe, "+", 1);
	close(fd);
}
