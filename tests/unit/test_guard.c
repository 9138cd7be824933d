/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard over this process's own memory of every kind, as lines of text: what is done to which
 * page, and what access there is to each page after that. */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

enum { PAGES = 8 };

static size_t page;

/* Memory of PAGES pages. */
struct block {
	char *base;
	int fd; /* of the file behind it, or -1 */
	struct guard guard;
};

struct kind {
	const char *name;
	int flags;
	bool file;
	bool keep_open; /* the VMM has a descriptor of the file */
};

static const struct kind kinds[] = {
	{"private", MAP_PRIVATE | MAP_ANONYMOUS, false, false},
	{"shared", MAP_SHARED | MAP_ANONYMOUS, false, false},
	{"memfd", MAP_SHARED, true, true},
	{"memfd, descriptor closed", MAP_SHARED, true, false},
	{"memfd, private", MAP_PRIVATE, true, true},
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds), PRIVATE = 0, SHARED = 1, MEMFD = 2 };

static int prot_of(char letter)
{
	return letter == 'w' ? PROT_READ | PROT_WRITE : letter == 'r' ? PROT_READ : PROT_NONE;
}

static void set_prot(const struct block *block, size_t i, char letter)
{
	assert_int_equal(mprotect(block->base + i * page, page, prot_of(letter)), 0);
}

/* Pages between others that are not mapped, so that the layout shows no neighbours. */
static struct block make_block(const struct kind *kind, const char *layout)
{
	struct block block = {
		.fd = -1, .guard = {.space = &address_space_self, .lock = LOCK_INITIALIZER}};

	if (kind->file) {
		block.fd = memfd_create("ram", MFD_CLOEXEC);
		assert_int_equal(ftruncate(block.fd, (off_t)(PAGES * page)), 0);
	}
	block.base = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, kind->flags, block.fd, 0);
	assert_ptr_not_equal(block.base, MAP_FAILED);
	if (kind->file && !kind->keep_open) {
		close(block.fd);
		block.fd = -1;
	}
	for (size_t i = 0; i < PAGES; i++)
		set_prot(&block, i, layout[i]);
	return block;
}

static void free_block(struct block *block)
{
	munmap(block->base, PAGES * page);
	if (block->fd >= 0)
		close(block->fd);
	block->base = NULL;
}

static struct range pages_of(const struct block *block, size_t first, size_t last)
{
	uint64_t base = (uintptr_t)block->base;

	return (struct range){base + first * page, base + (last + 1) * page - 1};
}

/* A letter a page: w, r, - (no access), . (not mapped). */
static void read_layout(const struct block *block, char layout[PAGES + 1])
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long first, end;
	char line[512], prot[5];

	memset(layout, '.', PAGES);
	layout[PAGES] = 0;
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		assert_int_equal(sscanf(line, "%lx-%lx %4s", &first, &end, prot), 3);
		for (size_t i = 0; i < PAGES; i++) {
			unsigned long at = (unsigned long)block->base + i * page;

			if (at >= first && at < end)
				layout[i] = prot[1] == 'w' ? 'w' : prot[0] == 'r' ? 'r' : '-';
		}
	}
	fclose(maps);
}

static void put(const struct block *block, size_t i, char byte)
{
	memset(block->base + i * page, byte, page);
}

/* Something else of the VMM's where page @i was. */
static void replace(const struct block *block, size_t i, int prot)
{
	int fd = memfd_create("other", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, (off_t)page), 0);
	assert_ptr_not_equal(
		mmap(block->base + i * page, page, prot, MAP_SHARED | MAP_FIXED, fd, 0),
		MAP_FAILED);
	close(fd);
}

static int guard_pages(struct block *block, size_t first, size_t last)
{
	uint64_t given_back = 1;
	int err = guard_set(&block->guard, pages_of(block, first, last), 0, true, &given_back);

	if (err)
		assert_true(given_back == 0);
	return err;
}

