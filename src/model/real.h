/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that the preload stands in front of, as the next library has them. */
#ifndef IOVAMODEL_REAL_H
#define IOVAMODEL_REAL_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* What fortified and older programs call; no header declares them. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
int __xstat(int version, const char *path, struct stat *st);
int __xstat64(int version, const char *path, struct stat64 *st);
int __lxstat(int version, const char *path, struct stat *st);
int __lxstat64(int version, const char *path, struct stat64 *st);
int __fxstat(int version, int fd, struct stat *st);
int __fxstat64(int version, int fd, struct stat64 *st);
int __fxstatat(int version, int dir, const char *path, struct stat *st, int flags);
int __fxstatat64(int version, int dir, const char *path, struct stat64 *st, int flags);
ssize_t __readlink_chk(const char *path, char *to, size_t size, size_t room);
ssize_t __readlinkat_chk(int dir, const char *path, char *to, size_t size, size_t room);
ssize_t __pread_chk(int fd, void *to, size_t size, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *to, size_t size, off64_t at, size_t room);
char *__realpath_chk(const char *path, char *to, size_t room);

#define REAL_FUNCTIONS(X)                                                                          \
	X(open)                                                                                    \
	X(open64)                                                                                  \
	X(openat)                                                                                  \
	X(openat64)                                                                                \
	X(fopen)                                                                                   \
	X(fopen64)                                                                                 \
	X(stat)                                                                                    \
	X(stat64)                                                                                  \
	X(lstat)                                                                                   \
	X(lstat64)                                                                                 \
	X(fstat)                                                                                   \
	X(fstat64)                                                                                 \
	X(fstatat)                                                                                 \
	X(fstatat64)                                                                               \
	X(__xstat)                                                                                 \
	X(__xstat64)                                                                               \
	X(__lxstat)                                                                                \
	X(__lxstat64)                                                                              \
	X(__fxstat)                                                                                \
	X(__fxstat64)                                                                              \
	X(__fxstatat)                                                                              \
	X(__fxstatat64)                                                                            \
	X(statx)                                                                                   \
	X(access)                                                                                  \
	X(faccessat)                                                                               \
	X(readlink)                                                                                \
	X(readlinkat)                                                                              \
	X(realpath)                                                                                \
	X(opendir)                                                                                 \
	X(readdir)                                                                                 \
	X(readdir64)                                                                               \
	X(rewinddir)                                                                               \
	X(closedir)                                                                                \
	X(scandir)                                                                                 \
	X(ioctl)                                                                                   \
	X(mmap)                                                                                    \
	X(mmap64)                                                                                  \
	X(pread)                                                                                   \
	X(pread64)                                                                                 \
	X(pwrite)                                                                                  \
	X(pwrite64)                                                                                \
	X(uname)

struct real {
#define REAL_MEMBER(name) __typeof__(name) *name;
	REAL_FUNCTIONS(REAL_MEMBER)
#undef REAL_MEMBER
};

/* Filled by preload_ready(). */
extern struct real real;

#endif
