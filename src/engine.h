/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one flow of every request: holes of its container, decision, plan, apply, event. The kernel,
 * the VMM's memory and the audience stand behind small tables, so that it runs the same over the
 * real ones, a model or a recording.
 *
 * All requests return what the ioctl is to return: >= 0, or -errno. */
#ifndef IOVASHIM_ENGINE_H
#define IOVASHIM_ENGINE_H

#include "event.h"
#include "lock.h"

/* Makes one ioctl. Returns >= 0 or -errno. */
struct kernel_ops {
	int (*ioctl)(void *context, int fd, unsigned long request, void *argument);
	void *context;
};

struct memory_ops {
	/* What lies behind @vaddr, mapped at @iova. Returns 0, or -errno with MEMORY_RAM if it
	 * cannot be told. */
	int (*classify)(
		void *context, struct range vaddr, struct range iova, enum memory_kind *kind);
	/* Proves that nothing uses @vaddr and takes all access to it away. @flags: of the mapping,
	 * VFIO_DMA_MAP_FLAG_READ and _WRITE. *given_back: bytes returned to the host. Returns 0;
	 * -EBUSY: in use; -EFAULT: not all of it is memory that @flags may be had of; another
	 * -errno: cannot be set. On error all is as it was. */
	int (*guard)(void *context, struct range vaddr, uint32_t flags, uint64_t *given_back);
	/* Lifts what guard() set, once for each time that it was set. */
	void (*unguard)(void *context, struct range vaddr);
	void *context;
	/* Finds out what it can about a mapping of @vaddr at @iova that has failed with @err (an
	 * errno); @flags as above. @facts zeroed. NULL: nothing can be. */
	void (*survey)(void *context, struct range vaddr, struct range iova, uint32_t flags,
		int err, struct circumstances *facts);
};

struct audience_ops {
	void (*event)(void *context, const struct event *event);
	void *context;
};

struct engine {
	struct kernel_ops kernel;
	struct memory_ops memory;
	struct audience_ops audience;
	struct policy policy;
	struct lock lock; /* containers and hole sets; never held over an ioctl or a guard */
	uint64_t page;	  /* the CPU's, bytes: assumed of IOMMUs that have not said */
	int last_id;
	const struct hole_set *sets; /* every set ever used, each once: readers take no lock */
};

/* @engine zeroed, with its ops, policy and page filled in and lock initialised.
 * @container zeroed, or gone and to be used anew. Returns 0 or -ENOMEM. */
int engine_container_init(struct engine *engine, struct container *container);

/* Nothing stands for @container any more: lifts its guards, frees what it holds. */
void engine_container_gone(struct engine *engine, struct container *container);

/* Frees the hole sets; the containers must be freed already. */
void engine_free(struct engine *engine);

/* Something of the shim's own failed; @what is a line for people, static. */
void engine_fault(struct engine *engine, struct container *container, const char *what, int err);

/* After a successful VFIO_GROUP_SET_CONTAINER or UNSET_CONTAINER. */
void engine_group_added(
	struct engine *engine, struct container *container, const struct host_group *group);
void engine_group_removed(struct engine *engine, struct container *container, int number);

/* Learns from a VFIO_IOMMU_GET_INFO reply of @room bytes (the caller's argsz; capabilities beyond
 * it are not there). */
void engine_learn_info(
	struct engine *engine, struct container *container, const void *info, size_t room);

/* Asks the kernel itself. Only where no sandbox can object. */
void engine_ask_info(struct engine *engine, struct container *container, int fd);

/* The kernel's ranges are no longer what was reported, and it cannot be asked. */
void engine_forget_info(struct engine *engine, struct container *container);

/* VFIO_SET_IOMMU has succeeded: the container is a fresh one, whatever its descriptor's number
 * stood for before. Or, with @type 0, its last group has left: the kernel dropped all of it
 * (vfio_group_detach_container). */
void engine_iommu_set(struct engine *engine, struct container *container, unsigned long type);

/* VFIO_IOMMU_MAP_DMA, _UNMAP_DMA, _DIRTY_PAGES. @argument is the VMM's own pointer. */
int engine_map(struct engine *engine, struct container *container, int fd, void *argument);
int engine_unmap(struct engine *engine, struct container *container, int fd, void *argument);
int engine_dirty_pages(struct engine *engine, struct container *container, int fd, void *argument);

/* True if the same call would hand the request to the kernel as it is and return its answer, so
 * that whoever need not make the call himself can leave it to the caller. */
bool engine_map_passes(struct engine *engine, struct container *container, const void *argument);

/* False for a MAP_DMA that the kernel refuses before it looks at any mapping, and for FLAG_VADDR.
 */
bool engine_map_is_well_formed(const struct container *container, const void *argument);
bool engine_unmap_passes(struct container *container, void *argument);
bool engine_dirty_pages_pass(const struct container *container, const void *argument);

#endif
