/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container's valid IOVA ranges: apertures less reserved regions (the kernel's iova_list). */
#ifndef IOVAMODEL_WINDOWS_H
#define IOVAMODEL_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>

#include "host.h"

/* More than any host has; a description with more regions is refused when it is read. */
#define WINDOWS_MAX 128

/* Sorted, disjoint. A value: assigning it is the kernel's iova_copy. */
struct windows {
	size_t count;
	struct model_range range[WINDOWS_MAX];
};

/* Does one window hold all of @r? True also if there are none at all. */
bool windows_allow(const struct windows *w, struct model_range r);

/* vfio_iommu_aper_resize(): narrow to @aperture, or start with it. */
void windows_resize(struct windows *w, struct model_range aperture);

/* Put @aperture's ends at the outermost windows' (vfio_iommu_aper_expand()). */
void windows_expand(struct windows *w, struct model_range aperture);

/* vfio_iommu_resv_exclude() of one region. direct-relaxable excludes nothing. */
void windows_exclude(struct windows *w, const struct model_region *region);

#endif
