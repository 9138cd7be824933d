/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers for random sequences: the same from the same seed, everywhere. */
#ifndef IOVASHIM_DRAW_H
#define IOVASHIM_DRAW_H

#include <stdbool.h>
#include <stdint.h>

/* xorshift64*. @state: the seed at first; never 0. */
static inline uint64_t draw_u64(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

/* One of 0 to @limit - 1. */
static inline uint64_t draw_below(uint64_t *state, uint64_t limit)
{
	return (draw_u64(state) >> 16) % limit;
}

#endif