/* One step, "+1-2" and such; see the table. */
static int step(struct block *block, const char *text)
{
	size_t first = (size_t)(text[1] - '0'), last = first;

	if (text[2] == '-')
		last = (size_t)(text[3] - '0');
	switch (text[0]) {
	case '+':
		return guard_pages(block, first, last);
	case '-':
		guard_lift(&block->guard, pages_of(block, first, last));
		return 0;
	case '1':
	case '0':
		put(block, first, (char)(text[0] - '0'));
		return 0;
	case 'u':
		return munmap(block->base + first * page, page) ? -errno : 0;
	case 'm':
		replace(block, first, PROT_READ | PROT_WRITE);
		return 0;
	case 'n':
		replace(block, first, PROT_NONE);
		return 0;
	case 'a':
		return mmap(block->base + first * page, page, PROT_READ,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED
			       ? -errno
			       : 0;
	}
	fail_msg("no such step: %s", text);
	return 0;
}

/* The pages at first, then steps, each with the pages after it:
 * +A-B guard   -A-B lift   0N 1N write that byte all over page N   uN munmap
 * mN another file in its place   nN likewise, without access   aN private memory, read-only
 * A step that fails says how: "+A-B=EBUSY". */
static const char *const scripts[] = {
	"wwwwwwww +1-2 w--wwwww -1-2 wwwwwwww",
	"wwwwwwww +0-7 -------- -0-7 wwwwwwww",
	"wwwwwwww +3 www-wwww -3 wwwwwwww",
	"rrrrrrrr +1-2 r--rrrrr -1-2 rrrrrrrr",
	/* each mapping gets back what it had */
	"wwrrwwrr +1-6 w------r -1-6 wwrrwwrr",
	"wrwrwrwr +0-7 -------- -0-7 wrwrwrwr",
	/* zeroes are nothing */
	"wwwwwwww 02 wwwwwwww +1-3 w---wwww -1-3 wwwwwwww",
	/* in use: nothing changes, at whichever page it is */
	"wwwwwwww 11 wwwwwwww +1-3=EBUSY wwwwwwww +2-3 ww--wwww -2-3 wwwwwwww",
	"wwwwwwww 12 wwwwwwww +1-3=EBUSY wwwwwwww -1-3 wwwwwwww",
	"wwwwwwww 13 wwwwwwww +1-3=EBUSY wwwwwwww +1-2 w--wwwww",
	"wrwwwwww 13 wrwwwwww +1-3=EBUSY wrwwwwww",
	"wwwwwwww 14 wwwwwwww 10 wwwwwwww +1-3 w---wwww",
	/* not all of it is memory */
	"wwwwwwww u2 ww.wwwww +1-3=EFAULT ww.wwwww +2=EFAULT ww.wwwww +1-2=EFAULT ww.wwwww",
	"wwwwwwww u2 ww.wwwww +2-3=EFAULT ww.wwwww +0-1 --.wwwww",
	/* without access before: not ours */
	"ww-wwwww +1-3=EFAULT ww-wwwww +2=EFAULT ww-wwwww -1-3 ww-wwwww",
	/* counted: twice the same, one in the other, side by side, in part */
	"wwwwwwww +1-2 w--wwwww +1-2 w--wwwww -1-2 w--wwwww -1-2 wwwwwwww",
	"wwwwwwww +0-7 -------- +2-3 -------- -0-7 ww--wwww -2-3 wwwwwwww",
	"wwwwwwww +2-3 ww--wwww +0-7 -------- -2-3 -------- -0-7 wwwwwwww",
	"wwwwwwww +2-3 ww--wwww +0-7 -------- -0-7 ww--wwww -2-3 wwwwwwww",
	"wwwwwwww +0-3 ----wwww +2-5 ------ww -0-3 ww----ww -2-5 wwwwwwww",
	"wwwwwwww +2-5 ww----ww +0-3 ------ww -2-5 ----wwww -0-3 wwwwwwww",
	"wwwwwwww +0-1 --wwwwww +2-3 ----wwww -0-1 ww--wwww -2-3 wwwwwwww",
	"wwwwwwww +0-1 --wwwwww +3-4 --w--www +0-6 -------w -0-6 --w--www -3-4 --wwwwww",
	"wrrwrwww +0-2 ---wrwww +2-4 -----www +1-3 -----www -0-2 w----www -2-4 w---rwww "
	"-1-3 wrrwrwww",
	/* a failure among guarded ones leaves those, and counts nothing */
	"wwwwwwww +0-3 ----wwww 15 ----wwww +2-5=EBUSY ----wwww -0-3 wwwwwwww",
	"wwwwwwww +2-3 ww--wwww u5 ww--w.ww +0-5=EFAULT ww--w.ww -2-3 wwwww.ww",
	/* lifting what is not guarded, or once too often */
	"wwwwwwww -0-7 wwwwwwww +1 w-wwwwww -1 wwwwwwww -1 wwwwwwww",
	"wwwwrrrr -0-7 wwwwrrrr +4 wwww-rrr -0-3 wwww-rrr -5-7 wwww-rrr",
	/* the VMM has unmapped it, or put something else there, before it is lifted */
	"wwwwwwww +1-3 w---wwww u2 w-.-wwww -1-3 ww.wwwww",
	"wwwwwwww +1-3 w---wwww u1 w.--wwww u2 w..-wwww u3 w...wwww -1-3 w...wwww",
	"wwwwrrrr +4-6 wwww---r m5 wwww-w-r -4-6 wwwwrwrr",
	"wwwwwwww +1-3 w---wwww n2 w---wwww -1-3 ww-wwwww",
	"wwwwwwww +1-3 w---wwww a2 w-r-wwww -1-3 wwrwwwww",
	/* what was put there is guarded with the next mapping, or in use; then it is counted */
	"wwwwwwww +1-3 w---wwww m2 w-w-wwww +1-3 w---wwww -1-3 w---wwww -1-3 wwwwwwww",
	"wwwwwwww +1-3 w---wwww m2 w-w-wwww +2-3 w---wwww -1-3 ww--wwww -2-3 wwwwwwww",
	"wwwwwwww +1-3 w---wwww m1 ww--wwww m3 ww-wwwww +0-7 -------- -0-7 w---wwww -1-3 wwwwwwww",
	"wwwwwwww +1-3 w---wwww m2 w-w-wwww 12 w-w-wwww +1-3=EBUSY w-w-wwww -1-3 wwwwwwww",
	"wwwwwwww +1 w-wwwwww m1 wwwwwwww +0-2 ---wwwww -1 ---wwwww -0-2 wwwwwwww",
	"wwwwwwww +1-3 w---wwww m1 ww--wwww m2 www-wwww m3 wwwwwwww +2 ww-wwwww -2 ww-wwwww "
	"-1-3 wwwwwwww",
};

static void run(const struct kind *kind, const char *script)
{
	struct block block = make_block(kind, script);
	char text[16], expected[PAGES + 1], layout[PAGES + 1];
	int used;

	for (const char *at = script + PAGES; *at; at += used) {
		static const struct {
			const char *word;
			int err;
		} errors[] = {{"EBUSY", -EBUSY}, {"EFAULT", -EFAULT}};
		int err = 0;

		assert_int_equal(sscanf(at, " %15s %8s%n", text, expected, &used), 2);
		for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
			if (strchr(text, '=') && !strcmp(strchr(text, '=') + 1, errors[i].word))
				err = errors[i].err;
		assert_int_equal(step(&block, text), err);
		read_layout(&block, layout);
		if (strcmp(layout, expected))
			fail_msg(
				"%s: %s\n  after%.*s got %s", kind->name, script, used, at, layout);
	}
	free_block(&block);
}

static void test_scripts(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++)
		for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++)
			run(&kinds[k], scripts[i]);
}

