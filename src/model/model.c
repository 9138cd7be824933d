// SPDX-License-Identifier: GPL-2.0-or-later
/* The model's interface: one lock, a table of open files, faults on demand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/vfio.h>

#include "shared_lock.h"
#include "sim.h"

/* Far from real descriptors, so that one taken for the other is noticed. */
#define FIRST_HANDLE 100000

static void *plain_zalloc(size_t size)
{
	return calloc(1, size);
}

static int plain_copy_in(void *to, uint64_t from, size_t size)
{
	if (!from)
		return -EFAULT;
	memcpy(to, (const void *)(uintptr_t)from, size);
	return 0;
}

static int plain_copy_out(uint64_t to, const void *from, size_t size)
{
	if (!to)
		return -EFAULT;
	memcpy((void *)(uintptr_t)to, from, size);
	return 0;
}

/* Nothing is at the first page (vm.mmap_min_addr). */
static int plain_pin(uint64_t vaddr, uint64_t size, bool write)
{
	(void)size;
	(void)write;
	return vaddr < 4096 ? -EFAULT : 0;
}

static const struct model_env plain_env = {
	.zalloc = plain_zalloc,
	.free = free,
	.copy_in = plain_copy_in,
	.copy_out = plain_copy_out,
	.pin = plain_pin,
};

static int init_group(struct model *m, struct sim_group *g, const struct model_group *facts)
{
	g->facts = facts;
	if (!facts->nr_devices)
		return 0;
	g->devices = m->env->zalloc(facts->nr_devices * sizeof(*g->devices));
	if (!g->devices)
		return -ENOMEM;
	for (size_t i = 0; i < facts->nr_devices; i++) {
		g->devices[i].group = g;
		pci_init(&g->devices[i].pci, &facts->devices[i]);
	}
	return 0;
}

static int init_model(struct model *m)
{
	const struct model_host *host = m->host;
	int ret = 0;

	m->groups = m->env->zalloc((host->nr_groups + 1) * sizeof(*m->groups));
	if (!m->groups)
		return -ENOMEM;
	for (size_t i = 0; i < host->nr_groups && !ret; i++)
		ret = init_group(m, &m->groups[i], &host->groups[i]);
	for (size_t i = 0; i < host->nr_faults && !ret; i++)
		ret = model_fail(m, host->faults[i].call, host->faults[i].nth, host->faults[i].err);
	return ret;
}

struct model *model_create(const struct model_host *host, const struct model_env *env)
{
	struct model *m;

	if (!env)
		env = &plain_env;
	m = env->zalloc(sizeof(*m));
	if (!m)
		return NULL;
	lock_init_shared(&m->lock);
	m->host = host;
	m->env = env;
	m->last_handle = FIRST_HANDLE;
	m->kernel = (struct type1_kernel){
		.env = env,
		.version = host->kernel,
		.entry_limit = host->entry_limit,
		.tidy = host->tidy_dirty,
		.memlock_pages = host->memlock == UINT64_MAX ? UINT64_MAX : host->memlock >> 12,
	};
	if (init_model(m)) {
		model_destroy(m);
		return NULL;
	}
	return m;
}

void model_destroy(struct model *m)
{
	while (m->files)
		sim_file_close(m, m->files);
	model_clear_faults(m);
	for (size_t i = 0; m->groups && i < m->host->nr_groups; i++)
		m->env->free(m->groups[i].devices);
	m->env->free(m->groups);
	pthread_mutex_destroy(&m->lock);
	m->env->free(m);
}

struct sim_file *sim_file_find(struct model *m, int handle)
{
	struct sim_file *file = m->files;

	while (file && file->handle != handle)
		file = file->next;
	return file;
}

struct sim_file *sim_file_new(struct model *m, enum file_kind kind)
{
	struct sim_file *file = m->env->zalloc(sizeof(*file));

