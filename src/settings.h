/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the environment asks of the shim or the supervisor: the IOVASHIM_* variables. */
#ifndef IOVASHIM_SETTINGS_H
#define IOVASHIM_SETTINGS_H

#include "journal.h"

struct settings {
	/* NULL if not set, or empty. */
	const char *conf, *log, *mode, *guard, *ready, *told;
	bool quiet, disabled;
};

/* Of @environment (as environ; may be NULL). The strings stay @environment's. */
struct settings settings_read(char **environment);

/* Loads the policy that is asked for; *@origin as by policy_load(). Returns 0 or -errno, with
 * error->text a line for people. */
int settings_load_policy(const struct settings *settings, struct policy *policy,
	const struct policy_host *host, const char **origin, struct policy_error *error);

/* Opens the log that is asked for, if one is; without it, it says so and goes on. */
void settings_open_log(
	const struct settings *settings, struct outlet *log, const struct outlet *people);

/* The words of the policy's `crossing`. */
const char *settings_mode_word(const struct policy *policy);

#endif
