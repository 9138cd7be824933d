// SPDX-License-Identifier: GPL-2.0-or-later
/* The entries a host's groups and devices make in /dev and /sys. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs.h"
#include "pci.h"

/* Directories that exist on a real host too, with more in them. */
static const char *const shared[] = {"/", "/dev", "/proc", "/proc/sys", "/proc/sys/kernel", "/sys",
	"/sys/bus", "/sys/bus/pci", "/sys/bus/pci/devices", "/sys/bus/pci/drivers", "/sys/dev",
	"/sys/dev/char", "/sys/devices", "/sys/devices/virtual", "/sys/kernel", "/sys/module"};

static bool exists(const struct fs *fs, const char *path)
{
	for (size_t i = 0; i < fs->count; i++)
		if (!strcmp(fs->nodes[i].path, path))
			return true;
	return false;
}

/* A new node at @path, which is copied; NULL if there is no memory. */
static struct fs_node *add(struct fs *fs, enum fs_kind kind, const char *path)
{
	struct fs_node *bigger = realloc(fs->nodes, (fs->count + 1) * sizeof(*bigger)), *node;

	if (!bigger) {
		fs->error = -ENOMEM;
		return NULL;
	}
	fs->nodes = bigger;
	node = &bigger[fs->count];
	*node = (struct fs_node){.kind = kind, .path = strdup(path)};
	if (!node->path) {
		fs->error = -ENOMEM;
		return NULL;
	}
	fs->count++;
	return node;
}

static void add_bytes(
	struct fs *fs, enum fs_kind kind, const char *path, const void *bytes, size_t size)
{
	struct fs_node *node = add(fs, kind, path);

	if (!node)
		return;
	node->text = malloc(size + 1);
	if (!node->text) {
		fs->error = -ENOMEM;
		return;
	}
	memcpy(node->text, bytes, size);
	node->text[size] = '\0';
	node->size = size;
}

/* A file or link @name in directory @dir. */
static void add_text(struct fs *fs, enum fs_kind kind, const char *dir, const char *name,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

static void add_text(struct fs *fs, enum fs_kind kind, const char *dir, const char *name,
	const char *format, ...)
{
	char path[PATH_MAX], text[512];
	va_list args;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add_bytes(fs, kind, path, text, strlen(text));
}

/* As iommu_group_show_resv_regions() prints them. */
static void add_regions(struct fs *fs, const char *dir, const struct model_group *g)
{
	size_t room = g->nr_regions * 64 + 1, used = 0;
	char path[PATH_MAX], *text = malloc(room);

	if (!text) {
		fs->error = -ENOMEM;
		return;
	}
	text[0] = '\0';
	for (size_t i = 0; i < g->nr_regions; i++) {
		const struct model_region *r = &g->regions[i];

		used += (size_t)snprintf(text + used, room - used, "0x%016llx 0x%016llx %s\n",
			(unsigned long long)r->range.first, (unsigned long long)r->range.last,
			model_region_name(r->type));
	}
	snprintf(path, sizeof(path), "%s/reserved_regions", dir);
	add_bytes(fs, FS_FILE, path, text, used);
	free(text);
}

static void add_config(struct fs *fs, const char *dir, const struct model_device *d)
{
	struct pci_function *f = malloc(sizeof(*f));
	char path[PATH_MAX];

	if (!f) {
		fs->error = -ENOMEM;
		return;
	}
	pci_init(f, d);
	snprintf(path, sizeof(path), "%s/config", dir);
	add_bytes(fs, FS_FILE, path, f->config, f->size);
	free(f);
}

/* sysfs' "resource": BARs have a size but no place. */
static void add_resources(struct fs *fs, const char *dir, const struct model_device *d)
{
	char text[13 * 60], path[PATH_MAX];
	size_t used = 0;

	for (unsigned int i = 0; i < 13; i++) {
		const struct model_bar *bar = i < MODEL_BARS ? &d->bar[i] : NULL;
		unsigned long long last = bar && bar->size ? bar->size - 1 : 0;
		unsigned long long flags = !last ? 0 : bar->io ? 0x40101 : 0x40200;

		if (last && bar->wide)
			flags |= 0x100000;
		if (last && bar->prefetch)
			flags |= 0x2000;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"0x%016llx 0x%016llx 0x%016llx\n", 0ull, last, flags);
	}
	snprintf(path, sizeof(path), "%s/resource", dir);
	add_bytes(fs, FS_FILE, path, text, used);
}

