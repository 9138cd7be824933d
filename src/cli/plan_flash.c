// SPDX-License-Identifier: GPL-2.0-or-later
/* QEMU's -blockdev nodes that hold firmware: -machine pflash0=NODE names them, not they themselves.
 */
#include "plan_vmm.h"

#include <stdlib.h>
#include <string.h>

static bool knows(const struct args *names, const char *name)
{
	for (size_t i = 0; name && i < names->n; i++)
		if (!strcmp(names->at[i], name))
			return true;
	return false;
}

static void add_flash_of_machines(const struct args *args, struct args *names)
{
	static const char *const keys[] = {"pflash0", "pflash1"};

	for (size_t i = 1; i + 1 < args->n; i++) {
		struct properties p;

		if (!args_is_option(args->at[i], "machine") && !args_is_option(args->at[i], "M"))
			continue;
		p = properties_parse(args->at[i + 1], "type");
		for (size_t k = 0; k < 2; k++)
			if (properties_get(&p, keys[k]))
				args_add(names, properties_get(&p, keys[k]));
		properties_free(&p);
	}
}

/* The nodes below those known: "file" names the node that a format reads from. */
static void add_files(const struct args *args, struct args *names)
{
	for (size_t nth = 0, at; (at = args_find(args, "blockdev", nth)) < args->n; nth++) {
		struct properties p = properties_parse(args->at[at + 1], "driver");
		const char *file = properties_get(&p, "file");

		if (knows(names, properties_get(&p, "node-name")) && file && !knows(names, file))
			args_add(names, file);
		properties_free(&p);
	}
}

/* The node, reading and writing a copy. */
static void take(struct args *flash, struct properties *p, const char *directory)
{
	static const char *const keys[] = {"filename", "file.filename"};
	char *text;

	for (size_t k = 0; k < 2; k++) {
		const char *path = properties_get(p, keys[k]);
		char *copy = path ? copy_file(path, directory) : NULL;

		if (copy)
			properties_set(p, keys[k], copy);
		free(copy);
	}
	text = properties_text(p);
	args_add(flash, "-blockdev");
	args_add(flash, text);
	free(text);
}

void take_flash(struct args *args, struct args *flash, const char *directory)
{
	struct args names = args_copy(NULL, 0);
	size_t at, nth = 0;

	add_flash_of_machines(args, &names);
	for (size_t depth = 0; depth < 4; depth++)
		add_files(args, &names);
	while ((at = args_find(args, "blockdev", nth)) < args->n) {
		struct properties p = properties_parse(args->at[at + 1], "driver");

		if (knows(&names, properties_get(&p, "node-name"))) {
			take(flash, &p, directory);
			args_remove(args, at, 2);
		} else {
			nth++;
		}
		properties_free(&p);
	}
	args_free(&names);
}
