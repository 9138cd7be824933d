/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine's files share among themselves. */
#ifndef IOVASHIM_ENGINE_INTERNAL_H
#define IOVASHIM_ENGINE_INTERNAL_H

#include "engine.h"

void engine_tell(struct engine *engine, const struct event *event);

/* Takes the lock and, once no other request is at work on any of @iova, claims it. The lock stays
 * taken; drop it by lock_drop() before any ioctl. */
void engine_claim(struct engine *engine, struct container *container, struct claim *claim,
	struct range iova, struct lock_hold *hold);

/* Gives the claim up. Without the lock. */
void engine_release(struct engine *engine, struct container *container, struct claim *claim);

/* Lifts the guards of a split. Without the lock. */
void engine_unguard(
	struct engine *engine, const struct container *container, const struct split *split);

/* The kernel holds none of the container's mappings any more: forgets them, lifts their guards. */
void engine_forget_splits(struct engine *engine, struct container *container);

#endif
