/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What no seccomp supervisor goes below. */
#ifndef IOVASHIM_BENCH_LEAST_H
#define IOVASHIM_BENCH_LEAST_H

#include <stdbool.h>

/* Becomes @command under a filter of one comparison, whose supervisor lets everything go on. If it
 * @lends, it looks at each MAP first, whether it is on the stand-in and how large it is, and has
 * those of more than a page made twice, by the caller's borrowed thread. */
int under_least(char **command, bool lends);

#endif
