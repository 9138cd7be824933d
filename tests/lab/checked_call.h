/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ioctl() by a system call instruction of the program's own, with every register watched; and
 * ioctl() in a way that no filter of x86-64 system calls sees. */
#ifndef IOVASHIM_LAB_CHECKED_CALL_H
#define IOVASHIM_LAB_CHECKED_CALL_H

#include <stddef.h>

/* Bits of what a call changed that it must leave alone. */
enum damage {
	DAMAGE_GENERAL = 1,   /* rbx, rbp, rdi, rsi, rdx, r8 to r10, r12 to r15 */
	DAMAGE_STACK = 2,     /* rsp */
	DAMAGE_RED_ZONE = 4,  /* the 128 bytes below rsp */
	DAMAGE_VECTOR = 8,    /* xmm0 to xmm15, or ymm where there is AVX */
	DAMAGE_FLAGS = 16,    /* rflags; and r11, where the instruction leaves them */
	DAMAGE_RETURN = 32,   /* rcx, where it leaves the address behind it */
	DAMAGE_ROUNDING = 64, /* mxcsr */
};

/* The result or -errno. All registers and the red zone hold random patterns meanwhile; @damage
 * gets DAMAGE_ bits added. Safe for threads. */
long checked_ioctl(int fd, unsigned long request, const void *argument, unsigned int *damage);

/* The same by "int 0x80", of a copy of @size bytes (up to a page) at @argument that lies below
 * 4 GiB; they are copied back. Size 0: the argument is a number. Requests made of sizes and
 * pointers of 64 bits, as VFIO's are, mean the same there. Not to be used by signal handlers. */
long unseen_ioctl(int fd, unsigned long request, void *argument, size_t size);

#endif