/* One byte anywhere is use. */
static void test_one_byte(void **state)
{
	size_t offsets[] = {0, 1, page / 2, page - 1};

	(void)state;
	for (size_t k = 0; k < KINDS; k++)
		for (size_t i = 0; i < 4; i++)
			for (size_t at = 1; at <= 4; at++) {
				struct block block = make_block(&kinds[k], "wwwwwwww");
				char *byte = block.base + at * page + offsets[i];
				char layout[PAGES + 1];

				*byte = 1;
				assert_int_equal(guard_pages(&block, 1, 4), -EBUSY);
				read_layout(&block, layout);
				assert_string_equal(layout, "wwwwwwww");
				*byte = 0;
				assert_int_equal(guard_pages(&block, 1, 4), 0);
				free_block(&block);
			}
}

/* The file has content that this process has never looked at: written by another one. */
static void test_file_content(void **state)
{
	static const struct kind both[] = {
		{"memfd", MAP_SHARED, true, true}, {"private", MAP_PRIVATE, true, true}};

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct block block = make_block(&both[k], "wwwwwwww");

		assert_int_equal(pwrite(block.fd, "x", 1, (off_t)(3 * page - 1)), 1);
		assert_int_equal(guard_pages(&block, 1, 4), -EBUSY);
		assert_int_equal(guard_pages(&block, 3, 4), 0);
		assert_int_equal(guard_pages(&block, 0, 1), 0);
		free_block(&block);
	}
}

