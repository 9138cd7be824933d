/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process's own mappings, from /proc/self/maps. */
#include "vma.h"
#include "fd_io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Linux 6.11: one mapping of a file maps, found as fast as an access to it would
 * (do_procmap_query(), fs/proc/task_mmu.c). */
#ifndef PROCMAP_QUERY
#define PROCMAP_QUERY _IOWR('f', 17, struct procmap_query)
enum {
	PROCMAP_QUERY_VMA_READABLE = 0x01,
	PROCMAP_QUERY_VMA_WRITABLE = 0x02,
	PROCMAP_QUERY_VMA_EXECUTABLE = 0x04,
	PROCMAP_QUERY_VMA_SHARED = 0x08,
	PROCMAP_QUERY_COVERING_OR_NEXT_VMA = 0x10,
};
struct procmap_query {
	uint64_t size, query_flags, query_addr;
	uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
	uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
	uint64_t vma_name_addr, build_id_addr;
};
#endif

struct cursor {
	const char *at;
	const char *end;
};

static uint64_t take_number(struct cursor *cursor, unsigned int base)
{
	uint64_t value = 0;

	for (; cursor->at < cursor->end; cursor->at++) {
		unsigned int c = (unsigned char)*cursor->at, digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20) - 'a' + 10;
		else
			break;
		if (digit >= base)
			break;
		value = value * base + digit;
	}
	return value;
}

