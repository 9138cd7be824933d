/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one simulated host is made of: kernel, IOMMU, groups, devices and faults. */
#ifndef IOVAMODEL_HOST_H
#define IOVAMODEL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_KERNEL(major, minor) ((unsigned int)(major) << 16 | (unsigned int)(minor))

/* Both ends inclusive, as sysfs prints them. */
struct model_range {
	uint64_t first;
	uint64_t last;
};

/* In the order of the kernel's enum iommu_resv_type, which is how sysfs sorts equal starts. */
enum model_region_type {
	MODEL_DIRECT,
	MODEL_DIRECT_RELAXABLE,
	MODEL_RESERVED,
	MODEL_MSI, /* hardware or software window: type1 treats them alike */
};

struct model_region {
	struct model_range range;
	enum model_region_type type;
};

#define MODEL_BARS 6

struct model_bar {
	uint64_t size; /* bytes, a power of two; 0: not implemented */
	bool io;
	bool wide; /* 64 bits: takes the next BAR's place too */
	bool prefetch;
};

struct model_device {
	char name[16]; /* 0000:00:05.0 */
	uint16_t vendor;
	uint16_t device;
	uint16_t subvendor;
	uint16_t subdevice;
	uint32_t class; /* 24 bits: base class, sub-class, programming interface */
	uint8_t revision;
	uint8_t pin;	   /* INTx pin: 0 none, 1 to 4 */
	bool express;	   /* has a PCI Express capability, so 4 KiB of configuration space */
	unsigned int msi;  /* vectors; 0: no MSI capability */
	unsigned int msix; /* vectors; 0: no MSI-X capability */
	uint8_t msix_bar;
	struct model_bar bar[MODEL_BARS];
};

struct model_group {
	unsigned int number;
	struct model_range aperture;
	uint64_t pgsizes; /* bitmap, as iommu_domain.pgsize_bitmap */
	bool coherent;	  /* the IOMMU can enforce cache coherency (VFIO_DMA_CC_IOMMU) */
	bool intremap;	  /* interrupts are isolated; without, an attach is EPERM */
	bool emulated;	  /* a mediated device: no IOMMU domain, no reserved regions */
	bool noiommu;
	/*
	 * The group's driver pins what it uses (pinned_page_dirty_scope): only what it
	 * wrote is dirty, where any other group makes everything dirty.
	 */
	bool precise;
	struct model_region *regions; /* sorted by start, then type; merged by type */
	size_t nr_regions;
	struct model_device *devices;
	size_t nr_devices;
};

enum model_call {
	MODEL_CALL_OPEN_CONTAINER,
	MODEL_CALL_OPEN_GROUP,
	MODEL_CALL_SET_CONTAINER,
	MODEL_CALL_UNSET_CONTAINER,
	MODEL_CALL_GET_DEVICE_FD,
	MODEL_CALL_SET_IOMMU,
	MODEL_CALL_GET_INFO,
	MODEL_CALL_MAP,
	MODEL_CALL_UNMAP,
	MODEL_CALL_DIRTY,
	MODEL_CALL_DEVICE, /* any ioctl of a device */
	MODEL_CALLS,
};

/* The spelling of each enum model_call in a description: "map", "unmap", ... */
extern const char *const model_call_names[MODEL_CALLS];

struct model_fault {
	enum model_call call;
	unsigned int nth; /* 1 is the next one; 0: every one */
	int err;	  /* positive errno */
};

struct model_host {
	unsigned int kernel;   /* MODEL_KERNEL() */
	char cpu[16];	       /* vendor string, "AuthenticAMD" */
	unsigned int physbits; /* of the CPUs' physical addresses; 0: not known */
	uint32_t entry_limit;  /* module parameter dma_entry_limit */
	uint64_t memlock;      /* bytes; UINT64_MAX: unlimited, or CAP_IPC_LOCK */
	/*
	 * Not like any kernel: a mapping whose bits do not begin with a word of the bitmap leaves
	 * no rubbish past its end. update_user_bitmap() shifts its own bitmap in place and does
	 * not clear what it shifted out, so that later calls report pages dirty that are not.
	 */
	bool tidy_dirty;
	struct model_group *groups;
	size_t nr_groups;
	struct model_fault *faults;
	size_t nr_faults;
};

/* Fills @host with a host that has no groups: Linux 6.12, 65535 entries, no memlock limit. */
void model_host_init(struct model_host *host);

/* Frees all that @host owns and makes it empty again. */
void model_host_release(struct model_host *host);

/*
 * Adds a group (4 KiB to 1 GiB pages, the whole 64 bits, nothing reserved). Returns NULL
 * without memory. The pointer is good until the next group is added.
 */
struct model_group *model_host_add_group(struct model_host *host, unsigned int number);

/* Adds a region the way iommu_insert_resv_region() does: sorted, merged by type. 0 or -ENOMEM. */
int model_group_add_region(struct model_group *group, struct model_region region);

/* Adds a device that has no BARs. NULL without memory; good until the next one is added. */
struct model_device *model_group_add_device(struct model_group *group, const char *name);

const struct model_group *model_host_group(const struct model_host *host, unsigned int number);

/* The word sysfs has for @type: "direct", "direct-relaxable", "reserved", "msi". */
const char *model_region_name(enum model_region_type type);

#endif
