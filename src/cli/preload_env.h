/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The environment in which a VMM is started: IOVASHIM_* variables, LD_PRELOAD. */
#ifndef IOVASHIM_PRELOAD_ENV_H
#define IOVASHIM_PRELOAD_ENV_H

/* Makes the path in variable @name absolute, since VMMs change their folder. @value replaces what
 * is there, unless it is NULL. Returns 0 or -errno. */
int env_set_path(const char *name, const char *value);

/* Puts libiovashim.so, as installed_find() finds it, in front of what is in LD_PRELOAD. Returns 0,
 * or an exit status after having said what is wrong. */
int env_preload(void);

#endif
