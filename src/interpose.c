/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libiovashim.so's only edge: ioctl(), and nothing else is decided here. */
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
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

EXPORT int ioctl(int fd, unsigned long request, ...);

/* NULL before the constructor has run, and without dlsym. */
static int (*next_ioctl)(int fd, unsigned long request, ...);
static bool enabled;

static int plain(int fd, unsigned long request, void *argument)
{
	if (next_ioctl)
		return next_ioctl(fd, request, argument);
	return (int)syscall(SYS_ioctl, fd, request, argument);
}

static int next(void *context, int fd, unsigned long request, void *argument)
{
	int result = plain(fd, request, argument);

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

	if (((uint32_t)request & 0xff00) == 0x3b00)
		return finish(shim_vfio(fd, request, argument), saved);
	result = next(NULL, fd, request, argument);
	if ((uint32_t)request == KVM_RUN)
		shim_kvm_run(result < 0 ? result : 0);
	else if (result >= 0)
		shim_memslot(fd, argument);
	return finish(result, saved);
}

/* VFIO's requests are _IO(';', n), no size in them; some callers sign-extend what is an int to
 * them, so the low 32 bits alone count. */
static bool is_watched(uint32_t request)
{
	return request >> 8 == 0x3b || request == KVM_RUN ||
	       request == (uint32_t)KVM_SET_USER_MEMORY_REGION || request == SET_MEMORY_REGION2;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (__builtin_expect(is_watched((uint32_t)request) && enabled, 0))
		return watched(fd, request, argument);
	return plain(fd, request, argument);
}

/* With initfirst this runs before libc has set environ: the loader hands the environment over. */
static __attribute__((constructor)) void load(int argc, char **argv, char **environment)
{
	void *symbol = dlsym ? dlsym(RTLD_NEXT, "ioctl") : NULL;

	(void)argc;
	(void)argv;
	__builtin_memcpy(&next_ioctl, &symbol, sizeof(symbol));
	enabled = shim_load(next, getauxval(AT_SECURE) ? NULL : environment);
}

static __attribute__((destructor)) void unload(void)
{
	if (enabled)
		shim_unload();
}
