/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer: any bytes as the files of sysfs and /proc that the shim itself reads, in portions of
 * any size. The input's first four bytes say how they are read; then come the files, NUL bytes
 * between them: reserved_regions, the names in devices, status, maps. */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REGIONS, DEVICES, STATUS, MAPS, FILES };

struct file {
	const char *at;
	size_t left;
};

static struct {
	struct file files[FILES];
	size_t portion;	  /* bytes that a read returns at most */
	unsigned failing; /* the file that cannot be opened, or whose every third read fails */
	unsigned how;	  /* to fail: 0 not at all, 1 no such file, 2 EINTR, 3 EIO */
	unsigned reads;
	bool failed; /* it has */
	struct file open;
	unsigned which;
	int n_open;
	struct dirent entry;
} host;

static unsigned which_file(const char *path)
{
	if (strstr(path, "/reserved_regions"))
		return REGIONS;
	if (strstr(path, "/devices"))
		return DEVICES;
	return strstr(path, "status") ? STATUS : MAPS;
}

static int begin(const char *path)
{
	host.which = which_file(path);
	if (host.failing == host.which && host.how == 1) {
		host.failed = true;
		errno = ENOENT;
		return -1;
	}
	host.open = host.files[host.which];
	host.n_open++;
	return 77;
}

static int fake_open(const char *path, int flags, ...)
{
	check(flags == (O_RDONLY | O_CLOEXEC));
	return begin(path);
}

static ssize_t fake_read(int fd, void *bytes, size_t room)
{
	size_t n = host.open.left < host.portion ? host.open.left : host.portion;

	check(fd == 77 && room > 0);
	if (host.failing == host.which && host.how > 1 && ++host.reads % 3 == 0) {
		host.failed |= host.how == 3;
		errno = host.how == 2 ? EINTR : EIO;
		return -1;
	}
	n = n < room ? n : room;
	memcpy(bytes, host.open.at, n);
	host.open.at += n;
	host.open.left -= n;
	return (ssize_t)n;
}

static int fake_close(int fd)
{
	check(fd == 77);
	host.n_open--;
	return 0;
}

static DIR *fake_opendir(const char *path)
{
	return begin(path) < 0 ? NULL : (DIR *)&host;
}

static struct dirent *fake_readdir(DIR *dir)
{
	size_t n = 0;

	check(dir == (DIR *)&host);
	if (!host.open.left)
		return NULL;
	while (host.open.left && *host.open.at != '\n' && n < sizeof(host.entry.d_name) - 1) {
		host.entry.d_name[n++] = *host.open.at++;
		host.open.left--;
	}
	host.entry.d_name[n] = 0;
	if (host.open.left && *host.open.at == '\n') {
		host.open.at++;
		host.open.left--;
	}
	return &host.entry;
}

static int fake_closedir(DIR *dir)
{
	check(dir == (DIR *)&host);
	host.n_open--;
	return 0;
}

/* The readers as they are, over these files. */
#define open	 fake_open
#define read	 fake_read
#define close	 fake_close
#define opendir	 fake_opendir
#define readdir	 fake_readdir
#define closedir fake_closedir
/* clang-format off: fd_io.c comes before those that call it */
#include "../../src/fd_io.c"
#include "../../src/host_facts.c"
#undef read
#undef close
#include "../../src/vma.c"
/* clang-format on */

/* Line by line from memory: what fd_each_line() is to make of it, whatever the portions. */
static void each_line(const struct file *file,
	void (*line)(void *context, const char *line, size_t length), void *context)
{
	const char *at = file->at, *end = at + file->left;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		line(context, at, length < 1024 ? length : 1024);
		at += length + 1;
	}
}

static void check_same_regions(const struct host_group *a, const struct host_group *b)
{
	check(a->n_regions == b->n_regions && a->truncated == b->truncated);
	for (size_t i = 0; i < a->n_regions; i++) {
		const struct hole *h = &a->regions[i], *k = &b->regions[i];

		check(h->range.first == k->range.first && h->range.last == k->range.last);
		check(h->type == k->type && h->group == k->group && h->source == HOLE_SYSFS);
		check(h->range.first <= h->range.last && h->group == 12);
	}
}

static void check_group(void)
{
	struct host_group group = {.number = 12}, expected = {.number = 12};
	int err;

	host.reads = host.failed = 0;
	err = host_group_read(&group, true);
	check(err <= 0 && !host.n_open);
	check(group.n_regions <= HOST_GROUP_REGIONS);
	check(memchr(group.devices, 0, sizeof(group.devices)));
	if (err) {
		check(host.failed && !group.devices[0]);
		return;
	}
	each_line(&host.files[REGIONS], add_region, &expected);
	check_same_regions(&group, &expected);
}

static void check_sandboxed(void)
{
	bool expected = true, sandboxed;

	host.reads = host.failed = 0;
	sandboxed = host_sandboxed();
	check(!host.n_open);
	each_line(&host.files[STATUS], find_seccomp, &expected);
	/* What cannot be told is one. */
	check(sandboxed || !host.failed);
	check(host.failed || sandboxed == expected);
}

struct seen {
	struct range wanted;
	uint64_t bytes;
	bool in_order;
	uint64_t next;
};

static void see(void *context, const struct vma *vma)
{
	struct seen *seen = context;

	check(vma->addresses.first <= vma->addresses.last);
	check(range_overlaps(vma->addresses, seen->wanted));
	check(!(vma->anonymous && vma->shared));
	seen->in_order &= vma->addresses.first >= seen->next;
	seen->next = vma->addresses.last + 1;
	seen->bytes += range_size(range_common(vma->addresses, seen->wanted));
}

/* Where the mappings are in order, as the kernel gives them, 0 means that all of it is mapped. */
static void check_maps(struct range wanted)
{
	const struct address_space space = {.proc = "/proc/self"};
	struct seen seen = {.wanted = wanted, .in_order = true};
	int err;

	host.reads = host.failed = 0;
	err = vma_each(&space, wanted, see, &seen);
	check(err <= 0 && !host.n_open);
	if (seen.in_order && (!err || err == -EFAULT) && !host.failed)
		check((seen.bytes == range_size(wanted)) == !err);
}

static void take_apart(const char *at, const char *end)
{
	for (size_t i = 0; i < FILES; i++) {
		const char *nul = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;

		host.files[i] = (struct file){at, (size_t)((nul ? nul : end) - at)};
		at = nul ? nul + 1 : end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4)
		return 0;
	take_apart((const char *)data + 4, (const char *)data + size);
	host.portion = (size_t)data[0] * data[0] + 1;
	host.failing = data[1] % FILES;
	host.how = data[1] / FILES % 4;
	check_group();
	check_sandboxed();
	check_maps((struct range){(uint64_t)data[2] << 12, ((uint64_t)data[2] << 12) | 0xfff});
	check_maps((struct range){(uint64_t)data[2] << 12,
		((uint64_t)data[2] << 12) + ((uint64_t)data[3] << 12) + 0xfff});
	return 0;
}
