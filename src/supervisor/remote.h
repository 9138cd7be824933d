/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another process's memory and descriptors. */
#ifndef IOVASHIM_SUPERVISOR_REMOTE_H
#define IOVASHIM_SUPERVISOR_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All @bytes, or false. @pid may be any thread of the process. */
bool remote_read(pid_t pid, uint64_t address, void *to, size_t bytes);
bool remote_write(pid_t pid, uint64_t address, const void *from, size_t bytes);

/* Text that ends within @room bytes; what cannot be read, or comes later, is cut off. */
void remote_read_text(pid_t pid, uint64_t address, char *to, size_t room);

/* The process that thread @tid belongs to and its parent, or -1. */
pid_t remote_process(pid_t tid, pid_t *parent);

/* The state letter of @tid in /proc (R, S, D, …), 0 if it is gone. */
char remote_state(pid_t tid);

/* A descriptor of our own (close-on-exec) for what @process's @fd is. Returns it or -errno. */
int remote_descriptor(pid_t process, int fd);

/* True if @fd of thread @tid's process is the same open file as our @own. */
bool remote_same_file(pid_t tid, int fd, int own);

/* True if both have the same memory. */
bool remote_same_memory(pid_t a, pid_t b);

/* Where @process has 16 bytes that are new with every exec (AT_RANDOM); 0 if that cannot be told.
 */
uint64_t remote_random_address(pid_t process);

#endif
