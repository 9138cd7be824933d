/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What no seccomp supervisor goes below. */
#ifndef IOVASHIM_BENCH_LEAST_H
#define IOVASHIM_BENCH_LEAST_H

/* Becomes @command under a filter of one comparison, whose supervisor lets everything go on. */
int under_least(char **command);

#endif
