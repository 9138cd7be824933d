/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proof that memory holds nothing: every page of it is absent or all zero. */
#include "page_proof.h"
#include "fd_io.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* The buffer's first half is for memory, its second for the pagemap. */
enum { BUFFER_BYTES = 1 << 17, HALF = BUFFER_BYTES / 2, ENTRIES = HALF / 8 };

/* So many descriptors are looked at, at most. */
enum { MOST_FDS = 65536 };

/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_SWAPPED (1ULL << 62)

static int open_file(const struct address_space *space, const char *name, int flags)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", space->proc, name);
	return open(path, flags | O_CLOEXEC);
}

void page_proof_start(struct page_proof *proof, const struct address_space *space)
{
	proof->memory = proof->pagemap = -1;
	proof->buffer = NULL;
	proof->resident = false;
	proof->page = (uint64_t)sysconf(_SC_PAGESIZE);
	proof->space = space;
}

void page_proof_end(struct page_proof *proof)
{
	if (proof->memory >= 0)
		close(proof->memory);
	if (proof->pagemap >= 0)
		close(proof->pagemap);
	mem_free(proof->buffer, BUFFER_BYTES);
}

/* Opens the file at *@fd if it is not yet. Returns 0 or -errno. */
static int want_file(const struct page_proof *proof, int *fd, const char *name)
{
	if (*fd < 0)
		*fd = open_file(proof->space, name, O_RDONLY);
	return *fd < 0 ? -errno : 0;
}

static int want_buffer(struct page_proof *proof)
{
	if (!proof->buffer)
		proof->buffer = mem_alloc(BUFFER_BYTES);
	return proof->buffer ? 0 : -ENOMEM;
}

static bool all_zero(const char *bytes, size_t n)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, n - 1);
}

/* Reading by /proc/self/mem gives an error where a load would raise SIGBUS. */
static int prove_zero(struct page_proof *proof, struct range addresses)
{
	uint64_t at = addresses.first, left = range_size(addresses);
	int err = want_file(proof, &proof->memory, "mem");

	if (!err)
		err = want_buffer(proof);
	proof->resident = true;
	while (!err && left) {
		size_t want = left < HALF ? (size_t)left : HALF;
		ssize_t n = pread(proof->memory, proof->buffer, want, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		if (!all_zero(proof->buffer, (size_t)n))
			return -EBUSY;
		at += (uint64_t)n;
		left -= (uint64_t)n;
	}
	return err;
}

/* Calls @run for each run of pages in @addresses that are present or swapped out. */
static int each_resident(struct page_proof *proof, struct range addresses,
	int (*run)(struct page_proof *proof, struct range addresses, void *context), void *context)
{
	uint64_t first = addresses.first / proof->page;
	uint64_t left = range_size(addresses) / proof->page, start = 0, length = 0;
	uint64_t *entries = proof->few;
	int err = want_file(proof, &proof->pagemap, "pagemap");

	if (!err && left > PAGE_PROOF_FEW) {
		err = want_buffer(proof);
		entries = (uint64_t *)(void *)(proof->buffer + HALF);
	}
	while (left && !err) {
		size_t want = (left < ENTRIES ? (size_t)left : ENTRIES) * sizeof(*entries);
		ssize_t n = pread(proof->pagemap, entries, want, (off_t)(first * sizeof(*entries)));

		if (n < (ssize_t)sizeof(*entries))
			return n < 0 ? -errno : -EIO;
		for (size_t i = 0; i < (size_t)n / sizeof(*entries) && !err; i++, first++, left--) {
			if (entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)) {
				start = length++ ? start : first;
				continue;
			}
			if (length)
				err = run(proof,
					(struct range){
						start * proof->page, first * proof->page - 1},
					context);
			length = 0;
		}
	}
	if (length && !err)
		err = run(proof, (struct range){start * proof->page, first * proof->page - 1},
			context);
	return err;
}

static int prove_run(struct page_proof *proof, struct range addresses, void *context)
{
	(void)context;
	return prove_zero(proof, addresses);
}

static void find_table_size(void *context, const char *line, size_t length)
{
	static const char word[] = "FDSize:\t";
	int *size = context;

	if (length < sizeof(word) || memcmp(line, word, sizeof(word) - 1) != 0)
		return;
	*size = 0;
	for (const char *c = line + sizeof(word) - 1; c < line + length && *size < MOST_FDS; c++)
		*size = *size * 10 + (*c - '0');
}

