/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls that look at what they leave behind, and ones that are not seen. */
#include "checked_call.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	GENERAL = 12,
	RED_ZONE = 16,
	VECTORS = 16,
	VECTOR_BYTES = 32,
	PAGE_BYTES = 4096,
	LOW_PAGES = 64
};

/* What is in the registers, as the assembly below has it. */
struct registers {
	uint64_t general[GENERAL]; /* rbx rbp rdi rsi rdx r8 r9 r10 r12 r13 r14 r15 */
	uint64_t flags, stack;
	uint64_t returns_to, flags_copy; /* rcx, r11: out only */
	uint64_t result, avx, mxcsr;
	uint64_t red_zone[RED_ZONE];
	unsigned char vectors[VECTORS][VECTOR_BYTES];
};

_Static_assert(offsetof(struct registers, flags) == 96, "as below");
_Static_assert(offsetof(struct registers, result) == 128, "as below");
_Static_assert(offsetof(struct registers, red_zone) == 152, "as below");
_Static_assert(offsetof(struct registers, vectors) == 280, "as below");

/* Fills all registers from *in, makes the system call ioctl, and puts them into *out. */
void all_registers_ioctl(const struct registers *in, struct registers *out);
extern const char all_registers_behind[];

/*
 * Between filling the red zone and reading it nothing may be pushed, and at the
 * instruction no register is left to point at anything: what is needed after
 * it is above rsp, in the frame: 0 out, 8 rcx, 16 r11.
 */
__asm__(".text\n"
	".globl all_registers_ioctl, all_registers_behind\n"
	".hidden all_registers_ioctl, all_registers_behind\n"
	".type all_registers_ioctl, @function\n"
	"all_registers_ioctl:\n"
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"	sub $40, %rsp\n"
	"	mov %rsi, (%rsp)\n"
	"	mov %rdi, %rax\n"
	"	cmpq $0, 136(%rax)\n"
	"	je 1f\n"
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	vmovdqu (280+32*\\n)(%rax), %ymm\\n\n"
	"	.endr\n"
	"	jmp 2f\n"
	"1:\n"
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	movdqu (280+32*\\n)(%rax), %xmm\\n\n"
	"	.endr\n"
	"2:	mov %rsp, 104(%rsi)\n"
	"	pushq 96(%rax)\n"
	"	popfq\n"
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	mov (152+8*\\n)(%rax), %rcx\n"
	"	mov %rcx, (-128+8*\\n)(%rsp)\n"
	"	.endr\n"
	"	mov (%rax), %rbx\n"
	"	mov 8(%rax), %rbp\n"
	"	mov 16(%rax), %rdi\n"
	"	mov 24(%rax), %rsi\n"
	"	mov 32(%rax), %rdx\n"
	"	mov 40(%rax), %r8\n"
	"	mov 48(%rax), %r9\n"
	"	mov 56(%rax), %r10\n"
	"	mov 64(%rax), %r12\n"
	"	mov 72(%rax), %r13\n"
	"	mov 80(%rax), %r14\n"
	"	mov 88(%rax), %r15\n"
	"	mov $16, %eax\n"
	"	syscall\n"
	"all_registers_behind:\n"
	"	mov %rcx, 8(%rsp)\n"
	"	mov %r11, 16(%rsp)\n"
	"	mov (%rsp), %rcx\n"
	"	mov %rbx, (%rcx)\n"
	"	mov %rbp, 8(%rcx)\n"
	"	mov %rdi, 16(%rcx)\n"
	"	mov %rsi, 24(%rcx)\n"
	"	mov %rdx, 32(%rcx)\n"
	"	mov %r8, 40(%rcx)\n"
	"	mov %r9, 48(%rcx)\n"
	"	mov %r10, 56(%rcx)\n"
	"	mov %r12, 64(%rcx)\n"
	"	mov %r13, 72(%rcx)\n"
	"	mov %r14, 80(%rcx)\n"
	"	mov %r15, 88(%rcx)\n"
	"	mov %rax, 128(%rcx)\n"
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	mov (-128+8*\\n)(%rsp), %rax\n"
	"	mov %rax, (152+8*\\n)(%rcx)\n"
	"	.endr\n"
	"	pushfq\n"
	"	popq 96(%rcx)\n"
	"	cld\n"
	"	mov 8(%rsp), %rax\n"
	"	mov %rax, 112(%rcx)\n"
	"	mov 16(%rsp), %rax\n"
	"	mov %rax, 120(%rcx)\n"
	"	stmxcsr 144(%rcx)\n"
	"	sub %rsp, 104(%rcx)\n"
	"	cmpq $0, 136(%rcx)\n"
	"	je 3f\n"
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	vmovdqu %ymm\\n, (280+32*\\n)(%rcx)\n"
	"	.endr\n"
	"	vzeroupper\n"
	"	jmp 4f\n"
	"3:\n"
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	movdqu %xmm\\n, (280+32*\\n)(%rcx)\n"
	"	.endr\n"
	"4:	add $40, %rsp\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"	ret\n"
	".size all_registers_ioctl, . - all_registers_ioctl\n");

