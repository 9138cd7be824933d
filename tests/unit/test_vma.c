/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /proc/self/maps, real ones and broken ones; and this process's own. */
#include "vma.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <cmocka.h>

/* A line, and "FIRST-LAST PROT s|p [anon] [bar] MAJOR:MINOR INODE OFFSET", or "" if it is none. */
static const struct {
	const char *line, *parsed;
} lines[] = {
	{"55d0a0000000-55d0a0002000 r--p 00000000 08:01 131 /usr/bin/cat",
		"55d0a0000000-55d0a0001fff r--p 8:1 131 0"},
	{"7f0000000000-7f0000200000 rw-p 00000000 00:00 0 ",
		"7f0000000000-7f00001fffff rw-p anon 0:0 0 0"},
	{"7f0000000000-7f0000200000 rw-p 00000000 00:00 0",
		"7f0000000000-7f00001fffff rw-p anon 0:0 0 0"},
	{"7f0000000000-7f0000200000 rw-p 00000000 00:00 0          [anon:ram]",
		"7f0000000000-7f00001fffff rw-p anon 0:0 0 0"},
	{"7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0 [stack]",
		"7ffc00000000-7ffc00020fff rw-p anon 0:0 0 0"},
	{"7f0000000000-7f0040000000 rw-s 100000000 00:01 2067  /memfd:ram (deleted)",
		"7f0000000000-7f003fffffff rw-s 0:1 2067 100000000"},
	{"7f0000000000-7f0000200000 rw-s 00000000 00:01 1025 /dev/zero (deleted)",
		"7f0000000000-7f00001fffff rw-s 0:1 1025 0"},
	{"7f0000000000-7f0000001000 ---p 00000000 00:00 0",
		"7f0000000000-7f0000000fff ---p anon 0:0 0 0"},
	{"7f0000000000-7f0000001000 --xp 00000000 00:00 0",
		"7f0000000000-7f0000000fff --xp anon 0:0 0 0"},
	/* huge pages: private ones are a nameless file, which is none to us */
	{"7f0000000000-7f0000200000 rw-p 00000000 00:0f 30 /anon_hugepage (deleted)",
		"7f0000000000-7f00001fffff rw-p anon 0:15 30 0"},
	{"7f0000000000-7f0000200000 rw-s 00000000 00:0f 30 /anon_hugepage (deleted)",
		"7f0000000000-7f00001fffff rw-s 0:15 30 0"},
	{"7f0000000000-7f0000200000 rw-p 00000000 00:0f 31 /dev/hugepages/ram",
		"7f0000000000-7f00001fffff rw-p 0:15 31 0"},
	/* BARs, by group and by device */
	{"7f0000000000-7f0000004000 rw-s 00000000 00:0e 1057 anon_inode:[vfio-device]",
		"7f0000000000-7f0000003fff rw-s bar 0:14 1057 0"},
	{"7f0000000000-7f0000004000 rw-s 10000000000 00:05 912 /dev/vfio/devices/vfio0",
		"7f0000000000-7f0000003fff rw-s bar 0:5 912 10000000000"},
	/* the ends of the numbers' ranges */
	{"0-1 r--p 0 0:0 0", "0-0 r--p anon 0:0 0 0"},
	{"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]",
		"ffffffffff600000-ffffffffff600fff --xp anon 0:0 0 0"},
	{"7f0000000000-7f0000001000 r--p fffffffffffff000 fff:fffff 18446744073709551615 /x",
		"7f0000000000-7f0000000fff r--p 4095:1048575 18446744073709551615 "
		"fffffffffffff000"},
	{"7F0000000000-7F0000001000 r--p 00000000 00:00 0",
		"7f0000000000-7f0000000fff r--p anon 0:0 0 0"},
	/* none of them a line */
	{"", ""},
	{"-", ""},
	{"7f0000000000", ""},
	{"7f0000000000-", ""},
	{"7f0000000000-7f0000001000", ""},
	{"7f0000000000-7f0000001000 ", ""},
	{"7f0000000000-7f0000001000 rw-", ""},
	{"7f0000000000-7f0000001000 rw-p", ""},
	{"7f0000000000-7f0000001000 rw-p ", ""},
	{"7f0000000000-7f0000001000 rw-p 00000000", ""},
	{"7f0000000000-7f0000001000 rw-p 00000000 ", ""},
	{"7f0000000000-7f0000001000 rw-p 00000000 00", ""},
	{"7f0000000000-7f0000001000 rw-p 00000000 00:00", ""},
	{"7f0000000000-7f0000000000 rw-p 00000000 00:00 0", ""},
	{"7f0000001000-7f0000000000 rw-p 00000000 00:00 0", ""},
	{"7f0000000000 7f0000001000 rw-p 00000000 00:00 0", ""},
	{"7f0000000000-7f0000001000 rw-px 00000000 00:00 0", ""},
	{"7f0000000000-7f0000001000\trw-p 00000000 00:00 0", ""},
	{"Size:                  4 kB", ""},
};

