/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host reserves, as a feature file of Kubernetes' Node Feature Discovery: a line for each
 * label of the node. Its source/local/local.go reads them; values are what Kubernetes takes as the
 * value of a label: at most 63 of [A-Za-z0-9._-], at both ends none of the last three. */
#include "holes.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A larger file is left out as a whole (MaxFeatureFileSize). */
enum { LARGEST = 65536, LONGEST_VALUE = 63 };

static bool is_inner(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-_.", c));
}

/* Nothing if no character of @value can be kept. */
static void print_label(FILE *to, const char *name, const char *value)
{
	char text[LONGEST_VALUE + 1];
	size_t n = 0;

	for (; *value && n < LONGEST_VALUE; value++)
		if (n || isalnum((unsigned char)*value))
			text[n++] = is_inner(*value) ? *value : '-';
	while (n && !isalnum((unsigned char)text[n - 1]))
		n--;
	text[n] = 0;
	if (n)
		fprintf(to, "feature.node.kubernetes.io/iovashim-%s=%s\n", name, text);
}

static void print_number(FILE *to, const char *name, unsigned long long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", number);
	print_label(to, name, text);
}

static void print_flag(FILE *to, const char *name, bool flag)
{
	print_label(to, name, flag ? "true" : "false");
}

static void print_holes(FILE *to, const struct holes_union *holes)
{
	const struct range *before = NULL;
	char name[64];

	for (size_t i = 0; i < holes->n_claims; i = holes_same_range(holes, i)) {
		const struct holes_claim *claim = &holes->claims[i];

		/* Of one range that has several types, the first. */
		if (before && !memcmp(before, &claim->range, sizeof(*before)))
			continue;
		before = &claim->range;
		snprintf(name, sizeof(name), "hole.%016llx-%016llx",
			(unsigned long long)claim->range.first,
			(unsigned long long)claim->range.last);
		print_label(to, name, claim->what);
	}
}

static void print_all(FILE *to, const struct holes_host *host, const struct holes_union *holes)
{
	print_label(to, "version", IOVASHIM_VERSION);
	print_label(to, "iommu", host->iommu);
	print_flag(to, "vfio", host->has_vfio);
	if (host->enforces != ENFORCES_UNKNOWN)
		print_flag(to, "refuses-reserved", host->enforces == ENFORCES_YES);
	print_flag(to, "width-known", holes->bounded);
	print_number(to, "address-bits", holes->usable ? holes_bits(holes->highest) : 0);
	print_number(to, "above-4g-gib", holes_above_4g(holes) >> 30);
	print_holes(to, holes);
}

int holes_print_nfd(FILE *to, const struct holes_fleet *fleet)
{
	struct holes_union holes;
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	int err = memory ? holes_union(fleet, &holes) : -ENOMEM;

	if (!err) {
		print_all(memory, &fleet->hosts[0], &holes);
		holes_union_free(&holes);
		err = ferror(memory) ? -ENOMEM : 0;
	}
	if (memory && fclose(memory) && !err)
		err = -ENOMEM;
	if (!err && size > LARGEST)
		err = -E2BIG;
	if (!err)
		fwrite(text, 1, size, to);
	free(text);
	return err;
}
