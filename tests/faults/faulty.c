/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A library to preload after libiovashim.so: calls that the shim makes fail, those of the program
 * and of other libraries do not.
 *
 * FAULT is a list, separated by spaces, of
 *   CALL:WHICH:ERRNO[:PREFIX]   WHICH: N (the N-th alone), N+ (and all after it); PREFIX: of the
 * path instead:PREFIX:FILE         what is opened below PREFIX is FILE If FAULT_COUNT names a file,
 * how many calls were counted is written to it at the end. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT	   __attribute__((visibility("default")))
#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

ssize_t __read_chk(int fd, void *to, size_t size, size_t room);
ssize_t __pread_chk(int fd, void *to, size_t size, off_t at, size_t room);
ssize_t __readlink_chk(const char *path, char *to, size_t size, size_t room);

enum { FAULTS = 8 };

static struct fault {
	char call[16], path[128], instead[128];
	long which;
	bool and_on;
	int number;
} faults[FAULTS];
static size_t n_faults;
static long counted;
static char count_file[128];
static uintptr_t shim_first, shim_end;

static int find_shim(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	(void)context;
	if (!strstr(info->dlpi_name, "libiovashim.so"))
		return 0;
	shim_first = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			shim_end = shim_first + info->dlpi_phdr[i].p_vaddr +
				   info->dlpi_phdr[i].p_memsz;
	return 1;
}

static int errno_named(const char *name)
{
	for (int number = 1; number < 134; number++)
		if (strerrorname_np(number) && !strcmp(strerrorname_np(number), name))
			return number;
	return 0;
}

static void read_fault(const char *word)
{
	struct fault *fault = &faults[n_faults];
	char which[16], name[16];

	*fault = (struct fault){.number = 0};
	if (sscanf(word, "instead:%127[^:]:%127s", fault->path, fault->instead) == 2) {
		strcpy(fault->call, "instead");
	} else if (sscanf(word, "%15[^:]:%15[^:]:%15[^:]:%127s", fault->call, which, name,
			   fault->path) >= 3) {
		fault->which = atol(which);
		fault->and_on = strchr(which, '+') != NULL;
		fault->number = errno_named(name);
	} else {
		fprintf(stderr, "faulty: %s: no fault\n", word);
		_exit(99);
	}
	n_faults++;
}

static __attribute__((constructor)) void begin(void)
{
	const char *all = getenv("FAULT"), *file = getenv("FAULT_COUNT");
	char *copy = strdup(all ? all : ""), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) && n_faults < FAULTS)
		if (*word)
			read_fault(word);
	free(copy);
	snprintf(count_file, sizeof(count_file), "%s", file ? file : "");
	dl_iterate_phdr(find_shim, NULL);
}

static __attribute__((destructor)) void end(void)
{
	FILE *to = *count_file ? fopen(count_file, "w") : NULL;

	if (!to)
		return;
	fprintf(to, "%ld\n", counted);
	fclose(to);
}

static bool matches(const struct fault *fault, const char *call, const char *path)
{
	return !strcmp(fault->call, call) &&
	       (!*fault->path || (path && !strncmp(path, fault->path, strlen(fault->path))));
}

/* True, with errno set, if the call from @caller is to fail. */
static bool fails(const void *caller, const char *call, const char *path)
{
	if ((uintptr_t)caller < shim_first || (uintptr_t)caller >= shim_end)
		return false;
	for (size_t i = 0; i < n_faults; i++) {
		const struct fault *fault = &faults[i];

		if (!matches(fault, call, path))
			continue;
		counted++;
		if (counted < fault->which || (counted > fault->which && !fault->and_on))
			continue;
		errno = fault->number;
		return true;
	}
	return false;
}

#define FAILS(call, path) fails(__builtin_return_address(0), call, path)

EXPORT void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	return FAILS("mmap", NULL) ? MAP_FAILED : NEXT(mmap)(at, size, prot, flags, fd, offset);
}

EXPORT int mprotect(void *at, size_t size, int prot)
{
	return FAILS("mprotect", NULL) ? -1 : NEXT(mprotect)(at, size, prot);
}

EXPORT int madvise(void *at, size_t size, int advice)
{
	return FAILS("madvise", NULL) ? -1 : NEXT(madvise)(at, size, advice);
}

/* dlsym() may allocate: these find the next ones by libc's own names. */
void *__libc_malloc(size_t size);
void *__libc_realloc(void *old, size_t size);

EXPORT void *malloc(size_t size)
{
	return FAILS("malloc", NULL) ? NULL : __libc_malloc(size);
}

EXPORT void *realloc(void *old, size_t size)
{
	return FAILS("malloc", NULL) ? NULL : __libc_realloc(old, size);
}

static const char *instead_of(const char *path)
{
	for (size_t i = 0; i < n_faults; i++)
		if (matches(&faults[i], "instead", path))
			return faults[i].instead;
	return path;
}

EXPORT int open(const char *path, int flags, ...)
{
	const void *caller = __builtin_return_address(0);
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	if (fails(caller, "open", path))
		return -1;
	if ((uintptr_t)caller >= shim_first && (uintptr_t)caller < shim_end)
		path = instead_of(path);
	return NEXT(open)(path, flags, mode);
}

EXPORT DIR *opendir(const char *path)
{
	return FAILS("opendir", path) ? NULL : NEXT(opendir)(path);
}

EXPORT ssize_t read(int fd, void *to, size_t size)
{
	return FAILS("read", NULL) ? -1 : NEXT(read)(fd, to, size);
}

EXPORT ssize_t __read_chk(int fd, void *to, size_t size, size_t room)
{
	return FAILS("read", NULL) ? -1 : NEXT(__read_chk)(fd, to, size, room);
}

EXPORT ssize_t pread(int fd, void *to, size_t size, off_t at)
{
	return FAILS("read", NULL) ? -1 : NEXT(pread)(fd, to, size, at);
}

EXPORT ssize_t __pread_chk(int fd, void *to, size_t size, off_t at, size_t room)
{
	return FAILS("read", NULL) ? -1 : NEXT(__pread_chk)(fd, to, size, at, room);
}

EXPORT ssize_t readlink(const char *path, char *to, size_t size)
{
	return FAILS("readlink", path) ? -1 : NEXT(readlink)(path, to, size);
}

EXPORT ssize_t __readlink_chk(const char *path, char *to, size_t size, size_t room)
{
	return FAILS("readlink", path) ? -1 : NEXT(__readlink_chk)(path, to, size, room);
}

EXPORT ssize_t write(int fd, const void *from, size_t size)
{
	return FAILS("write", NULL) ? -1 : NEXT(write)(fd, from, size);
}