static void add_ids(struct fs *fs, const char *dir, const struct model_device *d)
{
	add_text(fs, FS_FILE, dir, "vendor", "0x%04x\n", d->vendor);
	add_text(fs, FS_FILE, dir, "device", "0x%04x\n", d->device);
	add_text(fs, FS_FILE, dir, "subsystem_vendor", "0x%04x\n", d->subvendor);
	add_text(fs, FS_FILE, dir, "subsystem_device", "0x%04x\n", d->subdevice);
	add_text(fs, FS_FILE, dir, "class", "0x%06x\n", d->class);
	add_text(fs, FS_FILE, dir, "revision", "0x%02x\n", d->revision);
	add_text(fs, FS_FILE, dir, "irq", "0\n");
	add_text(fs, FS_FILE, dir, "numa_node", "-1\n");
	add_text(fs, FS_FILE, dir, "driver_override", "vfio-pci\n");
}

static void add_device(struct fs *fs, const struct model_group *g, const struct model_device *d)
{
	char bus[64], dir[96];

	snprintf(bus, sizeof(bus), "/sys/devices/pci%.7s", d->name);
	if (!exists(fs, bus))
		add(fs, FS_SHARED, bus);
	snprintf(dir, sizeof(dir), "%s/%s", bus, d->name);
	add(fs, FS_DIR, dir);
	add_ids(fs, dir, d);
	add_config(fs, dir, d);
	add_resources(fs, dir, d);
	add_text(fs, FS_LINK, dir, "iommu_group", "../../../kernel/iommu_groups/%u", g->number);
	add_text(fs, FS_LINK, dir, "subsystem", "../../../bus/pci");
	add_text(fs, FS_LINK, dir, "driver", "../../../bus/pci/drivers/vfio-pci");
	add_text(fs, FS_LINK, "/sys/bus/pci/devices", d->name, "../../../devices/pci%.7s/%s",
		d->name, d->name);
	snprintf(dir, sizeof(dir), "/sys/kernel/iommu_groups/%u/devices", g->number);
	add_text(fs, FS_LINK, dir, d->name, "../../../../devices/pci%.7s/%s", d->name, d->name);
}

static void add_group(struct fs *fs, const struct model_group *g)
{
	const char *prefix = g->noiommu ? "noiommu-" : "";
	char name[32], path[64];
	struct fs_node *node;

	snprintf(path, sizeof(path), "/dev/vfio/%s%u", prefix, g->number);
	node = add(fs, FS_GROUP, path);
	if (node)
		node->group = g->number;
	snprintf(name, sizeof(name), "%d:%u", FS_GROUP_MAJOR, FS_GROUP_MINOR(g->number));
	add_text(fs, FS_LINK, "/sys/dev/char", name, "../../devices/virtual/vfio/%s%u", prefix,
		g->number);
	snprintf(path, sizeof(path), "/sys/devices/virtual/vfio/%s%u", prefix, g->number);
	add(fs, FS_DIR, path);
	add_text(fs, FS_FILE, path, "dev", "%s\n", name);
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%u", g->number);
	add(fs, FS_DIR, path);
	add_regions(fs, path, g);
	add_text(fs, FS_FILE, path, "type", "DMA\n");
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%u/devices", g->number);
	add(fs, FS_DIR, path);
	for (size_t i = 0; i < g->nr_devices; i++)
		add_device(fs, g, &g->devices[i]);
}

static int compare(const void *a, const void *b)
{
	const struct fs_node *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int fs_init(struct fs *fs, const struct model_host *host)
{
	*fs = (struct fs){.error = 0};
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		add(fs, FS_SHARED, shared[i]);
	add(fs, FS_DIR, "/dev/vfio");
	add(fs, FS_CONTAINER, "/dev/vfio/vfio");
	add(fs, FS_DIR, "/sys/kernel/iommu_groups");
	add(fs, FS_DIR, "/sys/devices/virtual/vfio");
	add(fs, FS_DIR, "/sys/bus/pci/drivers/vfio-pci");
	add(fs, FS_DIR, "/sys/module/vfio_iommu_type1");
	add(fs, FS_DIR, "/sys/module/vfio_iommu_type1/parameters");
	add_text(fs, FS_FILE, "/sys/module/vfio_iommu_type1/parameters", "dma_entry_limit", "%u\n",
		host->entry_limit);
	add_text(fs, FS_FILE, "/proc/sys/kernel", "osrelease", "%u.%u.0-iovamodel\n",
		host->kernel >> 16, host->kernel & 0xffff);
	for (size_t i = 0; i < host->nr_groups; i++)
		add_group(fs, &host->groups[i]);
	if (fs->error) {
		int error = fs->error;

		fs_release(fs);
		return error;
	}
	qsort(fs->nodes, fs->count, sizeof(*fs->nodes), compare);
	return 0;
}

void fs_release(struct fs *fs)
{
	for (size_t i = 0; i < fs->count; i++) {
		free(fs->nodes[i].path);
		free(fs->nodes[i].text);
	}
	free(fs->nodes);
	*fs = (struct fs){.error = 0};
}
