/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be told from a program's code and data: system calls of its own, the Go tool chain.
 * Pure. */
#ifndef IOVASHIM_ELF_CODE_H
#define IOVASHIM_ELF_CODE_H

#include <stdbool.h>
#include <stddef.h>

/* ELF_OWN_IOCTL if the @length bytes of x86-64 code make ioctl(2) themselves: "mov $16,%eax" with
 * "syscall" close behind, or, if the file @imports_syscall, VFIO_IOMMU_MAP_DMA as the third
 * argument of a call whose first is 16. Else 0. Bytes are looked for, not instructions; so many in
 * a row do not come about by chance. */
unsigned int elf_code_x86_64(const unsigned char *code, size_t length, bool imports_syscall);

/* ELF_GO if the writable data has the build information of a Go program. Else 0. */
unsigned int elf_data_go(const unsigned char *data, size_t length);

#endif