/* No descriptor is this or above. The limit can be a million where the table has room for 64. */
static int descriptors_end(const struct address_space *space)
{
	struct rlimit limit = {.rlim_cur = 1024};
	char path[96];
	int end = -1;

	snprintf(path, sizeof(path), "%s/status", space->proc);
	if (fd_each_line(path, find_table_size, &end) || end < 0) {
		getrlimit(RLIMIT_NOFILE, &limit);
		end = limit.rlim_cur < MOST_FDS ? (int)limit.rlim_cur : MOST_FDS;
	}
	return end < MOST_FDS ? end : MOST_FDS;
}

/* Among the VMM's descriptors: opened anew, so that its offset is not the VMM's. */
static int open_by_descriptor(const struct address_space *space, const struct vma *vma)
{
	int end = descriptors_end(space);
	struct stat st;
	char name[32];

	for (int fd = 0; fd < end; fd++) {
		if (space->stat(space->context, fd, &st) || st.st_dev != vma->device ||
			st.st_ino != vma->inode)
			continue;
		snprintf(name, sizeof(name), "fd/%d", fd);
		return open_file(space, name, O_RDWR);
	}
	return -1;
}

/* By its mapping, which takes CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE. */
static int open_by_mapping(const struct address_space *space, struct range mapping)
{
	char name[64];

	snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, mapping.first,
		mapping.last + 1);
	return open_file(space, name, O_RDWR);
}

/* A descriptor of our own for the file behind @vma, or -1. */
static int open_backing(const struct address_space *space, const struct vma *vma)
{
	int fd = open_by_descriptor(space, vma);

	if (fd < 0)
		fd = open_by_mapping(space, vma->whole);
	return fd < 0 ? open_by_mapping(space, vma->addresses) : fd;
}

/* The next part of the file within [*at, end) that holds data. False if there is none. */
static bool next_data(int fd, off_t *at, off_t end, off_t *data_end)
{
	off_t data = lseek(fd, *at, SEEK_DATA);

	if (data < 0 || data >= end)
		return false;
	*at = data;
	*data_end = lseek(fd, data, SEEK_HOLE);
	if (*data_end < 0 || *data_end > end)
		*data_end = end;
	return true;
}

/* Proves the file's data extents behind @vma alone: reading its holes would fill them. */
static int prove_extents(struct page_proof *proof, const struct vma *vma, int fd)
{
	off_t at = (off_t)vma->offset, end = at + (off_t)range_size(vma->addresses), data_end;
	int err = 0;

	for (; !err && next_data(fd, &at, end, &data_end); at = data_end) {
		uint64_t first = vma->addresses.first + (uint64_t)at - vma->offset;

		err = prove_zero(
			proof, (struct range){first, first + (uint64_t)(data_end - at) - 1});
	}
	return err;
}

int page_proof_unused(struct page_proof *proof, const struct vma *vma)
{
	int fd, err;

	if (vma->anonymous)
		return each_resident(proof, vma->addresses, prove_run, NULL);
	fd = vma->shared ? open_backing(proof->space, vma) : -1;
	if (fd < 0)
		return prove_zero(proof, vma->addresses);
	err = prove_extents(proof, vma, fd);
	close(fd);
	return err;
}

static int drop_run(struct page_proof *proof, struct range addresses, void *context)
{
	uint64_t *bytes = context;

	if (!proof->space->advise(proof->space->context, addresses, MADV_DONTNEED))
		*bytes += range_size(addresses);
	return 0;
}

/* MADV_REMOVE needs a writable mapping on kernels before 6.6; the file itself does not. */
static uint64_t punch_extents(const struct vma *vma, int fd)
{
	off_t at = (off_t)vma->offset, end = at + (off_t)range_size(vma->addresses), data_end;
	uint64_t bytes = 0;

	for (; next_data(fd, &at, end, &data_end); at = data_end)
		if (!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, data_end - at))
			bytes += (uint64_t)(data_end - at);
	return bytes;
}

uint64_t page_proof_give_back(struct page_proof *proof, const struct vma *vma)
{
	uint64_t bytes = 0;
	int fd;

	if (vma->anonymous) {
		each_resident(proof, vma->addresses, drop_run, &bytes);
		return bytes;
	}
	fd = vma->shared ? open_backing(proof->space, vma) : -1;
	if (fd >= 0) {
		bytes = punch_extents(vma, fd);
		close(fd);
	} else if (vma->shared &&
		   !proof->space->advise(proof->space->context, vma->addresses, MADV_REMOVE)) {
		bytes = range_size(vma->addresses);
	}
	return bytes;
}
