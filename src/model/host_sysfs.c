// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading a host from its own sysfs, or a copy of it. */
#include <errno.h>
#include <stdio.h>

#include "host_text.h"

int model_host_from_sysfs(struct model_host *host, const char *root, struct model_error *error)
{
	model_host_init(host);
	snprintf(error->text, sizeof(error->text), "%s: not yet", root);
	return -EINVAL;
}
