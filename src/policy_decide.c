/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done with one mapping, by the policy. Pure. */
#include "policy.h"

/* A hole's own answer to a mapping that lies to it as @fit says, 0 if it has none. */
static unsigned int own_answer(const struct hole *hole, enum dma_fit fit)
{
	return fit == DMA_CROSSES ? (unsigned int)hole->crossing : (unsigned int)hole->inside;
}

static struct range in_pages(const struct hole_set *set, const struct hole *hole)
{
	return range_align_outwards(hole->range, set->page);
}

/* The answer for a touched hole. One without its own, as all those the host reports are, takes
 * that of the rules that cover it: a rule for a range is meant for the same hole in sysfs. */
static unsigned int answer_of(const struct hole_set *set, const struct hole *hole, enum dma_fit fit,
	unsigned int otherwise)
{
	unsigned int strictest = own_answer(hole, fit);
	struct range covered = in_pages(set, hole);

	if (strictest)
		return strictest;
	for (size_t i = hole_set_from(set, covered.first); i < set->n_holes; i++) {
		const struct hole *rule = &set->holes[i];

		if (in_pages(set, rule).first > covered.first)
			break;
		if (own_answer(rule, fit) > strictest &&
			range_contains(in_pages(set, rule), covered))
			strictest = own_answer(rule, fit);
	}
	return strictest ? strictest : otherwise;
}

/* The enums are ordered by strictness. */
static unsigned int strictest_answer(
	const struct hole_set *set, struct range iova, enum dma_fit fit, unsigned int otherwise)
{
	unsigned int strictest = 0;

	for (size_t i = hole_set_from(set, iova.first); i < set->n_holes; i++) {
		struct range hole = in_pages(set, &set->holes[i]);
		unsigned int answer;

		if (hole.first > iova.last)
			break;
		if (!range_overlaps(hole, iova))
			continue;
		answer = answer_of(set, &set->holes[i], fit, otherwise);
		if (answer > strictest)
			strictest = answer;
	}
	return strictest;
}

static enum verdict crossing_verdict(
	const struct policy *policy, const struct hole_set *holes, struct range iova)
{
	switch (strictest_answer(holes, iova, DMA_CROSSES, policy->crossing)) {
	case CROSSING_SPLIT:
		return VERDICT_SPLIT;
	case CROSSING_OBSERVE:
		return VERDICT_OBSERVE;
	default:
		return VERDICT_REFUSE;
	}
}

static enum verdict inside_verdict(
	const struct policy *policy, const struct hole_set *holes, struct range iova)
{
	switch (strictest_answer(holes, iova, DMA_INSIDE, policy->inside)) {
	case INSIDE_SKIP:
		return VERDICT_SKIP;
	case INSIDE_OBSERVE:
		return VERDICT_OBSERVE;
	default:
		return VERDICT_REFUSE;
	}
}

static enum verdict bar_verdict(const struct policy *policy)
{
	switch (policy->bar) {
	case BAR_OBSERVE:
		return VERDICT_OBSERVE;
	case BAR_SKIP:
		return VERDICT_SKIP;
	default:
		return VERDICT_REFUSE;
	}
}

enum verdict policy_decide(const struct policy *policy, const struct hole_set *holes,
	struct range iova, enum memory_kind kind)
{
	enum dma_fit fit = dma_split_fit(holes, iova);
	enum verdict verdict;

	if (fit == DMA_CLEAR)
		return VERDICT_PASS;
	if (kind == MEMORY_BAR)
		return bar_verdict(policy);
	verdict = fit == DMA_CROSSES ? crossing_verdict(policy, holes, iova)
				     : inside_verdict(policy, holes, iova);
	if (kind == MEMORY_TRANSLATED && verdict != VERDICT_OBSERVE)
		return VERDICT_REFUSE;
	return verdict;
}