	if (!file)
		return NULL;
	file->kind = kind;
	file->handle = ++m->last_handle;
	file->next = m->files;
	m->files = file;
	return file;
}

static void device_put(struct model *m, struct sim_device *d)
{
	if (--d->opens)
		return;
	pci_init(&d->pci, d->pci.facts);
	d->group->users--;
	sim_group_put(m, d->group);
}

void sim_file_close(struct model *m, struct sim_file *file)
{
	struct sim_file **link = &m->files;

	while (*link != file)
		link = &(*link)->next;
	*link = file->next;
	switch (file->kind) {
	case FILE_CONTAINER:
		sim_container_put(m, file->container);
		break;
	case FILE_GROUP:
		sim_group_put(m, file->group);
		break;
	case FILE_DEVICE:
		device_put(m, file->device);
		break;
	}
	m->env->free(file);
}

int model_check_fault(struct model *m, enum model_call call)
{
	int err = 0;

	m->calls[call]++;
	for (struct armed_fault **link = &m->faults, *f; (f = *link);) {
		if (f->fault.call != call || (f->fault.nth && --f->fault.nth)) {
			link = &f->next;
			continue;
		}
		err = f->fault.err;
		if (f->fault.nth == 0 && f->once) {
			*link = f->next;
			m->env->free(f);
		} else {
			link = &f->next;
		}
	}
	return -err;
}

