/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process can find out about a mapping of its own that failed. */
#ifndef IOVASHIM_SHIM_SURVEY_H
#define IOVASHIM_SHIM_SURVEY_H

#include "engine.h"

/* memory_ops.survey. Under a seccomp filter nothing is looked at: not every thread of such a VMM
 * may open files. Leaves errno to the caller. */
void shim_survey(void *context, struct range vaddr, struct range iova, uint32_t flags, int err,
	struct circumstances *facts);

#endif
