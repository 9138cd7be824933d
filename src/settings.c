/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the environment asks of the shim or the supervisor. */
#include "settings.h"
#include "policy_load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *find(char **environment, const char *name)
{
	size_t n = strlen(name);

	for (; environment && *environment; environment++)
		if (!strncmp(*environment, name, n) && (*environment)[n] == '=')
			return *environment + n + 1;
	return "";
}

static bool is_set(char **environment, const char *name)
{
	const char *value = find(environment, name);

	return value[0] && strcmp(value, "0") != 0;
}

static const char *text_of(char **environment, const char *name)
{
	const char *value = find(environment, name);

	return value[0] ? value : NULL;
}

struct settings settings_read(char **environment)
{
	return (struct settings){
		.conf = text_of(environment, "IOVASHIM_CONF"),
		.log = text_of(environment, "IOVASHIM_LOG"),
		.mode = text_of(environment, "IOVASHIM_MODE"),
		.guard = text_of(environment, "IOVASHIM_GUARD"),
		.ready = text_of(environment, "IOVASHIM_READY"),
		.told = text_of(environment, "IOVASHIM_TOLD"),
		.quiet = is_set(environment, "IOVASHIM_QUIET"),
		.disabled = is_set(environment, "IOVASHIM_DISABLE"),
	};
}

int settings_load_policy(const struct settings *settings, struct policy *policy,
	const struct policy_host *host, const char **origin, struct policy_error *error)
{
	int err = policy_load(policy, settings->conf, host, origin, error);

	if (err) {
		if (err == -ENOMEM)
			snprintf(error->text, sizeof(error->text), "no memory for the policy");
		return err;
	}
	if (settings->mode)
		err = policy_set_mode(policy, settings->mode, error);
	if (!err && settings->guard)
		err = policy_set_guard(policy, settings->guard, error);
	if (err)
		policy_free(policy);
	return err;
}

void settings_open_log(
	const struct settings *settings, struct outlet *log, const struct outlet *people)
{
	char message[512];
	struct text text = text_start(message, sizeof(message));
	int err;

	*log = outlet_closed();
	if (!settings->log)
		return;
	err = outlet_open(log, settings->log);
	if (!err)
		return;
	text_add(&text, "IOVASHIM_LOG: cannot open %s (", settings->log);
	text_add_errno(&text, -err);
	text_add(&text, "): going on without a log");
	journal_fatal(people, message);
}

const char *settings_mode_word(const struct policy *policy)
{
	static const char *const words[] = {[CROSSING_SPLIT] = "split",
		[CROSSING_OBSERVE] = "observe",
		[CROSSING_REFUSE] = "refuse"};

	return words[policy->crossing];
}