static void describe(const struct vma *vma, char *text, size_t room)
{
	snprintf(text, room, "%llx-%llx %c%c%c%c%s%s %u:%u %llu %llx",
		(unsigned long long)vma->addresses.first, (unsigned long long)vma->addresses.last,
		vma->prot & PROT_READ ? 'r' : '-', vma->prot & PROT_WRITE ? 'w' : '-',
		vma->prot & PROT_EXEC ? 'x' : '-', vma->shared ? 's' : 'p',
		vma->anonymous ? " anon" : "", vma->vfio_device ? " bar" : "", major(vma->device),
		minor(vma->device), (unsigned long long)vma->inode,
		(unsigned long long)vma->offset);
}

/* Not terminated and of its exact size, so that the sanitizer sees a byte too many. */
static bool parse(const char *line, struct vma *vma)
{
	size_t length = strlen(line);
	char *copy = malloc(length + !length);
	bool parsed;

	memcpy(copy, line, length);
	parsed = vma_parse(copy, length, vma);
	free(copy);
	return parsed;
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char text[160] = "";
		struct vma vma;

		if (parse(lines[i].line, &vma))
			describe(&vma, text, sizeof(text));
		if (strcmp(text, lines[i].parsed))
			fail_msg("%s\n  got '%s', expected '%s'", lines[i].line, text,
				lines[i].parsed);
	}
}

struct walk {
	size_t n;
	struct vma vmas[8];
};

static void note(void *context, const struct vma *vma)
{
	struct walk *walk = context;

	assert_true(walk->n < 8);
	walk->vmas[walk->n++] = *vma;
}

static struct range pages(const char *base, unsigned int first, unsigned int n)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)base + first * page;

	return (struct range){start, start + n * page - 1};
}

