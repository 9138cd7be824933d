/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libiovashim.so's only edge: ioctl(), and what makes and ends descriptors. Decides nothing. */
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* KVM_SET_USER_MEMORY_REGION2 (Linux 6.8); its struct begins as the older one does. */
#define SET_MEMORY_REGION2 0x40a0ae49u

/* dlsym moved into libc with GLIBC_2.34, the older name still works; before, it is in libdl, which
 * need not be there: then the kernel is called directly. */
#ifdef __x86_64__
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#endif
#pragma weak dlsym

/* Without the "...": then nothing has to be stored on the way. Callers pass the argument alike, in
 * the third register, on x86-64, AArch64 and all others that Linux has VFIO for. */
EXPORT int ioctl(int fd, unsigned long request, void *argument);
EXPORT int close(int fd);
EXPORT int close_range(unsigned int first, unsigned int last, int flags);
EXPORT void closefrom(int first);
EXPORT int dup(int fd);
EXPORT int dup2(int fd, int to);
EXPORT int dup3(int fd, int to, int flags);
EXPORT int fcntl(int fd, int command, ...);
EXPORT int fcntl64(int fd, int command, ...);
/* By which copies of this library find each other. */
EXPORT extern const char iovashim_version[];
const char iovashim_version[] = IOVASHIM_VERSION;

/* In libc's place, before the constructor has run or without dlsym. */
static int by_kernel(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return (int)syscall(SYS_ioctl, fd, request, argument);
}

/* Whoever comes after this library. But for ioctl, which is never NULL so that no call has to look,
 * all are NULL before the constructor has run, and without dlsym. */
static struct {
	int (*ioctl)(int fd, unsigned long request, ...);
	int (*close)(int fd);
	int (*close_range)(unsigned int first, unsigned int last, int flags);
	int (*dup)(int fd);
	int (*dup2)(int fd, int to);
	int (*dup3)(int fd, int to, int flags);
	int (*fcntl)(int fd, int command, ...);
	int (*fcntl64)(int fd, int command, ...);
} libc = {.ioctl = by_kernel};
/* Until the constructor has run, or for good. It begins as true to lie beside the pointers: what
 * begins as 0 would take a page of its own. */
static bool inert = true;

static int next(void *context, int fd, unsigned long request, void *argument)
{
	int result = libc.ioctl(fd, request, argument);

	(void)context;
	return result < 0 ? -errno : result;
}

/* errno is what the caller had unless the call fails. */
static int finish(int result, int saved)
{
	errno = result < 0 ? -result : saved;
	return result < 0 ? -1 : result;
}

static __attribute__((noinline)) int watched(int fd, unsigned long request, void *argument)
{
	int saved = errno, result;

	if (inert)
		return libc.ioctl(fd, request, argument);
	if ((uint32_t)request >> 8 == 0x3b)
		return finish(shim_vfio(fd, request, argument), saved);
	result = next(NULL, fd, request, argument);
	if ((uint32_t)request == KVM_RUN)
		shim_kvm_run(result < 0 ? result : 0);
	else if (result >= 0)
		shim_memslot(fd, argument);
	return finish(result, saved);
}

/* VFIO's requests are _IO(';', n), no size in them; some callers sign-extend what is an int to
 * them, so the low 32 bits alone count. All others take this way too: each instruction of it is
 * paid by every ioctl of the VMM (tests/bench/instructions.sh counts them). */
int ioctl(int fd, unsigned long request, void *argument)
{
	switch ((uint32_t)request) {
	case 0x3b00 ... 0x3bff:
	case KVM_RUN:
	case KVM_SET_USER_MEMORY_REGION:
	case SET_MEMORY_REGION2:
		return watched(fd, request, argument);
	}
	return libc.ioctl(fd, request, argument);
}

/* What is known of a number ends before the number is free for another file to take. */
int close(int fd)
{
	int saved = errno;

	if (!inert)
		shim_closing(fd);
	errno = saved;
	return libc.close ? libc.close(fd) : (int)syscall(SYS_close, fd);
}

int close_range(unsigned int first, unsigned int last, int flags)
{
	int saved = errno;

	/* With flags that it does not know, the kernel closes nothing. */
	if (!inert && !(flags & ~CLOSE_RANGE_UNSHARE))
		shim_closing_range(first, last);
	errno = saved;
	if (libc.close_range)
		return libc.close_range(first, last, flags);
	return (int)syscall(SYS_close_range, first, last, flags);
}

void closefrom(int first)
{
	close_range(first > 0 ? (unsigned int)first : 0, ~0u, 0);
}

static int duplicated(int fd, int result)
{
	int saved = errno;

	if (!inert && result >= 0)
		shim_duplicated(fd, result);
	errno = saved;
	return result;
}

int dup(int fd)
{
	return duplicated(fd, libc.dup ? libc.dup(fd) : (int)syscall(SYS_dup, fd));
}

int dup2(int fd, int to)
{
	return duplicated(fd, libc.dup2 ? libc.dup2(fd, to) : (int)syscall(SYS_dup2, fd, to));
}

int dup3(int fd, int to, int flags)
{
	return duplicated(
		fd, libc.dup3 ? libc.dup3(fd, to, flags) : (int)syscall(SYS_dup3, fd, to, flags));
}

static int fcntl_by(int (*function)(int fd, int command, ...), int fd, int command, void *argument)
{
	int result = function ? function(fd, command, argument)
			      : (int)syscall(SYS_fcntl, fd, command, argument);

	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
		return duplicated(fd, result);
	return result;
}

int fcntl(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return fcntl_by(libc.fcntl, fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return fcntl_by(libc.fcntl64, fd, command, argument);
}

/* @pointer is that of a function, mostly; ISO C has no cast for what dlsym returns. */
static void find(void *pointer, const char *name)
{
	void *symbol = dlsym ? dlsym(RTLD_NEXT, name) : NULL;

	__builtin_memcpy(pointer, &symbol, sizeof(symbol));
}

/* With initfirst this runs before libc has set environ: the loader hands the environment over. */
static __attribute__((constructor)) void load(int argc, char **argv, char **environment)
{
	const char *after;

	(void)argc;
	(void)argv;
	/* Two copies in a chain would both see a mapping and its pieces: the last one acts. */
	find(&after, "iovashim_version");
	find(&libc.ioctl, "ioctl");
	if (!libc.ioctl)
		libc.ioctl = by_kernel;
	find(&libc.close, "close");
	find(&libc.close_range, "close_range");
	find(&libc.dup, "dup");
	find(&libc.dup2, "dup2");
	find(&libc.dup3, "dup3");
	find(&libc.fcntl, "fcntl");
	find(&libc.fcntl64, "fcntl64");
	inert = after || !shim_load(next, getauxval(AT_SECURE) ? NULL : environment);
}

static __attribute__((destructor)) void unload(void)
{
	if (!inert)
		shim_unload();
}
