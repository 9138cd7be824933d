/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hosts reserve, as a table for people. */
#include "holes.h"
#include "text.h"

#include <string.h>

#define GIB (1ull << 30)

static void print_range(FILE *to, struct range range, const char *what)
{
	char line[48], size[24];
	struct text text = text_start(line, sizeof(line)), human = text_start(size, sizeof(size));

	text_add_range(&text, range);
	/* What is beyond an IOMMU's width has no size worth a number. */
	if (range.first && range.last == UINT64_MAX)
		text_add(&human, "the rest");
	else
		text_add_size(&human, range_size(range));
	fprintf(to, "  %s  %10s  %s", line, size, what);
}

static const char *enforcement(const struct holes_host *host)
{
	switch (host->enforces) {
	case ENFORCES_YES:
		return "it refuses mappings that touch a reserved range (EINVAL)";
	case ENFORCES_NO:
		return "it does NOT refuse mappings that touch a reserved range (Linux 5.4 and "
		       "newer do): devices fail there with no error";
	default:
		return "whether it refuses mappings that touch a reserved range is not known "
		       "(Linux 5.4 and newer do)";
	}
}

/* Where QEMU's PC machines are what guests run on. */
static bool is_x86(const struct holes_host *host)
{
	static const char *const signs[] = {"AuthenticAMD", "HygonGenuine", "GenuineIntel"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (!strcmp(host->vendor, signs[i]))
			return true;
	return !strcmp(host->iommu, "AMD-Vi") || !strcmp(host->iommu, "VT-d");
}

/* Addresses that are left, and how much guest RAM they hold. */
static void print_room(FILE *to, const struct holes_fleet *fleet, const struct holes_union *holes)
{
	char size[24];
	struct text human = text_start(size, sizeof(size));

	if (!holes->usable)
		fputs("  no address is left\n", to);
	else if (holes->bounded || holes->highest != UINT64_MAX)
		fprintf(to, "  highest usable address %s0x%llx (%u bits)\n",
			holes->bounded ? "" : "at most ", (unsigned long long)holes->highest,
			holes_bits(holes->highest));
	if (!holes->room)
		return;
	text_add_size(&human, holes->room);
	fprintf(to, "  from 4 GiB up to the first hole: %s", size);
	/* What else QEMU's PC machines have, when they are that large, is 2 or 3 GiB from 0 on. */
	if (holes->room >= GIB && is_x86(&fleet->hosts[0]))
		fprintf(to, "; largest QEMU guest below it: q35 %llu GiB, pc %llu GiB",
			(unsigned long long)(holes->room / GIB + 2),
			(unsigned long long)(holes->room / GIB + 3));
	fputc('\n', to);
}

/* --- one host -------------------------------------------------------------- */

static bool same_region(const struct holes_region *a, const struct holes_region *b)
{
	return a->range.first == b->range.first && a->range.last == b->range.last &&
	       !strcmp(a->type, b->type);
}

static bool same_facts(const struct holes_group *a, const struct holes_group *b)
{
	if (a->n_regions != b->n_regions || a->aperture.known != b->aperture.known ||
		a->aperture.range.first != b->aperture.range.first ||
		a->aperture.range.last != b->aperture.range.last ||
		strcmp(a->aperture.how, b->aperture.how) != 0)
		return false;
	for (size_t i = 0; i < a->n_regions; i++)
		if (!same_region(&a->regions[i], &b->regions[i]))
			return false;
	return true;
}

static void print_aperture(FILE *to, const struct holes_aperture *aperture)
{
	char bits[24];

	if (!aperture->known) {
		fprintf(to, "  the IOMMU's width is not known: %s\n", aperture->how);
		return;
	}
	snprintf(bits, sizeof(bits), "%u bits", holes_bits(aperture->range.last));
	print_range(to, aperture->range, "aperture: what the IOMMU translates, ");
	fprintf(to, "%s%s%s%s\n", bits, aperture->how[0] ? " (" : "", aperture->how,
		aperture->how[0] ? ")" : "");
}

static void print_regions(FILE *to, const struct holes_group *group)
{
	for (size_t i = 0; i < group->n_regions; i++) {
		const struct holes_region *region = &group->regions[i];

		print_range(to, region->range, region->type);
		fputs(region->counts ? "\n" : "  (does not count: mappings may use it)\n", to);
	}
	if (!group->n_regions)
		fputs("  no reserved regions\n", to);
}

static void print_devices(FILE *to, const struct holes_group *group)
{
	char ids[16];

	for (size_t i = 0; i < group->n_devices; i++) {
		const struct holes_device *device = &group->devices[i];

		snprintf(ids, sizeof(ids), "%04x:%04x", device->vendor, device->device);
		fprintf(to, "  %5u  %-12s  %-9s  ", group->number, device->address,
			device->has_ids ? ids : "-");
		fprintf(to, device->name[0] ? "%-10s  %s\n" : "%s%s\n",
			device->driver[0] ? device->driver : "-", device->name);
	}
	if (!group->n_devices)
		fprintf(to, "  %5u  -\n", group->number);
}

/* The groups from @from on that are like it, once; those before were printed with another. */
static int print_alike(FILE *to, const struct holes_host *host, size_t from)
{
	struct holes_host one = *host;
	const struct holes_fleet fleet = {1, &one};
	struct holes_union holes;
	int err;

	one.groups = &host->groups[from];
	one.n_groups = 1;
	err = holes_union(&fleet, &holes);
	if (err)
		return err;
	fputc('\n', to);
	print_regions(to, &host->groups[from]);
	print_aperture(to, &host->groups[from].aperture);
	print_room(to, &fleet, &holes);
	holes_union_free(&holes);
	fprintf(to, "  %5s  %-12s  %-9s  %-10s  %s\n", "GROUP", "DEVICE", "ID", "DRIVER", "NAME");
	for (size_t i = from; i < host->n_groups; i++)
		if (same_facts(&host->groups[from], &host->groups[i]))
			print_devices(to, &host->groups[i]);
	return 0;
}

int holes_print_host(FILE *to, const struct holes_fleet *fleet)
{
	const struct holes_host *host = &fleet->hosts[0];
	char line[160];

	holes_describe_host(host, line, sizeof(line));
	fprintf(to, "%s: %s\n%s\n", host->name, line, enforcement(host));
	for (size_t i = 0; i < host->n_groups; i++) {
		size_t before = 0;

		while (before < i && !same_facts(&host->groups[before], &host->groups[i]))
			before++;
		if (before == i && print_alike(to, host, i))
			return -1;
	}
	return 0;
}

/* --- many ------------------------------------------------------------------ */

static void print_claims(FILE *to, const struct holes_union *holes, size_t from, size_t end)
{
	char groups[80];
	bool first = true;

	print_range(to, holes->claims[from].range, "");
	fprintf(to, "%-18s", holes->claims[from].what);
	for (size_t i = from, next; i < end; i = next) {
		const struct holes_host *host = holes->claims[i].host;

		next = holes_same_host(holes, i, end);
		fprintf(to, "%s%s", first ? "  " : ", ", host->name);
		first = false;
		if (next - i == host->n_groups)
			continue;
		holes_group_list(holes, i, next, groups, sizeof(groups));
		fprintf(to, " (group%s %s)", next - i > 1 ? "s" : "", groups);
	}
	fputc('\n', to);
}

/* A host of each kind, if there are hosts of both. */
static bool differ(const struct holes_fleet *fleet)
{
	bool seen[3] = {false};

	for (size_t i = 0; i < fleet->n_hosts; i++)
		seen[fleet->hosts[i].enforces] = true;
	return seen[ENFORCES_NO] && seen[ENFORCES_YES];
}

static void print_hosts(FILE *to, const struct holes_fleet *fleet)
{
	static const char *const words[] = {[ENFORCES_UNKNOWN] = "refuses: not known",
		[ENFORCES_NO] = "does NOT refuse",
		[ENFORCES_YES] = "refuses"};
	char line[160];

	for (size_t i = 0; i < fleet->n_hosts; i++) {
		const struct holes_host *host = &fleet->hosts[i];

		holes_describe_host(host, line, sizeof(line));
		fprintf(to, "  %s: %s, %zu group%s, %s\n", host->name, line, host->n_groups,
			host->n_groups == 1 ? "" : "s", words[host->enforces]);
	}
	if (differ(fleet))
		fputs("  These kernels differ: those that refuse mappings over reserved ranges do "
		      "so with EINVAL (Linux 5.4\n  and newer); on the others they succeed, "
		      "devices fail with no error, and a guest that started there\n"
		      "  cannot arrive elsewhere.\n",
			to);
}

static void print_unknown(FILE *to, const struct holes_fleet *fleet)
{
	for (size_t i = 0; i < fleet->n_hosts; i++) {
		const struct holes_host *host = &fleet->hosts[i];
		size_t unknown = 0;

		for (size_t k = 0; k < host->n_groups; k++)
			unknown += !host->groups[k].aperture.known;
		if (unknown)
			fprintf(to,
				"  %s: the IOMMU's width is not known for %zu of %zu groups: "
				"not counted\n",
				host->name, unknown, host->n_groups);
	}
}

int holes_print_fleet(FILE *to, const struct holes_fleet *fleet)
{
	struct holes_union holes;
	int err = holes_union(fleet, &holes);

	if (err)
		return err;
	fprintf(to, "%zu host%s\n", fleet->n_hosts, fleet->n_hosts == 1 ? "" : "s");
	print_hosts(to, fleet);
	fputs("\nA guest that is to run on all of them has to avoid\n", to);
	for (size_t i = 0, end; i < holes.n_claims; i = end) {
		end = holes_same_range(&holes, i);
		print_claims(to, &holes, i, end);
	}
	if (!holes.n_claims)
		fputs("  nothing\n", to);
	print_unknown(to, fleet);
	print_room(to, fleet, &holes);
	holes_union_free(&holes);
	return 0;
}
