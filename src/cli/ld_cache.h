/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader's cache, /etc/ld.so.cache, as ldconfig(8) writes it. Pure: makes no system call. */
#ifndef IOVASHIM_LD_CACHE_H
#define IOVASHIM_LD_CACHE_H

#include <stddef.h>

/* The path of library @name for programs like this one, which points into @cache; NULL if it is not
 * there, or the cache is none. Where there are several the plain one is taken, not one for a
 * processor's special features: they differ in speed only. */
const char *ld_cache_find(const char *cache, size_t size, const char *name);

#endif
