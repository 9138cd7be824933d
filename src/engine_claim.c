/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges that requests are at work on: what overlaps waits, the lock itself is never held long. */
#include "engine_internal.h"

static bool claimed(const struct container *container, struct range iova)
{
	for (const struct claim *claim = container->claims; claim; claim = claim->next)
		if (range_overlaps(claim->iova, iova))
			return true;
	return false;
}

void engine_claim(struct engine *engine, struct container *container, struct claim *claim,
	struct range iova, struct lock_hold *hold)
{
	signals_hold(&claim->signals);
	lock_take(&engine->lock, hold);
	while (claimed(container, iova))
		lock_wait(&engine->lock);
	claim->iova = iova;
	claim->next = container->claims;
	container->claims = claim;
}

void engine_release(struct engine *engine, struct container *container, struct claim *claim)
{
	struct claim *before = NULL, *at;
	struct lock_hold hold;

	lock_take(&engine->lock, &hold);
	for (at = container->claims; at != claim; at = at->next)
		before = at;
	if (before)
		before->next = claim->next;
	else
		container->claims = claim->next;
	lock_wake(&engine->lock);
	lock_drop(&engine->lock, &hold);
	signals_release(&claim->signals);
}
