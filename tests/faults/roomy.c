/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A library to preload between libiovashim.so and libiovamodel.so: what the model does is done on a
 * stack of its own, as a kernel's work is, so that what is left of the thread's is the shim's to
 * use. For one thread at a time. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>
#include <ucontext.h>

#define EXPORT __attribute__((visibility("default")))

/* All that is passed on is passed in registers. */
typedef long function(long a, long b, long c, long d, long e, long f);

static struct {
	const char *name;
	long arguments[6], result;
	int saved;
	ucontext_t caller, own;
	bool busy; /* the model calls what it stands in front of */
} call;
static char stack[1 << 18];

static void make_call(void)
{
	function *next = (function *)dlsym(RTLD_NEXT, call.name);
	const long *a = call.arguments;

	errno = call.saved;
	call.result = next(a[0], a[1], a[2], a[3], a[4], a[5]);
	call.saved = errno;
}

static long roomy(const char *name, long a, long b, long c, long d, long e, long f)
{
	if (call.busy)
		return ((function *)dlsym(RTLD_NEXT, name))(a, b, c, d, e, f);
	call.busy = true;
	call.name = name;
	call.saved = errno;
	call.arguments[0] = a;
	call.arguments[1] = b;
	call.arguments[2] = c;
	call.arguments[3] = d;
	call.arguments[4] = e;
	call.arguments[5] = f;
	getcontext(&call.own);
	call.own.uc_stack = (stack_t){.ss_sp = stack, .ss_size = sizeof(stack)};
	call.own.uc_link = &call.caller;
	makecontext(&call.own, make_call, 0);
	swapcontext(&call.caller, &call.own);
	errno = call.saved;
	call.busy = false;
	return call.result;
}

/* Under another name: C knows these functions by their own types. */
#define PASS(name)                                                                                 \
	EXPORT function pass_##name __asm__(#name);                                                \
	long pass_##name(long a, long b, long c, long d, long e, long f)                           \
	{                                                                                          \
		return roomy(#name, a, b, c, d, e, f);                                             \
	}

PASS(ioctl)
PASS(open)
PASS(close)
PASS(mmap)
PASS(pread)
PASS(__pread_chk)
PASS(readlink)
PASS(__readlink_chk)
PASS(opendir)
PASS(readdir)
PASS(closedir)
PASS(uname)
PASS(__fxstat)
