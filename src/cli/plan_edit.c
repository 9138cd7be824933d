// SPDX-License-Identifier: GPL-2.0-or-later
/* Applying a candidate's steps to a VMM's arguments. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

size_t find_option(
	const struct args *args, const char *option, const char *implied, const char *key)
{
	size_t first = args->n;

	for (size_t i = 1; i + 1 < args->n; i++) {
		struct properties p;
		bool has;

		if (!args_is_option(args->at[i], option) &&
			(strcmp(option, "machine") != 0 || !args_is_option(args->at[i], "M")))
			continue;
		p = properties_parse(args->at[i + 1], implied);
		has = properties_get(&p, key);
		properties_free(&p);
		if (has)
			return i;
		if (first == args->n)
			first = i;
	}
	return first;
}

static void set_at(
	struct args *args, size_t at, const char *implied, const char *key, const char *value)
{
	struct properties p = properties_parse(args->at[at + 1], implied);
	char *text;

	properties_set(&p, key, value);
	text = properties_text(&p);
	args_set(args, at + 1, text);
	free(text);
	properties_free(&p);
}

/* An option that was not there, as it was without being said. */
static bool add_default(struct args *args, const char *option, struct values *values)
{
	const char *cpu = values_find(values, "default-cpu");
	char *dashed;

	if (!strcmp(option, "cpu") && !cpu)
		return false;
	if (strcmp(option, "cpu") != 0 && strcmp(option, "machine") != 0)
		return false;
	dashed = plan_format("-%s", option);
	args_add(args, dashed);
	args_add(args, !strcmp(option, "cpu") ? cpu : "");
	free(dashed);
	return true;
}

static bool set_property(struct args *args, const struct step *step, const char *key,
	const char *value, struct values *values)
{
	/* The property's own place, else where the option's first word stands. */
	size_t at = find_option(args, step->option, step->implied, key);
	struct properties p;
	bool has;

	if (at == args->n) {
		if (!add_default(args, step->option, values))
			return false;
		at = args->n - 2;
	}
	p = properties_parse(args->at[at + 1], step->implied);
	has = properties_get(&p, key);
	properties_free(&p);
	if (!has && find_option(args, step->option, step->implied, step->implied) < args->n)
		at = find_option(args, step->option, step->implied, step->implied);
	set_at(args, at, step->implied, key, value);
	return true;
}

/* The -object that has @id; args->n if there is none. */
static size_t find_object(const struct args *args, const char *id)
{
	for (size_t nth = 0, at; (at = args_find(args, "object", nth)) < args->n; nth++) {
		struct properties p = properties_parse(args->at[at + 1], "qom-type");
		const char *found = properties_get(&p, "id");
		bool same = found && !strcmp(found, id);

		properties_free(&p);
		if (same)
			return at;
	}
	return args->n;
}

static bool shrink_backend(struct args *args, const char *id, uint64_t less)
{
	size_t at = find_object(args, id);
	struct properties p;
	uint64_t size = 0;
	char *text;

	if (at == args->n)
		return false;
	p = properties_parse(args->at[at + 1], "qom-type");
	text = (char *)(uintptr_t)properties_get(&p, "size");
	if (text && !size_parse(text, 1, &size))
		size = 0;
	properties_free(&p);
	if (size <= less)
		return false;
	text = (size - less) % (1 << 20)
		       ? plan_format("%llu", (unsigned long long)(size - less))
		       : plan_format("%lluM", (unsigned long long)(size - less) >> 20);
	set_at(args, at, "qom-type", "size", text);
	free(text);
	return true;
}

/* Backends that hold the guest's RAM shrink with it: the machine's, or the last NUMA node's that
 * is large enough. */
static bool shrink_backends(struct args *args, uint64_t less)
{
	static const struct {
		const char *option, *implied, *key;
	} users[] = {{"machine", "type", "memory-backend"}, {"numa", "type", "memdev"}};
	bool any = false;

	for (size_t u = 0; u < 2; u++) {
		for (size_t i = args->n; i-- > 1;) {
			struct properties p;
			const char *id;
			bool done;

			if (i + 1 >= args->n || (!args_is_option(args->at[i], users[u].option) &&
							(u || !args_is_option(args->at[i], "M"))))
				continue;
			p = properties_parse(args->at[i + 1], users[u].implied);
			id = properties_get(&p, users[u].key);
			any = any || id;
			done = id && shrink_backend(args, id, less);
			properties_free(&p);
			if (done)
				return true;
		}
	}
	return !any;
}

static bool set_memory(struct args *args, const struct step *step, const char *value)
{
	size_t at = find_option(args, step->option, step->implied, step->key);
	struct properties p;
	uint64_t before = 0, after = 0;
	const char *size;

	if (at == args->n)
		return false;
	p = properties_parse(args->at[at + 1], step->implied);
	size = properties_get(&p, step->key);
	/* A number alone counts MiB. */
	if (size && !size_parse(size, 1 << 20, &before))
		before = 0;
	properties_free(&p);
	if (!size_parse(value, 1 << 20, &after) || after >= before)
		return false;
	set_at(args, at, step->implied, step->key, value);
	return shrink_backends(args, before - after);
}

static bool set_dimm(
	const struct plan *plan, struct args *args, const struct step *step, const char *value)
{
	const char *name = NULL;

	for (size_t i = 0; i < plan->judged.n; i++)
		if (*plan->judged.at[i].dimm)
			name = plan->judged.at[i].dimm;
	for (size_t nth = 0, at; name && (at = args_find(args, step->option, nth)) < args->n;
		nth++) {
		struct properties p = properties_parse(args->at[at + 1], step->implied);
		const char *id = properties_get(&p, "id"), *memdev = properties_get(&p, "memdev");
		bool same = (id && !strcmp(id, name)) || (memdev && !strcmp(memdev, name));

		properties_free(&p);
		if (!same)
			continue;
		set_at(args, at, step->implied, step->key, value);
		return true;
	}
	return false;
}

static bool apply_step(
	const struct plan *plan, const struct step *step, struct values *values, struct args *args)
{
	char *value = template_fill(step->value, values_find, values);
	char *key = template_fill(step->key ? step->key : "", values_find, values);
	bool done = value && key;
	char *dashed;

	switch (done ? step->action : STEP_END) {
	case STEP_END:
		break;
	case SET_PROPERTY:
		done = set_property(args, step, key, value, values);
		break;
	case ADD_OPTION:
		dashed = plan_format("-%s", step->option);
		args_add(args, dashed);
		args_add(args, value);
		free(dashed);
		break;
	case SET_MEMORY:
		done = set_memory(args, step, value);
		break;
	case SET_DIMM:
		done = set_dimm(plan, args, step, value);
		break;
	}
	free(value);
	free(key);
	return done;
}

bool apply_steps(const struct plan *plan, const struct candidate *candidate, struct values *values,
	struct args *args)
{
	for (const struct step *s = candidate->steps;
		s < candidate->steps + STEPS && s->action != STEP_END; s++)
		if (!apply_step(plan, s, values, args))
			return false;
	return true;
}