/* Memory that begins in the middle of its file: offsets into both differ. */
static void test_file_offset(void **state)
{
	struct block block = {.guard = {.space = &address_space_self, .lock = LOCK_INITIALIZER}};
	char zero = 0;

	(void)state;
	block.fd = memfd_create("ram", MFD_CLOEXEC);
	assert_int_equal(ftruncate(block.fd, (off_t)(2 * PAGES * page)), 0);
	block.base = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_SHARED, block.fd,
		(off_t)(PAGES * page));
	for (size_t i = 0; i < PAGES; i++) /* below the mapping: must not matter, and stay */
		assert_int_equal(pwrite(block.fd, "x", 1, (off_t)(i * page)), 1);
	assert_int_equal(pwrite(block.fd, &zero, 1, (off_t)((PAGES + 2) * page)), 1);
	assert_int_equal(guard_pages(&block, 1, 4), 0);
	for (size_t i = 0; i < PAGES; i++) {
		assert_int_equal(pread(block.fd, &zero, 1, (off_t)(i * page)), 1);
		assert_int_equal(zero, 'x');
	}
	assert_int_equal(pwrite(block.fd, "x", 1, (off_t)((PAGES + 6) * page)), 1);
	assert_int_equal(guard_pages(&block, 5, 6), -EBUSY);
	free_block(&block);
}

/* Pages past the file's end cannot be used by anybody, or else it cannot be proved. */
static void test_short_file(void **state)
{
	struct block block = make_block(&kinds[MEMFD], "wwwwwwww");
	char layout[PAGES + 1];
	int err;

	(void)state;
	assert_int_equal(ftruncate(block.fd, (off_t)(2 * page)), 0);
	err = guard_pages(&block, 1, 4);
	read_layout(&block, layout);
	assert_string_equal(layout, err ? "wwwwwwww" : "w----www");
	assert_true(err == 0 || err == -EIO);
	free_block(&block);
}

static size_t resident(const struct block *block)
{
	uint64_t entries[PAGES];
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t n = 0;

	assert_int_equal(pread(pagemap, entries, sizeof(entries),
				 (off_t)((uintptr_t)block->base / page * sizeof(*entries))),
		sizeof(entries));
	close(pagemap);
	for (size_t i = 0; i < PAGES; i++)
		n += entries[i] >> 63;
	return n;
}

static uint64_t file_pages(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (uint64_t)st.st_blocks * 512 / page;
}