int model_fail(struct model *m, enum model_call call, unsigned int nth, int err)
{
	struct armed_fault *f = m->env->zalloc(sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->fault = (struct model_fault){call, nth, err};
	f->once = nth != 0;
	lock_shared(&m->lock);
	f->next = m->faults;
	m->faults = f;
	unlock_shared(&m->lock);
	return 0;
}

void model_clear_faults(struct model *m)
{
	struct armed_fault *f;

	lock_shared(&m->lock);
	while ((f = m->faults)) {
		m->faults = f->next;
		m->env->free(f);
	}
	unlock_shared(&m->lock);
}

unsigned int model_calls(struct model *m, enum model_call call)
{
	unsigned int calls;

	lock_shared(&m->lock);
	calls = m->calls[call];
	unlock_shared(&m->lock);
	return calls;
}

int model_open_container(struct model *m)
{
	int ret;

	lock_shared(&m->lock);
	ret = sim_container_open(m);
	unlock_shared(&m->lock);
	return ret;
}

int model_open_group(struct model *m, unsigned int number)
{
	int ret;

	lock_shared(&m->lock);
	ret = sim_group_open(m, number);
	unlock_shared(&m->lock);
	return ret;
}

int model_close(struct model *m, int handle)
{
	struct sim_file *file;

	lock_shared(&m->lock);
	file = sim_file_find(m, handle);
	if (file)
		sim_file_close(m, file);
	unlock_shared(&m->lock);
	return file ? 0 : -EBADF;
}

static int device_ioctl(struct model *m, struct sim_device *d, uint32_t cmd, uint64_t arg)
{
	int ret = model_check_fault(m, MODEL_CALL_DEVICE);

	return ret ? ret : pci_ioctl(&d->pci, m->env, cmd, arg);
}

static int file_ioctl(struct model *m, struct sim_file *file, uint32_t cmd, uint64_t arg)
{
	switch (file->kind) {
	case FILE_CONTAINER:
		return sim_container_ioctl(m, file->container, cmd, arg);
	case FILE_GROUP:
		return sim_group_ioctl(m, file->group, cmd, arg);
	case FILE_DEVICE:
		return device_ioctl(m, file->device, cmd, arg);
	}
	return -ENOTTY;
}

int model_ioctl(void *model, int handle, unsigned long request, void *arg)
{
	struct model *m = model;
	struct sim_file *file;
	int ret = -EBADF;

	lock_shared(&m->lock);
	file = sim_file_find(m, handle);
	if (file)
		ret = file_ioctl(m, file, (uint32_t)request, (uintptr_t)arg);
	unlock_shared(&m->lock);
	return ret;
}

static struct sim_group *find_group(struct model *m, int handle)
{
	struct sim_file *file = sim_file_find(m, handle);

	return file && file->kind == FILE_GROUP ? file->group : NULL;
}

int model_set_container(struct model *m, int group, int container)
{
	struct sim_group *g;
	int ret = -EBADF;

	lock_shared(&m->lock);
	g = find_group(m, group);
	if (g)
		ret = sim_group_set_container(m, g, sim_file_find(m, container));
	unlock_shared(&m->lock);
	return ret;
}

int model_get_device(struct model *m, int group, const char *name)
{
	struct sim_group *g;
	int ret = -EBADF;

	lock_shared(&m->lock);
	g = find_group(m, group);
	if (g)
		ret = sim_group_get_device(m, g, name);
	unlock_shared(&m->lock);
	return ret;
}

int model_attach(struct model *m, int container, unsigned int number)
{
	int group = model_open_group(m, number), ret;

	if (group < 0)
		return group;
	ret = model_set_container(m, group, container);
	if (ret) {
		model_close(m, group);
		return ret;
	}
	return group;
}

int model_detach(struct model *m, int group)
{
	int ret = model_ioctl(m, group, VFIO_GROUP_UNSET_CONTAINER, NULL);

	return ret ? ret : model_close(m, group);
}

int model_set_iommu(struct model *m, int container, unsigned long type)
{
	return model_ioctl(m, container, VFIO_SET_IOMMU, (void *)(uintptr_t)type);
}

/* The backend of a container, or NULL if it has none. */
static struct type1 *find_type1(struct model *m, int container)
{
	struct sim_file *file = sim_file_find(m, container);

	if (!file || file->kind != FILE_CONTAINER || !file->container->has_iommu ||
		file->container->noiommu)
		return NULL;
	return &file->container->iommu;
}

const struct model_device *model_device(struct model *m, int handle)
{
	const struct model_device *facts = NULL;
	struct sim_file *file;

	lock_shared(&m->lock);
	file = sim_file_find(m, handle);
	if (file && file->kind == FILE_DEVICE)
		facts = file->device->pci.facts;
	unlock_shared(&m->lock);
	return facts;
}

int model_config(struct model *m, int handle, bool write, uint64_t offset, void *data, size_t len)
{
	struct sim_file *file;
	int ret = -EBADF;

	lock_shared(&m->lock);
	file = sim_file_find(m, handle);
	if (file && file->kind == FILE_DEVICE)
		ret = write ? pci_config_write(&file->device->pci, offset, data, len)
			    : pci_config_read(&file->device->pci, offset, data, len);
	unlock_shared(&m->lock);
	return ret;
}

size_t model_mappings(struct model *m, int container, struct model_mapping *out, size_t max)
{
	struct type1 *t;
	struct dma *dma = NULL;
	size_t count = 0;

	lock_shared(&m->lock);
	t = find_type1(m, container);
	if (t)
		dma = dma_tree_first(&t->dmas);
	for (; dma; dma = dma_tree_next(dma), count++)
		if (count < max)
			out[count] = (struct model_mapping){dma->iova, dma->size, dma->vaddr};
	unlock_shared(&m->lock);
	return count;
}

int model_device_write(struct model *m, int container, uint64_t iova, uint64_t len, uint64_t *vaddr)
{
	struct type1 *t;
	int ret = -EINVAL;

	lock_shared(&m->lock);
	t = find_type1(m, container);
	if (t)
		ret = type1_device_write(t, iova, len, vaddr);
	unlock_shared(&m->lock);
	return ret;
}

uint64_t model_locked_pages(struct model *m)
{
	uint64_t pages;

	lock_shared(&m->lock);
	pages = m->kernel.locked_pages;
	unlock_shared(&m->lock);
	return pages;
}
