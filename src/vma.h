/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process's mappings, from /proc/PID/maps. */
#ifndef IOVASHIM_VMA_H
#define IOVASHIM_VMA_H

#include "address_space.h"

#include <stddef.h>

struct vma {
	struct range addresses;
	struct range whole; /* of the mapping that addresses are of, or are a part of */
	int prot;	    /* PROT_READ, … */
	bool shared;
	bool anonymous;	  /* private memory that no file backs: absent pages are zero */
	bool vfio_device; /* a region of a VFIO device: a BAR */
	bool disk_file;	  /* of a file that has a path outside of /dev */
	uint64_t device;  /* of the file, as makedev() gives it */
	uint64_t inode;	  /* 0: no file */
	uint64_t offset;  /* into the file, bytes */
};

/* Parses one line of /proc/PID/maps (show_map_vma, fs/proc/task_mmu.c). Pure. */
bool vma_parse(const char *line, size_t length, struct vma *vma);

/* Calls @each for every mapping of @space that overlaps @addresses, ascending. Returns 0; -EFAULT
 * if some of it is not mapped; or -errno if its maps cannot be read. */
int vma_each(const struct address_space *space, struct range addresses,
	void (*each)(void *context, const struct vma *vma), void *context);

#endif
