/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host reserves, as metrics for Prometheus: docs/iovashim-holes.1.scd names each. */
#include "holes.h"
#include "prometheus.h"

static double as_double(uint64_t bytes)
{
	return bytes ? (double)bytes : 0x1p64;
}

static void print_facts(FILE *to, const struct holes_host *host)
{
	prometheus_metric(to, "iovashim_build_info", "gauge", "Version of iovashim; always 1.");
	fputs("iovashim_build_info{", to);
	prometheus_label(to, "version", IOVASHIM_VERSION);
	fputc('}', to);
	prometheus_value(to, 1);
	prometheus_metric(to, "iovashim_host_info", "gauge",
		"Kernel, CPU vendor and IOMMU of this host; always 1.");
	fputs("iovashim_host_info{", to);
	prometheus_label(to, "kernel", host->kernel);
	fputc(',', to);
	prometheus_label(to, "cpu_vendor", host->vendor);
	fputc(',', to);
	prometheus_label(to, "iommu", host->iommu);
	fputc('}', to);
	prometheus_value(to, 1);
	prometheus_gauge(to, "iovashim_vfio_loaded",
		"Whether the kernel modules of VFIO are loaded (1) or not (0).", host->has_vfio);
	if (host->enforces != ENFORCES_UNKNOWN)
		prometheus_gauge(to, "iovashim_refuses_reserved",
			"Whether the kernel refuses mappings that touch a reserved range (1), or "
			"devices fail there with no error (0).",
			host->enforces == ENFORCES_YES);
}

static void print_claim(FILE *to, const char *name, const struct holes_claim *claim, double value)
{
	char first[24], last[24];

	snprintf(first, sizeof(first), "0x%016llx", (unsigned long long)claim->range.first);
	snprintf(last, sizeof(last), "0x%016llx", (unsigned long long)claim->range.last);
	fprintf(to, "%s{", name);
	prometheus_label(to, "first", first);
	fputc(',', to);
	prometheus_label(to, "last", last);
	fputc(',', to);
	prometheus_label(to, "type", claim->what);
	fputc('}', to);
	prometheus_value(to, value);
}

static void print_claims(FILE *to, const struct holes_union *holes)
{
	prometheus_metric(to, "iovashim_hole_bytes", "gauge",
		"Size of an address range that guest memory has to avoid; both ends inclusive.");
	for (size_t i = 0; i < holes->n_claims; i = holes_same_range(holes, i))
		print_claim(to, "iovashim_hole_bytes", &holes->claims[i],
			as_double(range_size(holes->claims[i].range)));
	prometheus_metric(
		to, "iovashim_hole_groups", "gauge", "How many IOMMU groups bring the range.");
	for (size_t i = 0, end; i < holes->n_claims; i = end) {
		end = holes_same_range(holes, i);
		print_claim(to, "iovashim_hole_groups", &holes->claims[i], (double)(end - i));
	}
}

static void print_room(FILE *to, const struct holes_host *host, const struct holes_union *holes)
{
	size_t unknown = 0;

	for (size_t i = 0; i < host->n_groups; i++)
		unknown += !host->groups[i].aperture.known;
	prometheus_gauge(
		to, "iovashim_groups", "IOMMU groups that were looked at.", (double)host->n_groups);
	prometheus_gauge(to, "iovashim_groups_without_width",
		"Those of them whose IOMMU has a width that is not known: nothing is counted for "
		"it.",
		(double)unknown);
	prometheus_gauge(to, "iovashim_usable_address_width",
		"Bits of the highest address that is in no hole; 0 if there is none.",
		holes->usable ? holes_bits(holes->highest) : 0);
	prometheus_gauge(to, "iovashim_above_4g_bytes",
		"Room from 4 GiB up to the first hole: for the memory of a PC guest above 4 GiB.",
		(double)holes_above_4g(holes));
}

int holes_print_prometheus(FILE *to, const struct holes_fleet *fleet)
{
	struct holes_union holes;
	int err = holes_union(fleet, &holes);

	if (err)
		return err;
	print_facts(to, &fleet->hosts[0]);
	print_claims(to, &holes);
	print_room(to, &fleet->hosts[0], &holes);
	holes_union_free(&holes);
	return 0;
}
