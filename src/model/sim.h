/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The objects behind descriptors, and who keeps whom alive. Callers hold the model's lock. */
#ifndef IOVAMODEL_SIM_H
#define IOVAMODEL_SIM_H

#include <pthread.h>

#include "model.h"
#include "pci.h"

/* vfio_container: alive while its file is open or a group is in it. */
struct sim_container {
	unsigned int refs;
	struct sim_group *groups; /* the last attached first */
	bool noiommu;
	bool has_iommu; /* SET_IOMMU was done */
	struct type1 iommu;
};

struct sim_device {
	struct pci_function pci;
	struct sim_group *group;
	unsigned int opens;
};

/* vfio_group: one for each group of the host, open or not. */
struct sim_group {
	const struct model_group *facts;
	struct sim_container *container;
	struct sim_group *next; /* in the container */
	unsigned int refs;	/* its file, and each open device; 0: not open */
	unsigned int users;	/* container_users: one, and one for each open device */
	struct sim_device *devices;
};

enum file_kind { FILE_CONTAINER, FILE_GROUP, FILE_DEVICE };

struct sim_file {
	struct sim_file *next;
	int handle;
	enum file_kind kind;
	struct sim_container *container;
	struct sim_group *group;
	struct sim_device *device;
};

struct armed_fault {
	struct armed_fault *next;
	struct model_fault fault; /* nth counts down */
	bool once;
};

struct model {
	pthread_mutex_t lock;
	const struct model_host *host;
	const struct model_env *env;
	struct type1_kernel kernel;
	struct sim_group *groups; /* host->nr_groups of them */
	struct sim_file *files;
	int last_handle;
	struct armed_fault *faults;
	unsigned int calls[MODEL_CALLS];
};

struct sim_file *sim_file_find(struct model *m, int handle);
/* A new file of @kind in the table, or NULL without memory. */
struct sim_file *sim_file_new(struct model *m, enum file_kind kind);
void sim_file_close(struct model *m, struct sim_file *file);

int sim_container_open(struct model *m);
int sim_container_ioctl(struct model *m, struct sim_container *c, uint32_t cmd, uint64_t arg);
void sim_container_put(struct model *m, struct sim_container *c);

int sim_group_open(struct model *m, unsigned int number);
int sim_group_ioctl(struct model *m, struct sim_group *g, uint32_t cmd, uint64_t arg);
int sim_group_set_container(struct model *m, struct sim_group *g, struct sim_file *container);
/* A handle of the device @name, or -errno. */
int sim_group_get_device(struct model *m, struct sim_group *g, const char *name);
/* Closes one reference to the group's file. */
void sim_group_put(struct model *m, struct sim_group *g);

/* Counts @call; 0, or the -errno of a fault that is due. */
int model_check_fault(struct model *m, enum model_call call);

#endif
