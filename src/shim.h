/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The preload's own state: descriptors to containers, requests to the engine. */
#ifndef IOVASHIM_SHIM_H
#define IOVASHIM_SHIM_H

#include <stdbool.h>

/* Makes an ioctl by whoever comes after this library. Returns >= 0 or -errno. */
typedef int shim_ioctl(void *context, int fd, unsigned long request, void *argument);

/* When the library is loaded; opens nothing. @environment is the process's, or NULL where it is not
 * to be trusted. False if it says that the shim is to keep out of everything. */
bool shim_load(shim_ioctl *next, char **environment);

/* Serves a VFIO request (type ';'), whatever descriptor it is on. Returns >= 0 or -errno. */
int shim_vfio(int fd, unsigned long request, void *argument);

/* After a KVM_SET_USER_MEMORY_REGION (or _REGION2) that succeeded. */
void shim_memslot(int vm, const void *region);

/* After KVM_RUN; @err is 0 or its -errno. */
void shim_kvm_run(int err);

/* Descriptors that are about to be closed, and that were duplicated. */
void shim_closing(int fd);
void shim_closing_range(unsigned int first, unsigned int last);
void shim_duplicated(int old, int new);

/* At exit. */
void shim_unload(void);

#endif
