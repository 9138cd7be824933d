/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device line of a host description. */
#ifndef IOVAMODEL_HOST_DEVICE_H
#define IOVAMODEL_HOST_DEVICE_H

#include "words.h"

/* @name is the first word after "device"; the rest of the line is read. 0 or -EINVAL. */
int host_device_parse(struct words *t, struct word name, struct model_device *out);

/* Bytes of its BAR that @d's MSI-X table and pending bits take at least: the model has both in one.
 */
uint64_t host_device_msix_bytes(const struct model_device *d);

/* Where in that BAR the pending bits are: on the page after the table, or right behind it if there
 * is none. */
uint64_t host_device_msix_pending(const struct model_device *d);

/* Is @name a PCI address with its domain, 0000:00:05.0? */
bool host_device_is_address(const char *name, size_t len);

#endif
