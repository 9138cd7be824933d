/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VMM's memory as the preload sees it: what it is, and the guard. */
#ifndef IOVASHIM_SHIM_MEMORY_H
#define IOVASHIM_SHIM_MEMORY_H

#include "engine.h"

struct memory_ops shim_memory_ops(void);

#endif