static bool take(struct cursor *cursor, char c)
{
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

static bool take_addresses(struct cursor *cursor, struct range *addresses)
{
	uint64_t end;

	addresses->first = take_number(cursor, 16);
	if (!take(cursor, '-'))
		return false;
	end = take_number(cursor, 16);
	addresses->last = end - 1;
	return end > addresses->first && take(cursor, ' ');
}

static bool take_flags(struct cursor *cursor, struct vma *vma)
{
	const char *f = cursor->at;

	if (cursor->end - f < 5 || f[4] != ' ')
		return false;
	vma->prot = (f[0] == 'r' ? PROT_READ : 0) | (f[1] == 'w' ? PROT_WRITE : 0) |
		    (f[2] == 'x' ? PROT_EXEC : 0);
	vma->shared = f[3] == 's';
	cursor->at += 5;
	return true;
}

static bool contains(const struct cursor *text, const char *word)
{
	return memmem(text->at, (size_t)(text->end - text->at), word, strlen(word)) != NULL;
}

/* What has no path, or one that the kernel gives to memory, is none. */
static bool is_disk_file(const struct cursor *text)
{
	static const char *const others[] = {"/dev/", "/memfd:", "/anon_hugepage", "/SYSV"};
	const char *path = memchr(text->at, '/', (size_t)(text->end - text->at));

	for (size_t i = 0; path && i < sizeof(others) / sizeof(others[0]); i++)
		if ((size_t)(text->end - path) >= strlen(others[i]) &&
			!memcmp(path, others[i], strlen(others[i])))
			return false;
	return path && memchr(text->at, '[', (size_t)(path - text->at)) == NULL;
}

/* @name: what the last field of a line in maps is. */
static void take_name(const struct cursor *name, struct vma *vma)
{
	/* MAP_PRIVATE|MAP_HUGETLB memory is a nameless file of its own to the kernel. */
	vma->anonymous = !vma->shared && (!vma->inode || contains(name, "/anon_hugepage"));
	vma->disk_file = vma->inode && is_disk_file(name);
	vma->vfio_device = contains(name, "vfio-device") || contains(name, "/dev/vfio/devices/");
}

bool vma_parse(const char *line, size_t length, struct vma *vma)
{
	struct cursor cursor = {line, line + length};
	unsigned int device_major;

	*vma = (struct vma){0};
	if (!take_addresses(&cursor, &vma->addresses) || !take_flags(&cursor, vma))
		return false;
	vma->whole = vma->addresses;
	vma->offset = take_number(&cursor, 16);
	if (!take(&cursor, ' '))
		return false;
	device_major = (unsigned int)take_number(&cursor, 16);
	if (!take(&cursor, ':'))
		return false;
	vma->device = makedev(device_major, (unsigned int)take_number(&cursor, 16));
	if (!take(&cursor, ' '))
		return false;
	vma->inode = take_number(&cursor, 10);
	take_name(&cursor, vma);
	return true;
}

struct walk {
	struct range addresses;
	uint64_t next; /* up to here all is mapped */
	bool torn;
	void (*each)(void *context, const struct vma *vma);
	void *context;
};

/* False once the last one is seen. */
static bool walk_vma(struct walk *walk, const struct vma *vma)
{
	if (vma->addresses.first > walk->next)
		walk->torn = true;
	walk->next = vma->addresses.last + 1;
	walk->each(walk->context, vma);
	return walk->next && walk->next <= walk->addresses.last;
}

/* Most lines are of other mappings, and those above are of no interest at all. */
static bool walk_line(void *context, const char *line, size_t length)
{
	struct walk *walk = context;
	struct cursor cursor = {line, line + length};
	struct range addresses;
	struct vma vma;

	if (!take_addresses(&cursor, &addresses) || addresses.last < walk->addresses.first)
		return true;
	if (addresses.first > walk->addresses.last)
		return false;
	return !vma_parse(line, length, &vma) || walk_vma(walk, &vma);
}

static void take_answer(const struct procmap_query *query, const char *name, struct vma *vma)
{
	*vma = (struct vma){.addresses = {query->vma_start, query->vma_end - 1},
		.prot = (query->vma_flags & PROCMAP_QUERY_VMA_READABLE ? PROT_READ : 0) |
			(query->vma_flags & PROCMAP_QUERY_VMA_WRITABLE ? PROT_WRITE : 0) |
			(query->vma_flags & PROCMAP_QUERY_VMA_EXECUTABLE ? PROT_EXEC : 0),
		.shared = query->vma_flags & PROCMAP_QUERY_VMA_SHARED,
		.offset = query->vma_offset,
		.device = makedev(query->dev_major, query->dev_minor),
		.inode = query->inode};
	vma->whole = vma->addresses;
	take_name(&(struct cursor){name, name + query->vma_name_size}, vma);
}

/* Returns 0 or -errno; -ENOTTY: the kernel is older. */
static int walk_queries(struct walk *walk, int maps)
{
	char name[PATH_MAX];
	bool more = true;

	while (more) {
		struct procmap_query query = {.size = sizeof(query),
			.query_flags = PROCMAP_QUERY_COVERING_OR_NEXT_VMA,
			.query_addr = walk->next,
			.vma_name_size = sizeof(name),
			.vma_name_addr = (uintptr_t)name};
		struct vma vma;

		if (syscall(SYS_ioctl, maps, PROCMAP_QUERY, &query))
			return errno == ENOENT ? 0 : -errno;
		take_answer(&query, name, &vma);
		more = vma.addresses.first <= walk->addresses.last && walk_vma(walk, &vma);
	}
	return 0;
}

static int walk_by_queries(struct walk *walk, const char *path)
{
	int maps = open(path, O_RDONLY | O_CLOEXEC), err;

	if (maps < 0)
		return -errno;
	err = walk_queries(walk, maps);
	close(maps);
	return err;
}

int vma_each(const struct address_space *space, struct range addresses,
	void (*each)(void *context, const struct vma *vma), void *context)
{
	struct walk walk = {
		.addresses = addresses, .next = addresses.first, .each = each, .context = context};
	char path[48];
	int err = -ENOTTY;

	snprintf(path, sizeof(path), "%s/maps", space->proc);
	if (space->asks)
		err = walk_by_queries(&walk, path);
	if (err == -ENOTTY)
		err = fd_each_line_while(path, walk_line, &walk);
	if (err)
		return err;
	return walk.torn || walk.next <= addresses.last ? -EFAULT : 0;
}
