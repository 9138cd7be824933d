/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings across a hole of the policy's, for programs that make many, and what must be true of
 * them. */
#ifndef IOVASHIM_LAB_AREA_H
#define IOVASHIM_LAB_AREA_H

#include <stdbool.h>
#include <stdint.h>

/* An area has three pieces; the middle one is a hole by the scenarios' policy. Behind them is
 * room for one that crosses nothing. */
#define PIECE	     0x10000UL
#define AREA_SIZE    (3 * PIECE)
#define AREA_IOVA(n) (0x20000000UL + (n)*0x100000UL)

struct area {
	int container;
	uint64_t iova;
	char *memory; /* AREA_SIZE bytes, then a PIECE */
};

/* Not split, not guarded: a kernel without the hole. */
extern bool bare;

/* --- verdicts: may be called by any thread ------------------------------- */

/* Says what is wrong, at most 20 times. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
long complaints(void);

/* --- ways to make a request: the result or -errno ------------------------ */

typedef long (*call_fn)(int fd, unsigned long request, void *argument);

long by_libc(int fd, unsigned long request, void *argument);	    /* errno is watched */
long by_instruction(int fd, unsigned long request, void *argument); /* registers are watched */

/* --- containers and areas: end the program where they cannot be had ------ */

int open_group(const char *path, int *container);
void area_init(struct area *area, int container, unsigned int n);

/* The whole area; and the piece behind it. The struct is watched. 0 or -errno. */
long area_map(const struct area *area, call_fn call);
long area_unmap(const struct area *area, call_fn call);
long area_map_plain(const struct area *area, call_fn call);
long area_unmap_plain(const struct area *area, call_fn call);

/* What the kernel itself has of it, all of the pieces or nothing; and whether it is guarded as it
 * should be. NULL if all is well. They map pages of the area for a moment. */
const char *area_whole(const struct area *area);
const char *area_gone(const struct area *area);

/* How many mappings the kernel has room for (VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL), or -errno. */
long mappings_available(int container);

/* Bytes that are unmapped by an UNMAP of all that is there, or -errno. Not seen by any filter. */
long unmap_all_unseen(int container);

#endif
