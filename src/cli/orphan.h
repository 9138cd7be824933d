/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process beside the VMM that is not the VMM's to wait for. */
#ifndef IOVASHIM_CLI_ORPHAN_H
#define IOVASHIM_CLI_ORPHAN_H

/* As fork(), but for a grandchild whose parent is gone, in a session of its own. Returns 0 in it,
 * and in the caller 1 or -errno. */
int orphan_fork(void);

#endif
