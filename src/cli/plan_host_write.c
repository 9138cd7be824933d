// SPDX-License-Identifier: GPL-2.0-or-later
/* Writing a host's description, as the model reads it. */
#include "cli.h"
#include "plan_host.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void write_device(FILE *to, const struct model_device *d)
{
	fprintf(to, "  device %s %04x:%04x class=%06x rev=%02x subsys=%04x:%04x express=%s",
		d->name, d->vendor, d->device, d->class, d->revision, d->subvendor, d->subdevice,
		d->express ? "yes" : "no");
	if (d->pin)
		fprintf(to, " pin=%c", 'A' + d->pin - 1);
	if (d->msi)
		fprintf(to, " msi=%u", d->msi);
	if (d->msix)
		fprintf(to, " msix=%u@%u", d->msix, d->msix_bar);
	for (unsigned int i = 0; i < MODEL_BARS; i++)
		if (d->bar[i].size)
			fprintf(to, " bar%u=%" PRIu64 "%s%s%s", i, d->bar[i].size,
				d->bar[i].io ? ":io" : "", d->bar[i].wide ? ":64" : "",
				d->bar[i].prefetch && !d->bar[i].io ? ":prefetch" : "");
	fputc('\n', to);
}

static void write_group(FILE *to, const struct model_group *g, bool open)
{
	fprintf(to, "group %u%s%s%s\n", g->number, g->emulated ? " emulated" : "",
		g->noiommu ? " noiommu" : "", g->precise ? " precise" : "");
	if (!open)
		fprintf(to, "  aperture 0x%" PRIx64 "-0x%" PRIx64 "\n", g->aperture.first,
			g->aperture.last);
	fprintf(to, "  pagesizes 0x%" PRIx64 "\n  coherent %s\n  intremap %s\n", g->pgsizes,
		g->coherent ? "yes" : "no", g->intremap || open ? "yes" : "no");
	for (size_t i = 0; i < g->nr_regions && !open; i++)
		fprintf(to, "  reserved 0x%" PRIx64 "-0x%" PRIx64 " %s\n",
			g->regions[i].range.first, g->regions[i].range.last,
			model_region_name(g->regions[i].type));
	for (size_t i = 0; i < g->nr_devices; i++)
		write_device(to, &g->devices[i]);
}

static void write_host(FILE *to, const struct model_host *host, bool open)
{
	fprintf(to, "kernel %u.%u\n", host->kernel >> 16, host->kernel & 0xffff);
	if (*host->cpu)
		fprintf(to, "cpu %s\n", host->cpu);
	if (host->physbits)
		fprintf(to, "physbits %u\n", host->physbits);
	fprintf(to, "entries %u\n", host->entry_limit);
	if (host->memlock != UINT64_MAX && !open)
		fprintf(to, "memlock %" PRIu64 "\n", host->memlock);
	for (size_t i = 0; i < host->nr_groups; i++)
		write_group(to, &host->groups[i], open);
	for (size_t i = 0; i < host->nr_faults && !open; i++) {
		const struct model_fault *f = &host->faults[i];

		if (f->nth)
			fprintf(to, "fail %s %u %d\n", model_call_names[f->call], f->nth, f->err);
		else
			fprintf(to, "fail %s all %d\n", model_call_names[f->call], f->err);
	}
}

int plan_host_write(const struct plan_host *host, const char *path, bool open)
{
	FILE *to = fopen(path, "we");
	bool good = to;

	if (to) {
		write_host(to, &host->model, open);
		good = !ferror(to);
		good = !fclose(to) && good;
	}
	return good ? 0 : cli_fail("cannot write %s: %s", path, strerror(errno));
}
