// SPDX-License-Identifier: GPL-2.0-or-later
/* Changing a VMM's arguments so that a rehearsal touches nothing: the tables, applied. */
#include "plan_vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool matches_one(const char *patterns, const char *text)
{
	char *all = plan_copy(patterns), *rest = all, *one;
	bool found = false;

	while (!found && (one = strsep(&rest, " ")))
		found = *one && !fnmatch(one, text, 0);
	free(all);
	return found;
}

static const struct plan_vmm unknown = {.name = "a VMM that plan has no table for", .files = "*"};

const struct plan_vmm *vmm_find(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (matches_one(vmm_qemu.files, slash ? slash + 1 : path))
		return &vmm_qemu;
	return &unknown;
}

void tell(json_t *told, const char *what)
{
	json_t *one;
	size_t i;

	json_array_foreach(told, i, one) if (!strcmp(json_string_value(one), what)) return;
	json_array_append_new(told, json_string(what));
}

char *copy_file(const char *path, const char *directory)
{
	static unsigned int number;
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), to;
	char *copy = plan_format("%s/copy-%u", directory, number++), block[65536];
	ssize_t n = 0;

	to = from < 0 ? -1 : open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	while (to >= 0 && (n = read(from, block, sizeof(block))) > 0)
		if (write(to, block, (size_t)n) != n)
			n = -1;
	if (from >= 0)
		close(from);
	if (to >= 0 && !close(to) && !n)
		return copy;
	free(copy);
	return NULL;
}

static bool holds(const struct rewrite *row, const char *value)
{
	struct properties p;
	const char *found;
	bool fits;

	if (!row->match)
		return true;
	p = properties_parse(value, row->implied);
	found = properties_get(&p, row->key);
	fits = found && matches_one(row->match, found);
	properties_free(&p);
	return fits;
}

static char *changed(const struct rewrite *row, const char *value, const char *directory)
{
	struct properties p = properties_parse(value, row->implied);
	const char *file;
	char *copy = NULL, *text;

	if (row->action == CHANGE) {
		if (row->keep)
			properties_keep(&p, row->keep);
		properties_put(&p, row->put);
	} else {
		file = properties_get(&p, row->put);
		copy = file ? copy_file(file, directory) : NULL;
		if (copy)
			properties_set(&p, row->put, copy);
	}
	text = properties_text(&p);
	properties_free(&p);
	free(copy);
	return text;
}

/* Applies @row to the option at @at. Returns how many words to go on by. */
static size_t apply(const struct rewrite *row, struct args *args, size_t at, const char *directory)
{
	char *text = NULL;

	switch (row->action) {
	case LEAVE_OUT_FLAG:
		args_remove(args, at, 1);
		return 0;
	case LEAVE_OUT:
		args_remove(args, at, 2);
		return 0;
	case REPLACE:
		args_set(args, at + 1, row->put);
		return 2;
	case COPY:
		text = copy_file(args->at[at + 1], directory);
		break;
	case CHANGE:
	case COPY_PROPERTY:
		text = changed(row, args->at[at + 1], directory);
		break;
	}
	if (text)
		args_set(args, at + 1, text);
	free(text);
	return 2;
}

static size_t rewrite_one(const struct rewrite *rows, struct args *args, size_t at,
	const char *directory, json_t *told)
{
	for (; rows->option; rows++) {
		bool flag = rows->action == LEAVE_OUT_FLAG;

		if (!args_is_option(args->at[at], rows->option))
			continue;
		if (!flag && (at + 1 == args->n || !holds(rows, args->at[at + 1])))
			continue;
		if (rows->told)
			tell(told, rows->told);
		return apply(rows, args, at, directory);
	}
	return 1;
}

void rewrite_args(const struct plan_vmm *vmm, struct args *args, const char *directory,
	const struct host_cpu *cpu, json_t *told)
{
	struct args flash = args_copy(NULL, 0);

	if (vmm->take_flash)
		vmm->take_flash(args, &flash, directory);
	for (size_t at = 1; vmm->rewrites && at < args->n;)
		at += rewrite_one(vmm->rewrites, args, at, directory, told);
	for (size_t i = 0; i < flash.n; i++)
		args_add(args, flash.at[i]);
	args_free(&flash);
	if (vmm->substitute)
		vmm->substitute(args, cpu, told);
	for (const char *const *word = vmm->rehearsing; word && *word; word++)
		args_add(args, *word);
}
