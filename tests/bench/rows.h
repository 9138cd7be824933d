/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is measured: operations of a program, each a row of a table. */
#ifndef IOVASHIM_BENCH_ROWS_H
#define IOVASHIM_BENCH_ROWS_H

#include <stdbool.h>

struct row {
	const char *key;	  /* by which it is asked for */
	const char *label;	  /* for people */
	double unit;		  /* nanoseconds */
	int count;		  /* operations in a batch */
	bool (*prepare)(void);	  /* once; false: cannot be had here. May be NULL */
	void (*before)(int i);	  /* of each operation, not counted. May be NULL */
	void (*operation)(int i); /* ends the program if it fails */
	void (*after)(int i);	  /* undoes it, not counted. May be NULL */
	bool one_by_one;	  /* after(i) has to come before the next operation */
};

/* Ended by a row without a key. */
extern const struct row rows[];

const struct row *row_find(const char *key);

/* A batch of @count operations: nanoseconds each. */
double row_time(const struct row *row, int count);

/* The rows' operations. GROUP is the environment's: a file in /dev/vfio. BY_HAND: what crosses
 * holes is made in pieces by the program itself, as for a kernel with the holes and no shim; if it
 * is "looks", with the system calls around it that nobody can do without who does not know what the
 * memory is; if "guards", with those of the guard too. */
bool ioctl_prepare(void), ioctl_prepare_kvm(void);
void ioctl_kvm(int i), ioctl_null(int i), ioctl_pipe(int i), ioctl_pty(int i);
bool kvm_prepare(void);
void kvm_run(int i);
bool signal_prepare(void);
void signal_raise(int i), process_fork(int i), process_start(int i);
bool stand_in_prepare(void);
void stand_in_pass(int i), stand_in_split(int i);

bool vfio_prepare(void), vfio_prepare_live(void);
void vfio_fstat(int i);
void vfio_attach(int i); /* not after vfio_prepare() */
void vfio_map(int i), vfio_unmap(int i);
void vfio_map_1(int i), vfio_map_2(int i), vfio_map_16(int i);
void vfio_unmap_1(int i), vfio_unmap_2(int i), vfio_unmap_16(int i);

#endif