/* Carry, parity, adjust, zero, sign, direction, overflow: all that a program may set and keep.
 * Bits 1 and 9 (interrupts on) are always set. */
#define FREE_FLAGS  0xcd5UL
#define FIXED_FLAGS 0x202UL
#define RESUME_FLAG 0x10000UL /* the processor's own */

static uint64_t next_pattern(void)
{
	static _Thread_local uint64_t state;

	if (!state)
		state = (uintptr_t)&state * 0x9e3779b97f4a7c15 | 1;
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1d;
}

static void fill(void *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += sizeof(uint64_t)) {
		uint64_t pattern = next_pattern();

		memcpy((char *)at + i, &pattern, sizeof(pattern));
	}
}

static uint64_t current_mxcsr(void)
{
	uint32_t mxcsr;

	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	return mxcsr;
}

static unsigned int compare(const struct registers *in, const struct registers *out)
{
	unsigned int damage = 0;

	if (memcmp(in->general, out->general, sizeof(in->general)))
		damage |= DAMAGE_GENERAL;
	if (out->stack)
		damage |= DAMAGE_STACK;
	if (memcmp(in->red_zone, out->red_zone, sizeof(in->red_zone)))
		damage |= DAMAGE_RED_ZONE;
	for (size_t i = 0; i < VECTORS; i++)
		if (memcmp(in->vectors[i], out->vectors[i], in->avx ? VECTOR_BYTES : 16))
			damage |= DAMAGE_VECTOR;
	if ((in->flags ^ out->flags) & ~RESUME_FLAG || (in->flags ^ out->flags_copy) & ~RESUME_FLAG)
		damage |= DAMAGE_FLAGS;
	if (out->returns_to != (uintptr_t)all_registers_behind)
		damage |= DAMAGE_RETURN;
	if (in->mxcsr != out->mxcsr)
		damage |= DAMAGE_ROUNDING;
	return damage;
}

long checked_ioctl(int fd, unsigned long request, const void *argument, unsigned int *damage)
{
	struct registers in, out;

	memset(&out, 0, sizeof(out));
	fill(&in, sizeof(in));
	in.avx = out.avx = !!__builtin_cpu_supports("avx");
	in.flags = (in.flags & FREE_FLAGS) | FIXED_FLAGS;
	in.mxcsr = current_mxcsr();
	in.general[2] = (uint64_t)(int64_t)fd;
	in.general[3] = request;
	in.general[4] = (uintptr_t)argument;
	all_registers_ioctl(&in, &out);
	*damage |= compare(&in, &out);
	return (long)out.result;
}

/* --- unseen -------------------------------------------------------------- */

/* Pages below 4 GiB, each one thread's for the time of a call. What a fork finds in use stays so in
 * the child. */
static char *low_pages;
static atomic_flag page_used[LOW_PAGES];

static void __attribute__((constructor)) get_low_pages(void)
{
	low_pages = mmap(NULL, (size_t)LOW_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low_pages == MAP_FAILED)
		low_pages = NULL;
}

static int take_page(void)
{
	for (;;) {
		for (int n = 0; n < LOW_PAGES; n++)
			if (!atomic_flag_test_and_set(&page_used[n]))
				return n;
		sched_yield();
	}
}

static long call_i386(int fd, unsigned long request, uint64_t argument)
{
	enum { IOCTL_OF_I386 = 54 };
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(IOCTL_OF_I386), "b"(fd), "c"(request), "d"(argument)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int32_t)result;
}

long unseen_ioctl(int fd, unsigned long request, void *argument, size_t size)
{
	long result;
	char *low;
	int n;

	if (!size)
		return call_i386(fd, request, (uintptr_t)argument);
	if (size > PAGE_BYTES || !low_pages)
		return -ENOMEM;
	n = take_page();
	low = low_pages + (size_t)n * PAGE_BYTES;
	memcpy(low, argument, size);
	result = call_i386(fd, request, (uintptr_t)low);
	memcpy(argument, low, size);
	atomic_flag_clear(&page_used[n]);
	return result;
}
