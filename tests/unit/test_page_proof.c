/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a proof is content with; and the file behind shared memory: found among the descriptors that
 * there are, whatever their limit. */
#include "page_proof.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

enum { BYTES = 0x4000, HIGH = 900 };

static int stats, found;

static int stat_counted(void *context, int fd, struct stat *st)
{
	int result = fstat(fd, st);

	stats++;
	if (!result && context && st->st_ino == ((const struct vma *)context)->inode)
		found++;
	return result;
}

static int prove(const char *memory, const struct stat *st)
{
	struct vma vma = {
		.addresses = {(uint64_t)(uintptr_t)memory, (uint64_t)(uintptr_t)memory + BYTES - 1},
		.prot = PROT_READ | PROT_WRITE,
		.shared = true,
		.device = st->st_dev,
		.inode = st->st_ino};
	struct address_space space = address_space_self;
	struct page_proof proof;
	int err;

	vma.whole = vma.addresses;
	space.stat = stat_counted;
	space.context = &vma;
	stats = found = 0;
	page_proof_start(&proof, &space);
	err = page_proof_unused(&proof, &vma);
	page_proof_end(&proof);
	return err;
}

/* How many descriptors the kernel has a table for: many where valgrind has its own, high up. */
static int table_size(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];
	int size = 0;

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "FDSize: %d", &size) == 1)
			break;
	if (status)
		fclose(status);
	return size;
}

/* A supervisor or libvirt sets the limit high; each look at a number costs a system call. */
static void test_descriptors(void **state)
{
	int fd = memfd_create("ram", MFD_CLOEXEC), high;
	struct rlimit limit;
	struct stat st;
	char *memory;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(ftruncate(fd, BYTES), 0);
	assert_int_equal(fstat(fd, &st), 0);
	memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(memory != MAP_FAILED);
	high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH);
	close(fd);

	assert_int_equal(prove(memory, &st), 0);
	assert_int_equal(found, 1);
	memory[BYTES - 1] = 1;
	assert_int_equal(prove(memory, &st), -EBUSY);
	close(high);
	assert_int_equal(prove(memory, &st), -EBUSY);
	assert_int_equal(found, 0);
	assert_in_range(stats, 1, table_size());
	munmap(memory, BYTES);
}

/* Absent pages are seen by the page map alone; what is read is what is there. */
static void test_needs(void **state)
{
	const struct {
		size_t pages, touched; /* from the first on, with zeroes */
		char last;	       /* byte of the last that is touched */
		int proved;
		bool resident, memory, buffer;
	} rows[] = {
		{1, 0, 0, 0, false, false, false},
		{PAGE_PROOF_FEW, 0, 0, 0, false, false, false},
		{PAGE_PROOF_FEW + 1, 0, 0, 0, false, false, true},
		{4, 2, 0, 0, true, true, true},
		{4, 2, 1, -EBUSY, true, true, true},
	};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t bytes = rows[i].pages * page;
		char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		uint64_t first = (uint64_t)(uintptr_t)memory;
		struct vma vma = {.addresses = {first, first + bytes - 1}, .anonymous = true};
		struct page_proof proof;

		assert_true(memory != MAP_FAILED);
		madvise(memory, bytes, MADV_NOHUGEPAGE);
		memset(memory, 0, rows[i].touched * page);
		if (rows[i].touched)
			memory[rows[i].touched * page - 1] = rows[i].last;
		page_proof_start(&proof, &address_space_self);
		assert_int_equal(page_proof_unused(&proof, &vma), rows[i].proved);
		assert_int_equal(proof.resident, rows[i].resident);
		assert_int_equal(proof.memory >= 0, rows[i].memory);
		assert_int_equal(proof.buffer != NULL, rows[i].buffer);
		if (!rows[i].proved)
			assert_true(page_proof_give_back(&proof, &vma) == rows[i].touched * page);
		page_proof_end(&proof);
		munmap(memory, bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
