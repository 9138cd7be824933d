/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy for holes.conf: each range once, with whose it is. */
#include "holes.h"
#include "text.h"

#include <ctype.h>
#include <string.h>

static void print_devices(FILE *to, const struct holes_group *group)
{
	for (size_t i = 0; i < group->n_devices; i++) {
		const struct holes_device *device = &group->devices[i];

		fprintf(to, "#   group %u: %s", group->number, device->address);
		if (device->has_ids)
			fprintf(to, " %04x:%04x", device->vendor, device->device);
		fprintf(to, "%s%s\n", device->name[0] ? " " : "", device->name);
	}
}

static void print_hosts(FILE *to, const struct holes_fleet *fleet)
{
	char line[160];

	for (size_t i = 0; i < fleet->n_hosts; i++) {
		const struct holes_host *host = &fleet->hosts[i];

		holes_describe_host(host, line, sizeof(line));
		fprintf(to, "#\n# %s: %s\n", host->name, line);
		if (host->enforces == ENFORCES_NO)
			fputs("#   does not refuse mappings over these ranges itself: devices "
			      "fail there\n",
				to);
		for (size_t k = 0; k < host->n_groups; k++) {
			const struct holes_group *group = &host->groups[k];

			print_devices(to, group);
			if (!group->aperture.known)
				fprintf(to, "#   group %u: width not known, so not limited here\n",
					group->number);
		}
	}
}

/* A rule's name: the host, or how many of them, and what the range is. */
static void name_rule(const struct holes_union *holes, size_t from, size_t end, char name[64])
{
	struct text text = text_start(name, 64);
	size_t hosts = 0;

	for (size_t i = from; i < end; i = holes_same_host(holes, i, end))
		hosts++;
	if (hosts > 1)
		text_add(&text, "%zu-hosts", hosts);
	else
		text_add(&text, "%.32s", holes->claims[from].host->name);
	text_add(&text, ":%.24s", holes->claims[from].what);
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.:/+", *c))
			*c = '-';
}

static void print_rule(FILE *to, const struct holes_union *holes, size_t from, size_t end)
{
	const struct holes_claim *claim = &holes->claims[from];
	char groups[256], size[32], name[64];
	struct text text = text_start(size, sizeof(size));

	if (claim->range.last != UINT64_MAX)
		text_add_size(&text, range_size(claim->range));
	fprintf(to, "\n# %s%s%s\n", claim->what, size[0] ? ", " : "", size);
	for (size_t i = from, next; i < end; i = next) {
		next = holes_same_host(holes, i, end);
		holes_group_list(holes, i, next, groups, sizeof(groups));
		fprintf(to, "#   %s: group%s %s%s\n", holes->claims[i].host->name,
			next - i > 1 ? "s" : "", groups,
			next - i == holes->claims[i].host->n_groups ? " (all that are listed)"
								    : "");
	}
	name_rule(holes, from, end, name);
	fprintf(to, "hole 0x%llx-0x%llx name=%s\n", (unsigned long long)claim->range.first,
		(unsigned long long)claim->range.last, name);
}

int holes_print_conf(FILE *to, const struct holes_fleet *fleet)
{
	struct holes_union holes;
	int err = holes_union(fleet, &holes);

	if (err)
		return err;
	fprintf(to,
		"# What %s reserve%s: a policy for holes.conf(5), by iovashim-holes(1).\n"
		"# To use it: name it in IOVASHIM_CONF, or in the policy there is: include FILE\n",
		fleet->n_hosts > 1 ? "these hosts" : "this host", fleet->n_hosts > 1 ? "" : "s");
	print_hosts(to, fleet);
	for (size_t i = 0, end; i < holes.n_claims; i = end) {
		end = holes_same_range(&holes, i);
		print_rule(to, &holes, i, end);
	}
	if (!holes.n_claims)
		fputs("\n# Nothing is reserved.\n", to);
	holes_union_free(&holes);
	return 0;
}
