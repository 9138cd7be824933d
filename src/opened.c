/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VFIO devices that this process has opened: whose memory a mapping of one is. */
#include "opened.h"
#include "fd_io.h"

#include <stdio.h>
#include <string.h>

enum { REGION_SHIFT = 40, REGIONS = 9, BARS = 6 }; /* VFIO_PCI_OFFSET_SHIFT, VFIO_PCI_NUM_REGIONS */

void opened_add(struct opened *opened, const struct stat *st, const char *name)
{
	struct opened_device device = {.device = st->st_dev, .inode = st->st_ino};
	size_t length = strcspn(name, " ");
	struct lock_hold hold;

	if (length >= sizeof(device.name))
		return;
	memcpy(device.name, name, length);
	lock_take(&opened->lock, &hold);
	opened->devices[opened->n++ % OPENED_DEVICES] = device;
	lock_drop(&opened->lock, &hold);
}

/* The @i-th, newest first. False if there is none. */
static bool get(struct opened *opened, size_t i, struct opened_device *device)
{
	struct lock_hold hold;
	bool found;

	lock_take(&opened->lock, &hold);
	found = i < opened->n && i < OPENED_DEVICES;
	if (found)
		*device = opened->devices[(opened->n - 1 - i) % OPENED_DEVICES];
	lock_drop(&opened->lock, &hold);
	return found;
}

static void find_by_inode(struct opened *opened, const struct vma *vma, char *name, int *region)
{
	struct opened_device device;

	if (vma->offset >> REGION_SHIFT < REGIONS)
		*region = (int)(vma->offset >> REGION_SHIFT);
	for (size_t i = 0; get(opened, i, &device); i++) {
		if (device.device != vma->device || device.inode != vma->inode)
			continue;
		memcpy(name, device.name, sizeof(device.name));
		return;
	}
}

struct resource {
	uint64_t address;
	int line;
	int region; /* -1: not found */
};

/* "0xFIRST 0xLAST 0xFLAGS": resource_show(), drivers/pci/pci-sysfs.c. */
static void match(void *context, const char *line, size_t length)
{
	struct resource *resource = context;
	unsigned long long first, last;
	char copy[64];

	if (resource->line < BARS && length < sizeof(copy)) {
		memcpy(copy, line, length);
		copy[length] = 0;
		if (sscanf(copy, "0x%llx 0x%llx", &first, &last) == 2 && last &&
			resource->address >= first && resource->address <= last)
			resource->region = resource->line;
	}
	resource->line++;
}

static void find_by_address(struct opened *opened, const struct vma *vma, char *name, int *region)
{
	struct opened_device device;
	char path[80];

	for (size_t i = 0; get(opened, i, &device); i++) {
		struct resource resource = {.address = vma->offset, .region = -1};

		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", device.name);
		if (fd_each_line(path, match, &resource) || resource.region < 0)
			continue;
		memcpy(name, device.name, sizeof(device.name));
		*region = resource.region;
		return;
	}
}

void opened_find(struct opened *opened, const struct policy_host *kernel, const struct vma *vma,
	char *name, int *region)
{
	name[0] = 0;
	*region = -1;
	if (kernel->kernel_major > 6 || (kernel->kernel_major == 6 && kernel->kernel_minor >= 10))
		find_by_inode(opened, vma, name, region);
	else
		find_by_address(opened, vma, name, region);
}