/* Pages of one block, by what is done to them: three mappings, and what is not mapped. */
static void test_own(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *base = mmap(NULL, 8 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct walk walk = {0};

	(void)state;
	assert_ptr_not_equal(base, MAP_FAILED);
	assert_int_equal(munmap(base, page), 0);
	assert_int_equal(mprotect(base + page, page, PROT_READ), 0);
	assert_int_equal(mprotect(base + 2 * page, 2 * page, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(munmap(base + 5 * page, page), 0);
	assert_int_equal(munmap(base + 7 * page, page), 0);

	assert_int_equal(vma_each(&address_space_self, pages(base, 1, 4), note, &walk), 0);
	assert_int_equal(walk.n, 3);
	assert_true(walk.vmas[0].addresses.first == pages(base, 1, 1).first);
	assert_int_equal(walk.vmas[0].prot, PROT_READ);
	assert_int_equal(walk.vmas[1].prot, PROT_READ | PROT_WRITE);
	assert_true(walk.vmas[1].addresses.last == pages(base, 2, 2).last);
	assert_int_equal(walk.vmas[2].prot, PROT_NONE);

	walk.n = 0;
	assert_int_equal(vma_each(&address_space_self, pages(base, 3, 1), note, &walk), 0);
	assert_int_equal(walk.n, 1);
	assert_int_equal(vma_each(&address_space_self, pages(base, 6, 1), note, &walk), 0);

	/* the start, the middle, the end, or all of it is not mapped */
	assert_int_equal(vma_each(&address_space_self, pages(base, 0, 2), note, &walk), -EFAULT);
	assert_int_equal(vma_each(&address_space_self, pages(base, 4, 3), note, &walk), -EFAULT);
	assert_int_equal(vma_each(&address_space_self, pages(base, 6, 2), note, &walk), -EFAULT);
	assert_int_equal(vma_each(&address_space_self, pages(base, 5, 1), note, &walk), -EFAULT);
}

enum { MANY = 1024 };
struct all {
	size_t n;
	struct vma vmas[MANY];
};

static void note_all(void *context, const struct vma *vma)
{
	struct all *all = context;

	assert_true(all->n < MANY);
	all->vmas[all->n++] = *vma;
}

/* Files of all kinds and private memory, in a range without gaps. */
static char *all_kinds(size_t page)
{
	const int shared[] = {memfd_create("ram", MFD_CLOEXEC),
		open("/dev/zero", O_RDWR | O_CLOEXEC),
		open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
	char *base = mmap(NULL, 8 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(base, MAP_FAILED);
	for (size_t i = 0; i < 3; i++) {
		int kind = i == 2 ? MAP_PRIVATE : MAP_SHARED;

		assert_true(shared[i] >= 0);
		assert_ptr_not_equal(mmap(base + (2 * i + 1) * page, page, PROT_READ,
					     kind | MAP_FIXED, shared[i], i == 2 ? (off_t)page : 0),
			MAP_FAILED);
		close(shared[i]);
	}
	mprotect(base + 6 * page, page, PROT_READ | PROT_WRITE);
	mprotect(base + 7 * page, page, PROT_NONE);
	return base;
}

/* Whether it is asked or read, the kernel says the same. */
static void test_asked(void **state)
{
	struct address_space asked = address_space_self;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *base = all_kinds(page);
	struct all one = {0}, other = {0};

	(void)state;
	asked.asks = true;
	assert_int_equal(vma_each(&address_space_self, pages(base, 0, 8), note_all, &one), 0);
	assert_int_equal(vma_each(&asked, pages(base, 0, 8), note_all, &other), 0);
	assert_int_equal(one.n, 8);
	assert_int_equal(other.n, one.n);
	assert_memory_equal(one.vmas, other.vmas, one.n * sizeof(one.vmas[0]));
	one.n = other.n = 0;
	assert_int_equal(vma_each(&asked, pages(base, 2, 1), note_all, &one), 0);
	assert_int_equal(one.n, 1);
	assert_true(one.vmas[0].addresses.first == pages(base, 2, 1).first);
	munmap(base + 3 * page, page);
	munmap(base, page);
	munmap(base + 7 * page, page);
	for (unsigned int first = 0; first < 8; first++) {
		int err = first % 7 && first != 3 ? 0 : -EFAULT;

		assert_int_equal(vma_each(&asked, pages(base, first, 1), note_all, &one), err);
	}
	assert_int_equal(vma_each(&asked, pages(base, 1, 5), note_all, &one), -EFAULT);
	munmap(base, 8 * page);
	/* the whole of it, and what is above all */
	assert_int_equal(
		vma_each(&asked, (struct range){0, UINT64_MAX}, note_all, &other), -EFAULT);
	assert_true(other.n > 8);
	assert_int_equal(
		vma_each(&asked, (struct range){UINT64_MAX - 4095, UINT64_MAX}, note_all, &other),
		-EFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
