/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the client's checks are written in: expectations, VFIO requests, memory that can be touched.
 */
#ifndef IOVASHIM_LAB_CLIENT_H
#define IOVASHIM_LAB_CLIENT_H

#include <errno.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* A build that makes the system call itself, and watches its registers. */
#ifdef CLIENT_DIRECT
int direct_ioctl(int fd, unsigned long request, ...);
#define ioctl direct_ioctl
#endif

#define MIB  0x100000UL
#define PAGE 0x1000UL
/* Three MiB of which the middle one is the MSI window. */
#define ACROSS 0xfed00000UL
#define WINDOW 0xfee00000UL
#define BEHIND 0xfef00000UL
/* Four MiB of which the upper two are in the hyper-transport hole. */
#define EDGE 0xfcffe00000UL
/* Nothing is reserved here. */
#define CLEAR 0x10000000UL

extern bool shim;	/* what is expected: the shim's doing, or the bare kernel's */
extern bool supervised; /* and it is another process that does it */
extern const char *disk, *disk_group, *nic, *nic_group;
extern int group_fd; /* of the container that was opened last */

/* --- verdicts ------------------------------------------------------------ */

struct check {
	const char *name; /* NULL ends a set */
	void (*run)(void);
};

extern const struct check map_checks[], unmap_checks[], memory_checks[], untouched_checks[],
	hugetlb_checks[], owner_checks[], fork_checks[], exec_checks[], dirty_checks[],
	vaddr_checks[], foreign_checks[], first_checks[], skip_checks[];

/* Note the first thing that is not as it should be, and go on. */
void expect(int line, const char *what, long wanted, long got);
#define EXPECT(wanted, got) expect(__LINE__, #got, (long)(wanted), (long)(got))

/* Of what the expectations that follow are. Until the next check. */
void about(const char *what);

/* The host cannot do what this check needs. */
void skip_check(const char *reason);

/* Cannot go on. */
_Noreturn void die(const char *what);

/* Runs the set; its TAP goes to standard output. Returns the number of failures. */
int run_checks(const struct check *checks);

/* --- the kernel's interface: 0 or -errno --------------------------------- */

int attach(int container, const char *group);
int open_container_of(long type);
int open_container(void);
void close_container(int container);
int open_device(int group, const char *name);

struct vfio_iommu_type1_dma_map map_request(void *p, uint64_t iova, uint64_t size);

/* Also expects that the struct is left alone, and errno when all is well. */
long map_with(int container, struct vfio_iommu_type1_dma_map m);
long map(int container, void *p, uint64_t iova, uint64_t size);
long map_vaddr(int container, void *p, uint64_t iova, uint64_t size);

/* Around the shim, and any supervisor. @size: the argument's, 0 if it is a number. */
long raw_ioctl(int fd, unsigned long request, void *argument, size_t size);
long raw_map(int container, void *p, uint64_t iova, uint64_t size);

/* *gone: the struct's size afterwards. Also expects the rest of it to be left alone. */
long unmap_flags(int container, uint64_t iova, uint64_t size, uint32_t flags, uint64_t *gone);
long unmap(int container, uint64_t iova, uint64_t size, uint64_t *gone);

/* Expects that the request @bytes, of up to 64, has the same outcome on @fd with and without going
 * around the shim. */
void same_as_raw(int fd, unsigned long request, const void *bytes, size_t n);

/* Puts @scratch in the place of every descriptor from @from to 1023 that is not the client's. */
void replace_descriptors(int from, int container, int scratch);

/* --- memory -------------------------------------------------------------- */

void *memory_of(size_t size, int flags, int fd);
char *memory(void); /* three MiB, private and anonymous */

/* The signal that touching p raises, or 0. */
int touch(volatile char *p, bool write);

/* The protection of p's mapping, by the kernel's own account: "rw-p"; "" if there is none. */
const char *protection(const void *p);
bool is_rw(const void *p);

/* Pages of [p, p + size) that are in memory. */
long resident(void *p, size_t size);

/* What run() returns in a child process, 0 to 255; 1000 + the signal that ends it. */
int in_child(int (*run)(const void *argument), const void *argument);

#endif
