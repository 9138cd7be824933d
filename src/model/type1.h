/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IOMMU backend of a container: what vfio_iommu_type1.c does, without a kernel. */
#ifndef IOVAMODEL_TYPE1_H
#define IOVAMODEL_TYPE1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dirty.h"
#include "dma_tree.h"
#include "host.h"
#include "windows.h"

/*
 * What the model needs from around it, so that it makes no system call itself. Pointers are
 * the caller's own addresses, as an ioctl's argument is. 0 or -errno.
 */
struct model_env {
	void *(*zalloc)(size_t size);
	void (*free)(void *p);
	int (*copy_in)(void *to, uint64_t from, size_t size);
	int (*copy_out)(uint64_t to, const void *from, size_t size);
	/* Would the pages be pinned? May be NULL: always. */
	int (*pin)(uint64_t vaddr, uint64_t size, bool write);
};

/* What every container of one process shares. */
struct type1_kernel {
	const struct model_env *env;
	unsigned int version; /* MODEL_KERNEL() */
	uint32_t entry_limit;
	uint64_t memlock_pages; /* UINT64_MAX: unlimited */
	uint64_t locked_pages;	/* mm->locked_vm */
	bool tidy;		/* see struct model_host */
};

struct type1_member {
	struct type1_member *next;
	const struct model_group *group;
	bool precise; /* pinned_page_dirty_scope */
};

/* Groups that share page tables: one IOMMU's width and page sizes. */
struct type1_domain {
	struct type1_domain *next;
	struct model_range aperture;
	uint64_t pgsizes;
	bool coherent;
	struct type1_member *members;
};

struct type1 {
	struct type1_kernel *kernel;
	struct dma_tree dmas;
	struct windows windows; /* valid IOVA ranges; none: unrestricted */
	struct type1_domain *domains;
	struct type1_member *emulated;
	uint64_t pgsizes;
	uint32_t dma_avail;
	unsigned int vaddr_invalid;
	unsigned int non_pinned; /* groups that make everything dirty */
	bool v2;
	bool tracking;
};

/*
 * vfio_iommu_type1_open(): @type is VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU or
 * VFIO_TYPE1_NESTING_IOMMU. 0 or -EINVAL. @t must stay where it is.
 */
int type1_init(struct type1 *t, struct type1_kernel *kernel, unsigned long type);

/* vfio_iommu_type1_release(): all mappings and groups go. */
void type1_release(struct type1 *t);

/* @group is borrowed until it is detached. 0 or -errno; on error nothing has changed. */
int type1_attach(struct type1 *t, const struct model_group *group);
void type1_detach(struct type1 *t, const struct model_group *group);

/* vfio_iommu_type1_ioctl(): @cmd is the request's low 32 bits. Result or -errno. */
int type1_ioctl(struct type1 *t, uint32_t cmd, uint64_t arg);

/* VFIO_CHECK_EXTENSION; @t is NULL for a container without a backend. */
int type1_extension(const struct type1 *t, unsigned int version, uint64_t extension);

/*
 * A device behind the container writes @len bytes at @iova: 0, or -EFAULT if any of them
 * has no translation that may be written. Every page written is dirty if tracking is on.
 * *@vaddr, if wanted, is where the first byte goes.
 */
int type1_device_write(struct type1 *t, uint64_t iova, uint64_t len, uint64_t *vaddr);

/* The smallest IOMMU page, in bytes. */
static inline uint64_t type1_page(const struct type1 *t)
{
	return t->pgsizes & -t->pgsizes;
}

/* For the files of the backend only. */
int type1_map_ioctl(struct type1 *t, uint64_t arg);
int type1_unmap_ioctl(struct type1 *t, uint64_t arg);
int type1_dirty_ioctl(struct type1 *t, uint64_t arg);
int type1_info_ioctl(struct type1 *t, uint64_t arg);
int type1_pin(struct type1 *t, struct dma *dma);
void type1_unpin(struct type1 *t, struct dma *dma);
void type1_remove(struct type1 *t, struct dma *dma);
void type1_remove_all(struct type1 *t);
int type1_check_bitmap(uint64_t pages, uint64_t bytes);
bool type1_user_range(uint64_t address, uint64_t size);
int type1_track(struct type1 *t, struct dma *dma); /* a bitmap for @dma */
int type1_report_dirty(struct type1 *t, struct dma *dma, uint64_t base, uint64_t user);

#endif
