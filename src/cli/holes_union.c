/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ranges that all groups of all hosts want to be avoided, with whose they are. */
#include "hole_set.h"
#include "holes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FOUR_GIB 0x100000000ull

unsigned int holes_bits(uint64_t address)
{
	return address ? 64 - (unsigned int)__builtin_clzll(address) : 0;
}

static size_t claims_of(const struct holes_fleet *fleet)
{
	size_t n = 0;

	for (size_t i = 0; i < fleet->n_hosts; i++)
		for (size_t k = 0; k < fleet->hosts[i].n_groups; k++)
			n += fleet->hosts[i].groups[k].n_regions + 2;
	return n;
}

static struct holes_claim *claim(struct holes_union *out, const struct holes_host *host,
	const struct holes_group *group, struct range range)
{
	struct holes_claim *c = &out->claims[out->n_claims++];

	*c = (struct holes_claim){.range = range, .host = host, .group = group};
	return c;
}

static void claim_group(
	struct holes_union *out, const struct holes_host *host, const struct holes_group *group)
{
	struct range aperture = group->aperture.range;

	for (size_t i = 0; i < group->n_regions; i++) {
		const struct holes_region *region = &group->regions[i];

		if (region->counts)
			strcpy(claim(out, host, group, region->range)->what, region->type);
	}
	if (!group->aperture.known) {
		out->bounded = false;
		return;
	}
	if (aperture.first)
		strcpy(claim(out, host, group, (struct range){0, aperture.first - 1})->what,
			"below the aperture");
	if (aperture.last != UINT64_MAX)
		snprintf(claim(out, host, group, (struct range){aperture.last + 1, UINT64_MAX})
				 ->what,
			sizeof(out->claims->what), "beyond %u bits", holes_bits(aperture.last));
}

static int compare_ranges(const struct holes_claim *a, const struct holes_claim *b)
{
	if (a->range.first != b->range.first)
		return a->range.first < b->range.first ? -1 : 1;
	if (a->range.last != b->range.last)
		return a->range.last < b->range.last ? -1 : 1;
	return strcmp(a->what, b->what);
}

static int compare(const void *left, const void *right)
{
	const struct holes_claim *a = left, *b = right;
	int order = compare_ranges(a, b);

	if (order)
		return order;
	/* Hosts and groups lie in arrays, in the order in which they are told. */
	if (a->host != b->host)
		return a->host < b->host ? -1 : 1;
	return a->group < b->group ? -1 : a->group > b->group;
}

static void summarize(struct holes_union *out, const struct hole_set *set)
{
	const struct range *last = set->n_merged ? &set->merged[set->n_merged - 1] : NULL;
	const struct range *above = hole_set_find(set, FOUR_GIB);

	out->usable = true;
	out->highest = UINT64_MAX;
	if (last && last->last == UINT64_MAX) {
		out->usable = last->first > 0;
		out->highest = last->first - 1;
	}
	out->unlimited = !above;
	if (above && above->first > FOUR_GIB)
		out->room = above->first - FOUR_GIB;
}

int holes_union(const struct holes_fleet *fleet, struct holes_union *out)
{
	size_t room = claims_of(fleet);
	struct hole *holes;
	void *memory;

	*out = (struct holes_union){.bounded = true};
	out->claims = calloc(room + 1, sizeof(*out->claims));
	holes = calloc(room + 1, sizeof(*holes));
	memory = malloc(hole_set_bytes(room));
	if (!out->claims || !holes || !memory) {
		free(memory);
		free(holes);
		holes_union_free(out);
		return -ENOMEM;
	}
	for (size_t i = 0; i < fleet->n_hosts; i++)
		for (size_t k = 0; k < fleet->hosts[i].n_groups; k++)
			claim_group(out, &fleet->hosts[i], &fleet->hosts[i].groups[k]);
	qsort(out->claims, out->n_claims, sizeof(*out->claims), compare);
	for (size_t i = 0; i < out->n_claims; i++)
		holes[i].range = out->claims[i].range;
	summarize(out, hole_set_build(memory, holes, out->n_claims, 4096));
	free(memory);
	free(holes);
	return 0;
}

void holes_union_free(struct holes_union *holes)
{
	free(holes->claims);
	holes->claims = NULL;
	holes->n_claims = 0;
}

uint64_t holes_above_4g(const struct holes_union *holes)
{
	return holes->unlimited ? UINT64_MAX - FOUR_GIB + 1 : holes->room;
}

size_t holes_same_range(const struct holes_union *holes, size_t from)
{
	size_t end = from + 1;

	while (end < holes->n_claims && !compare_ranges(&holes->claims[from], &holes->claims[end]))
		end++;
	return end;
}

size_t holes_same_host(const struct holes_union *holes, size_t from, size_t end)
{
	size_t i = from + 1;

	while (i < end && holes->claims[i].host == holes->claims[from].host)
		i++;
	return i;
}
