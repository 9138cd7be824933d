/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process's own mappings, from /proc/self/maps. */
#include "vma.h"
#include "fd_io.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

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
	/* MAP_PRIVATE|MAP_HUGETLB memory is a nameless file of its own to the kernel. */
	vma->anonymous = !vma->shared && (!vma->inode || contains(&cursor, "/anon_hugepage"));
	vma->disk_file = vma->inode && is_disk_file(&cursor);
	vma->vfio_device =
		contains(&cursor, "vfio-device") || contains(&cursor, "/dev/vfio/devices/");
	return true;
}

struct walk {
	struct range addresses;
	uint64_t next; /* up to here all is mapped */
	bool torn;
	void (*each)(void *context, const struct vma *vma);
	void *context;
};

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
	if (!vma_parse(line, length, &vma))
		return true;
	if (vma.addresses.first > walk->next)
		walk->torn = true;
	walk->next = vma.addresses.last + 1;
	walk->each(walk->context, &vma);
	return walk->next && walk->next <= walk->addresses.last;
}

int vma_each(const struct address_space *space, struct range addresses,
	void (*each)(void *context, const struct vma *vma), void *context)
{
	struct walk walk = {
		.addresses = addresses, .next = addresses.first, .each = each, .context = context};
	char path[48];
	int err;

	snprintf(path, sizeof(path), "%s/maps", space->proc);
	err = fd_each_line_while(path, walk_line, &walk);
	if (err)
		return err;
	return walk.torn || walk.next <= addresses.last ? -EFAULT : 0;
}
