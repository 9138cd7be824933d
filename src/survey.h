/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be found out about a mapping that has failed, at the process that asked for it. */
#ifndef IOVASHIM_SURVEY_H
#define IOVASHIM_SURVEY_H

#include "diagnosis.h"
#include "guest_memory.h"
#include "opened.h"

/* Some programs map the same again and again and think nothing of the failure. After so many
 * failures nothing new is looked at. */
enum { MOST_SURVEYS = 256 };

struct survey {
	const char *thread; /* "/proc/thread-self" or "/proc/TID": who asked */
	struct guest_memory *memory;
	struct opened *opened;
	const struct policy_host *kernel;
};

/* As memory_ops.survey of engine.h. Opens files of /proc and sysfs. */
void survey_failure(const struct survey *survey, struct range vaddr, struct range iova,
	uint32_t flags, int err, struct circumstances *facts);

#endif
