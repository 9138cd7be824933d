/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A random sequence of type1 calls, and the two things that can answer them. */
#ifndef PLAYER_H
#define PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All memory that is mapped: at a fixed place, so that transcripts agree. */
#define BUFFER	      ((uint64_t)0x200000000000)
#define BUFFER_SIZE   ((uint64_t)4 << 20)
#define READONLY      (BUFFER + BUFFER_SIZE)
#define READONLY_SIZE ((uint64_t)64 << 10)
#define BITMAP_SIZE   ((size_t)256 << 10)
#define ARG_SIZE      ((size_t)512)
#define LIVE_MAX      128

enum backend_kind { BACKEND_NONE, BACKEND_VFIO, BACKEND_HOST, BACKEND_SYSFS };

struct backend_choice {
	enum backend_kind kind;
	const char *path; /* of the description or the sysfs tree */
	int group;
};

/* A container with one group in it, on the kernel or on the model. */
struct backend;

/* NULL if it cannot be had; says why on stderr. */
struct backend *backend_open(const struct backend_choice *choice);
/* A fresh container of @type, the one before it closed. False, having said why, on failure. */
bool backend_restart(struct backend *b, unsigned long type);
/* The result, or -errno. */
int backend_ioctl(struct backend *b, unsigned long request, void *arg);
void backend_close(struct backend *b);

/* Mappings that are believed to exist, to aim calls at. */
struct live {
	uint64_t iova;
	uint64_t size;
};

struct player {
	struct backend *backend;
	uint64_t random;
	uint64_t step;
	bool top;
	bool v2;
	struct live live[LIVE_MAX];
	size_t nr_live;
	uint64_t arg[ARG_SIZE / 8];
	uint64_t bitmap[BITMAP_SIZE / 8];
};

bool player_init(struct player *p, const struct backend_choice *choice, uint64_t seed, bool top);
/* One call and its line. False if a container could not be had. */
bool player_step(struct player *p);
void player_end(struct player *p);

#endif