static void test_given_back(void **state)
{
	(void)state;
	for (size_t k = PRIVATE; k <= MEMFD; k++)
		for (int give_back = 0; give_back < 2; give_back++) {
			struct block block = make_block(&kinds[k], "wwwwwwww");
			uint64_t bytes = 1;

			for (size_t i = 0; i < PAGES; i++)
				put(&block, i, 0);
			assert_int_equal(guard_set(&block.guard, pages_of(&block, 2, 4), 0,
						 give_back, &bytes),
				0);
			assert_int_equal(bytes, give_back ? 3 * page : 0);
			if (give_back)
				assert_int_equal(resident(&block), PAGES - 3);
			if (block.fd >= 0)
				assert_int_equal(file_pages(block.fd), PAGES - bytes / page);
			guard_lift(&block.guard, pages_of(&block, 2, 4));
			for (size_t i = 0; i < PAGES; i++)
				assert_int_equal(block.base[i * page], 0);
			free_block(&block);
		}
}

/* The proof itself must not fill what was absent. */
static void test_proof_fills_nothing(void **state)
{
	struct block private = make_block(&kinds[PRIVATE], "wwwwwwww");
	struct block memfd = make_block(&kinds[MEMFD], "wwwwwwww");

	(void)state;
	assert_int_equal(guard_pages(&private, 0, 7), 0);
	assert_int_equal(resident(&private), 0);
	assert_int_equal(guard_pages(&memfd, 0, 7), 0);
	assert_int_equal(file_pages(memfd.fd), 0);
	free_block(&private);
	free_block(&memfd);
}

/* More pages than the proof looks at in one go, used at the edges of what it does. */
static void test_large(void **state)
{
	const size_t n = 20000;
	const size_t used[] = {0, 8015, 8016, 8190, 8191, 8192, 8193, 8499, 16384, 19999};
	size_t bytes = n * page;
	char *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct range all = {(uintptr_t)base, (uintptr_t)base + bytes - 1};
	struct guard guard = {.space = &address_space_self, .lock = LOCK_INITIALIZER};
	uint64_t given_back;

	(void)state;
	assert_ptr_not_equal(base, MAP_FAILED);
	madvise(base, bytes, MADV_NOHUGEPAGE);
	memset(base + 8000 * page, 0, 500 * page);
	for (size_t i = 0; i < sizeof(used) / sizeof(*used); i++) {
		base[used[i] * page + page - 1] = 1;
		assert_int_equal(guard_set(&guard, all, 0, true, &given_back), -EBUSY);
		base[used[i] * page + page - 1] = 0;
	}
	assert_int_equal(guard_set(&guard, all, 0, true, &given_back), 0);
	assert_true(given_back == (500 + 3) * page);
	guard_lift(&guard, all);
	munmap(base, bytes);
}

