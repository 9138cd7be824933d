/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BIOS half's edge to the machine: the image's headers, INT 15h, and calls that C cannot make.
 *
 * C is compiled with -m16 -mregparm=3 and takes DS, ES and SS to be one segment: the ROM's own while
 * it starts, with a stack inside the image, which is writable then; later the caller's stack's. */

#define SMAP 0x534d4150
#define CARRY 1

	.code16

/* PCI Firmware Specification 3.0, 5.1.2; the wrapper fills in sizes and checksums. */
	.section .header, "ax"
	.byte	0x55, 0xaa
	.byte	0			/* 512-byte units */
	jmp	start
	.org	0x18
	.word	pcir, pnp
	.org	0x1c
pcir:	.ascii	"PCIR"
	.word	ROM_VENDOR, ROM_DEVICE
	.word	0, 24			/* no device list; this structure's length */
	.byte	0, 0x00, 0x00, 0xff	/* revision 0; class of pci-testdev */
	.word	0, 1			/* image length in 512-byte units; revision */
	.byte	0, 0			/* x86 BIOS; not the last image */
	.word	0
	.balign	4
/* SeaBIOS starts ROMs with a PnP header before it boots, others only when it boots from them. */
pnp:	.ascii	"$PnP"
	.byte	1, 2			/* version, length in 16-byte units */
	.word	0
	.byte	0, 0			/* no next header; checksum */
	.long	0
	.word	0, name
	.byte	0xff, 0, 0x00, 0x00	/* class: none of the boot devices */
	.word	0, 0, 0, 0, 0, 0	/* no BCV, no BEV */
name:	.asciz	"iovashim reservation ROM " IOVASHIM_VERSION

	.section .resident.text, "ax"
/* The vector points here; another copy of the ROM knows it by the word before. */
	.balign	16
	.ascii	"iovashim"
	.globl	hook
hook:	cmpl	$0xe820, %eax
	je	1f
	cmpw	$0, %cs:resident + 6	/* low */
	je	2f
	cmpw	$0xe801, %ax
	je	unsupported
	cmpw	$0xe881, %ax
	je	unsupported
	cmpb	$0x88, %ah
	je	unsupported
2:	ljmpw	*%cs:resident
1:	cmpl	$SMAP, %edx
	jne	2b
	cmpl	$20, %ecx
	jb	2b
	pushal
	pushw	%ds
	pushw	%es
	pushw	%fs
	pushw	%gs
	movw	%es, %ax
	movw	%ax, %gs
	movw	%cs, %ax
	movw	%ax, %fs
	movw	%ss, %ax
	movw	%ax, %ds
	movw	%ax, %es
	cld
	movl	%esp, %ebp		/* all of it: its upper half may be anything */
	movzwl	%sp, %esp
	movl	%esp, %eax
	calll	hook_e820
	movl	%ebp, %esp
	popw	%gs
	popw	%fs
	popw	%es
	popw	%ds
	popal
	iretw

/* These count what is contiguous from 1 MiB or 16 MiB on, and cannot tell of a hole below 4 GiB. */
unsupported:
	movb	$0x86, %ah
	pushw	%bp
	movw	%sp, %bp
	orw	$CARRY, 6(%bp)
	popw	%bp
	iretw

/* bool old_e820(uint32_t *next, uint32_t di) */
	.globl	old_e820
old_e820:
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	pushl	%eax
	pushw	%es
	movl	(%eax), %ebx
	movl	%edx, %edi
	pushw	%gs
	popw	%es
	movl	$0xe820, %eax
	movl	$20, %ecx
	movl	$SMAP, %edx
	pushfw
	lcallw	*%fs:resident
	popw	%es
e820_done:
	popl	%esi
	movl	$0, %ecx		/* keeps the flags */
	setnc	%cl
	cmpl	$SMAP, %eax
	sete	%al
	andb	%al, %cl
	movl	%ebx, (%esi)
	movl	%ecx, %eax
	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	retl

	.section .init.text, "ax"
start:	pushfw
	pushal
	pushw	%ds
	pushw	%es
	pushw	%fs
	pushw	%gs
	movw	%cs, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ss, %ax
	movw	%ax, saved_ss
	movl	%esp, saved_esp
	movw	%cs, %ax
	movw	%ax, %ss
	movl	$rom_stack_end, %esp
	cld
	calll	bios_start
	movw	saved_ss, %ax
	movw	%ax, %ss
	movl	saved_esp, %esp
	popw	%gs
	popw	%fs
	popw	%es
	popw	%ds
	popal
	popfw
	xorw	%ax, %ax		/* no device to boot from */
	lretw

/* bool int15_e820(uint32_t *next, struct e820_entry *entry) */
	.globl	int15_e820
int15_e820:
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	pushl	%eax
	movl	(%eax), %ebx
	movl	%edx, %edi
	movl	$0xe820, %eax
	movl	$20, %ecx
	movl	$SMAP, %edx
	int	$0x15
	jmp	e820_done

/* uint32_t read_vector(void), void write_vector(uint32_t): INT 15h's */
	.globl	read_vector, write_vector
read_vector:
	pushw	%es
	pushw	$0
	popw	%es
	movl	%es:(0x15 * 4), %eax
	popw	%es
	retl
write_vector:
	pushw	%es
	pushw	$0
	popw	%es
	movl	%eax, %es:(0x15 * 4)
	popw	%es
	retl

	.globl	code_segment
code_segment:
	movl	$0, %eax
	movw	%cs, %ax
	retl

/* void read_far(uint32_t offset_and_segment, void *to) */
	.globl	read_far
read_far:
	pushl	%esi
	pushl	%edi
	pushw	%ds
	pushl	%eax
	popw	%si
	popw	%ds
	movw	%dx, %di
	movw	$16, %cx
	rep movsb
	popw	%ds
	popl	%edi
	popl	%esi
	retl

/* void print_char(char c) */
	.globl	print_char
print_char:
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movb	$0x0e, %ah
	movw	$7, %bx
	int	$0x10
	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	retl

/* void wait_microseconds(uint32_t) */
	.globl	wait_microseconds
wait_microseconds:
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movl	%eax, %edx
	movl	%eax, %ecx
	shrl	$16, %ecx
	movb	$0x86, %ah
	int	$0x15
	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	retl

	.globl	halt
halt:	cli
	hlt
	jmp	halt

	.section .init.data, "aw"
saved_esp:
	.long	0
saved_ss:
	.word	0

	.section .note.GNU-stack, "", @progbits
