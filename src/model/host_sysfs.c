// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading a host from its own sysfs, or a copy of it. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "host_device.h"
#include "host_text.h"
#include "pci.h"

/* AMD_IOMMU_PGSIZES: every power of two from 4K but 512G; Linux 6.12 stops below 4P. */
#define AMD_PGSIZES	0xfff7ffffff000
#define AMD_PGSIZES_OLD 0xffffff7ffffff000

struct sysfs {
	const char *root;
	struct model_host *host;
	struct model_error *error;
};

/* Opens a file below the root; NULL if it is not there. */
static FILE *open_file(const struct sysfs *s, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static FILE *open_file(const struct sysfs *s, const char *format, va_list args)
{
	char path[PATH_MAX], tail[PATH_MAX / 2];

	vsnprintf(tail, sizeof(tail), format, args);
	snprintf(path, sizeof(path), "%s/%s", s->root, tail);
	return fopen(path, "re");
}

/* Bytes of a file below the root, at most @size; 0 if it is not there. */
static size_t read_bytes(const struct sysfs *s, void *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static size_t read_bytes(const struct sysfs *s, void *to, size_t size, const char *format, ...)
{
	size_t got = 0;
	va_list args;
	FILE *file;

	va_start(args, format);
	file = open_file(s, format, args);
	va_end(args);
	if (!file)
		return 0;
	got = fread(to, 1, size, file);
	fclose(file);
	return got;
}

/* A file that holds one hexadecimal number, with or without 0x; 0 if it is not there. */
static uint64_t read_hex(const struct sysfs *s, const char *dir, const char *name)
{
	char text[64];
	size_t len = read_bytes(s, text, sizeof(text) - 1, "%s/%s", dir, name);

	text[len] = '\0';
	return strtoull(text, NULL, 16);
}

static int fail(const struct sysfs *s, const char *what, const char *why)
{
	snprintf(s->error->text, sizeof(s->error->text), "%s/%s: %s", s->root, what, why);
	return -EINVAL;
}

static void read_kernel(const struct sysfs *s)
{
	unsigned int major, minor;
	struct utsname name;
	char text[64];
	size_t len = read_bytes(s, text, sizeof(text) - 1, "osrelease");

	text[len] = '\0';
	if (!len && !uname(&name))
		snprintf(text, sizeof(text), "%.63s", name.release);
	if (sscanf(text, "%u.%u", &major, &minor) == 2)
		s->host->kernel = MODEL_KERNEL(major, minor);
}

static void read_entries(const struct sysfs *s)
{
	char text[32];
	size_t len = read_bytes(
		s, text, sizeof(text) - 1, "module/vfio_iommu_type1/parameters/dma_entry_limit");

	text[len] = '\0';
	if (len)
		s->host->entry_limit = (uint32_t)strtoul(text, NULL, 10);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* scandir() below the root; a directory that is not there is empty. */
static int list(const struct sysfs *s, const char *dir, struct dirent ***entries)
{
	char path[PATH_MAX];
	int n;

	snprintf(path, sizeof(path), "%s/%s", s->root, dir);
	n = scandir(path, entries, is_visible, versionsort);
	return n < 0 ? 0 : n;
}

static void free_list(struct dirent **entries, int n)
{
	for (int i = 0; i < n; i++)
		free(entries[i]);
	if (n)
		free(entries);
}

/* What a VT-d unit's capability registers say of width, page sizes and snoop control. */
static void use_dmar(struct model_group *g, uint64_t cap, uint64_t ecap)
{
	unsigned int mgaw = (unsigned int)(cap >> 16 & 0x3f) + 1, sagaw = cap >> 8 & 0x1f;
	unsigned int width = 30;

	for (unsigned int level = 0; level < 5; level++)
		if (sagaw >> level & 1)
			width = 30 + 9 * level;
	if (width > mgaw)
		width = mgaw;
	g->aperture.last = width < 64 ? ((uint64_t)1 << width) - 1 : UINT64_MAX;
	g->coherent = ecap >> 7 & 1;
	g->pgsizes = 0x1000 | (cap >> 34 & 1) << 21 | (cap >> 35 & 1) << 30;
}

/* Finds the IOMMU unit that a device is behind. */
static void read_iommu(const struct sysfs *s, struct model_group *g, const char *device)
{
	struct dirent **units;
	int n = list(s, "class/iommu", &units);

	for (int i = 0; i < n; i++) {
		const char *unit = units[i]->d_name;
		char dir[PATH_MAX / 4], text[8];

		snprintf(dir, sizeof(dir), "class/iommu/%.64s", unit);
		if (!strncmp(unit, "ivhd", 4)) {
			snprintf(s->host->cpu, sizeof(s->host->cpu), "AuthenticAMD");
			g->pgsizes = s->host->kernel < MODEL_KERNEL(6, 12) ? AMD_PGSIZES_OLD
									   : AMD_PGSIZES;
		} else if (!strncmp(unit, "dmar", 4) &&
			   read_bytes(s, text, sizeof(text), "%s/devices/%s/vendor", dir, device)) {
			snprintf(s->host->cpu, sizeof(s->host->cpu), "GenuineIntel");
			use_dmar(g, read_hex(s, dir, "intel-iommu/cap"),
				read_hex(s, dir, "intel-iommu/ecap"));
		}
	}
	free_list(units, n);
}

/* A line of "resource" for each BAR: first and last address, flags as in linux/ioport.h. */
static void read_bars(const struct sysfs *s, struct model_device *d, const char *dir)
{
	char text[2048], *at = text;
	size_t len = read_bytes(s, text, sizeof(text) - 1, "%s/resource", dir);

	text[len] = '\0';
	for (unsigned int i = 0; i < MODEL_BARS && at && *at; i++) {
		struct model_bar *bar = &d->bar[i];
		unsigned long long first, last, flags;

		if (sscanf(at, "%llx %llx %llx", &first, &last, &flags) == 3 && last > first) {
			bar->size = last - first + 1;
			bar->io = flags & 0x100;
			bar->prefetch = flags & 0x2000;
			bar->wide = flags & 0x100000;
		}
		at = strchr(at, '\n');
		if (at)
			at++;
	}
}

/* Pin, MSI, MSI-X and PCI Express from what can be read of the configuration space. */
static void read_config(const struct sysfs *s, struct model_device *d, const char *dir)
{
	uint8_t config[256] = {0}, at;

	if (read_bytes(s, config, sizeof(config), "%s/config", dir) < 64)
		return;
	d->pin = config[0x3d] <= 4 ? config[0x3d] : 0;
	at = config[0x34];
	for (int left = 48; at >= 0x40 && at <= 0xfc && left; left--, at = config[at + 1]) {
		unsigned int control = config[at + 2] | (unsigned int)config[at + 3] << 8;

		if (config[at] == 0x05)
			d->msi = 1u << (control >> 1 & 7);
		else if (config[at] == 0x10)
			d->express = true;
		else if (config[at] == 0x11) {
			d->msix = (control & 0x7ff) + 1;
			d->msix_bar = config[at + 4] & 7;
		}
	}
	if (d->msi > 32)
		d->msi = 0;
	if (d->msix_bar >= MODEL_BARS || d->bar[d->msix_bar].io)
		d->msix = 0;
	/* A real device may have its pending bits in another BAR. */
	while (d->msix && d->bar[d->msix_bar].size < host_device_msix_bytes(d))
		d->msix--;
}

static int read_device(const struct sysfs *s, struct model_group *g, const char *name)
{
	char dir[PATH_MAX / 4];
	struct model_device *d;

	if (!host_device_is_address(name, strlen(name)))
		return 0;
	d = model_group_add_device(g, name);
	if (!d)
		return -ENOMEM;
	snprintf(dir, sizeof(dir), "kernel/iommu_groups/%u/devices/%.12s", g->number, name);
	d->vendor = (uint16_t)read_hex(s, dir, "vendor");
	d->device = (uint16_t)read_hex(s, dir, "device");
	d->subvendor = (uint16_t)read_hex(s, dir, "subsystem_vendor");
	d->subdevice = (uint16_t)read_hex(s, dir, "subsystem_device");
	d->class = (uint32_t)read_hex(s, dir, "class");
	d->revision = (uint8_t)read_hex(s, dir, "revision");
	read_bars(s, d, dir);
	read_config(s, d, dir);
	read_iommu(s, g, name);
	return 0;
}

/* A type that is not known here yet is taken for reserved, as type1 would. */
static enum model_region_type region_type(const char *word)
{
	for (enum model_region_type t = MODEL_DIRECT; t <= MODEL_MSI; t++)
		if (!strcmp(word, model_region_name(t)))
			return t;
	return MODEL_RESERVED;
}

static int read_regions(const struct sysfs *s, struct model_group *g)
{
	char what[64], text[8192], *at = text;
	size_t len;
	int ret = 0;

	snprintf(what, sizeof(what), "kernel/iommu_groups/%u/reserved_regions", g->number);
	len = read_bytes(s, text, sizeof(text) - 1, "%s", what);
	text[len] = '\0';
	while (*at && !ret) {
		unsigned long long first, last;
		char type[32];

		if (sscanf(at, "0x%llx 0x%llx %31s", &first, &last, type) != 3 || first > last)
			return fail(s, what, "a line should be: first, last address and type");
		ret = model_group_add_region(
			g, (struct model_region){{first, last}, region_type(type)});
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return ret;
}

static int read_group(const struct sysfs *s, const char *name)
{
	struct dirent **devices;
	struct model_group *g;
	char dir[PATH_MAX / 4], *end;
	unsigned long number = strtoul(name, &end, 10);
	int n, ret;

	if (end == name || *end || number > INT_MAX)
		return 0;
	g = model_host_add_group(s->host, (unsigned int)number);
	if (!g)
		return -ENOMEM;
	ret = read_regions(s, g);
	snprintf(dir, sizeof(dir), "kernel/iommu_groups/%lu/devices", number);
	n = list(s, dir, &devices);
	for (int i = 0; i < n && !ret; i++)
		ret = read_device(s, g, devices[i]->d_name);
	free_list(devices, n);
	return ret;
}

int model_host_from_sysfs(struct model_host *host, const char *root, struct model_error *error)
{
	struct sysfs s = {root, host, error};
	struct dirent **groups;
	int n, ret = 0;

	model_host_init(host);
	error->text[0] = '\0';
	read_kernel(&s);
	read_entries(&s);
	n = list(&s, "kernel/iommu_groups", &groups);
	for (int i = 0; i < n && !ret; i++)
		ret = read_group(&s, groups[i]->d_name);
	free_list(groups, n);
	if (!ret && !host->nr_groups)
		ret = fail(&s, "kernel/iommu_groups", "no IOMMU groups here");
	if (ret == -ENOMEM)
		fail(&s, "kernel/iommu_groups", "out of memory");
	if (ret)
		model_host_release(host);
	return ret;
}