/* Guards of single pages, in no order, and all that is between them. */
static void test_many_spans(void **state)
{
	const size_t n = 400;
	char *base =
		mmap(NULL, n * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct block block = {
		.base = base, .guard = {.space = &address_space_self, .lock = LOCK_INITIALIZER}};

	(void)state;
	for (size_t i = 0; i < n; i += 2) {
		size_t at = i * 7 % n; /* even: n is */

		assert_int_equal(guard_pages(&block, at, at), 0);
	}
	assert_int_equal(block.guard.n_spans, n / 2);
	assert_int_equal(guard_pages(&block, 0, n - 1), 0);
	for (size_t i = 0; i < n; i++)
		assert_true(guard_covers(&block.guard, pages_of(&block, i, i).first));
	guard_lift(&block.guard, pages_of(&block, 0, n - 1));
	for (size_t i = 0; i < n; i++)
		assert_int_equal(guard_covers(&block.guard, pages_of(&block, i, i).last), !(i % 2));
	for (size_t i = 0; i < n; i += 2)
		guard_lift(&block.guard, pages_of(&block, i, i));
	assert_int_equal(block.guard.n_spans, 0);
	munmap(base, n * page);
}

static void test_covers(void **state)
{
	struct block block = make_block(&kinds[PRIVATE], "wwwwwwww");
	struct range guarded = pages_of(&block, 2, 3);

	(void)state;
	assert_false(guard_covers(&block.guard, guarded.first));
	assert_int_equal(guard_pages(&block, 2, 3), 0);
	assert_int_equal(guard_pages(&block, 6, 6), 0);
	assert_false(guard_covers(&block.guard, guarded.first - 1));
	assert_true(guard_covers(&block.guard, guarded.first));
	assert_true(guard_covers(&block.guard, guarded.last));
	assert_false(guard_covers(&block.guard, guarded.last + 1));
	assert_true(guard_covers(&block.guard, pages_of(&block, 6, 6).first));
	assert_false(guard_covers(&block.guard, 0));
	assert_false(guard_covers(&block.guard, UINT64_MAX));

	/* in a handler that interrupts a change nothing can be told */
	block.guard.changing = true;
	assert_false(guard_covers(&block.guard, guarded.first));
	block.guard.changing = false;
	guard_lift(&block.guard, guarded);
	assert_false(guard_covers(&block.guard, guarded.first));
	free_block(&block);
}

static struct guard *hit_guard;
static sigjmp_buf hit_return;
static volatile bool hit_covered;

static void on_hit(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	hit_covered = guard_covers(hit_guard, (uintptr_t)info->si_addr);
	siglongjmp(hit_return, 1);
}

/* A touch is a signal whose handler can tell whose doing it is. */
static void test_hit(void **state)
{
	struct sigaction action = {.sa_sigaction = on_hit, .sa_flags = SA_SIGINFO}, old;
	struct block block = make_block(&kinds[PRIVATE], "wwwwwwww");
	volatile bool returned = false;

	(void)state;
	assert_int_equal(guard_pages(&block, 2, 3), 0);
	hit_guard = &block.guard;
	assert_int_equal(sigaction(SIGSEGV, &action, &old), 0);
	if (!sigsetjmp(hit_return, 1)) {
		*(volatile char *)(block.base + 2 * page) = 1;
		returned = true;
	}
	assert_int_equal(sigaction(SIGSEGV, &old, NULL), 0);
	assert_false(returned);
	assert_true(hit_covered);
	free_block(&block);
}

/* Half a huge page cannot be protected, and then nothing is. */
static void test_huge_pages(void **state)
{
	const size_t huge = 2 << 20;
	char *base = mmap(NULL, 2 * huge, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	uint64_t first = (uintptr_t)base, given_back;
	struct guard guard = {.space = &address_space_self, .lock = LOCK_INITIALIZER};

	(void)state;
	if (base == MAP_FAILED) {
		skip();
		return;
	}
	base[0] = 0;
	assert_int_equal(guard_set(&guard, (struct range){first, first + huge / 2 - 1}, 0, true,
				 &given_back),
		-EINVAL);
	base[0] = 1;
	assert_int_equal(
		guard_set(&guard, (struct range){first, first + huge - 1}, 0, true, &given_back),
		-EBUSY);
	base[0] = 0;
	assert_int_equal(
		guard_set(&guard, (struct range){first, first + huge - 1}, 0, true, &given_back),
		0);
	assert_true(given_back == huge);
	guard_lift(&guard, (struct range){first, first + huge - 1});
	base[0] = 1;
	munmap(base, 2 * huge);
}

static int set_up(void **state)
{
	(void)state;
	page = (size_t)sysconf(_SC_PAGESIZE);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_one_byte),
		cmocka_unit_test(test_file_content),
		cmocka_unit_test(test_file_offset),
		cmocka_unit_test(test_short_file),
		cmocka_unit_test(test_given_back),
		cmocka_unit_test(test_proof_fills_nothing),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_many_spans),
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_hit),
		cmocka_unit_test(test_huge_pages),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
