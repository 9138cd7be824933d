/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iovashim check: how a VMM can be intercepted, and why. */
#include "cli.h"
#include "vmm_check.h"

#include <elf.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	unsigned int flag;
	const char *name;
} imports[] = {
	{ELF_IMPORTS_IOCTL, "ioctl"},
	{ELF_IMPORTS_SYSCALL, "syscall"},
	{ELF_IMPORTS_DLOPEN, "dlopen"},
};
enum { IMPORTS = sizeof(imports) / sizeof(imports[0]) };

static const char *kind_of(const struct vmm *vmm)
{
	const struct elf_facts *facts = vmm->libraries.n ? &vmm->libraries.list[0].facts : NULL;

	if (!facts)
		return NULL;
	if (facts->interpreter)
		return "dynamic";
	if (facts->type == ET_DYN && !facts->has_entry)
		return "shared library";
	return facts->type == ET_DYN ? "static-pie" : "static";
}

static json_t *import_list(unsigned int flags)
{
	json_t *list = json_array();

	for (size_t i = 0; i < IMPORTS; i++)
		if (flags & imports[i].flag)
			json_array_append_new(list, json_string(imports[i].name));
	return list;
}

/* A path may be any bytes; JSON is text. */
static json_t *path_json(const char *path)
{
	json_t *json;
	size_t length;
	char *plain;

	if (!path)
		return json_null();
	json = json_string(path);
	if (json)
		return json;
	plain = strdup(path);
	length = plain ? strlen(plain) : 0;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)plain[i] >= 0x80)
			plain[i] = '?';
	json = plain ? json_string(plain) : NULL;
	free(plain);
	return json;
}

static json_t *library_list(const struct libraries *libraries)
{
	json_t *list = json_array();

	for (size_t i = 1; i < libraries->n; i++) {
		const struct library *one = &libraries->list[i];
		json_t *json = json_object();

		json_object_set_new(json, "name", path_json(one->name));
		json_object_set_new(json, "path", path_json(one->path));
		json_object_set_new(json, "imports", import_list(one->facts.flags));
		json_object_set_new(json, "own_ioctl",
			json_boolean((one->facts.flags & ELF_OWN_IOCTL) && !library_is_libc(one)));
		json_array_append_new(list, json);
	}
	return list;
}

static void add_program(json_t *json, const struct vmm *vmm)
{
	const struct elf_facts *facts = &vmm->libraries.list[0].facts;

	json_object_set_new(json, "kind", json_string(kind_of(vmm)));
	json_object_set_new(json, "loader", path_json(facts->interpreter));
	json_object_set_new(json, "imports", import_list(facts->flags));
	json_object_set_new(json, "own_ioctl", json_boolean(facts->flags & ELF_OWN_IOCTL));
	json_object_set_new(json, "go", json_boolean(facts->flags & ELF_GO));
	json_object_set_new(json, "set_user_id", json_boolean(vmm->set_user));
	json_object_set_new(json, "set_group_id", json_boolean(vmm->set_group));
	json_object_set_new(json, "file_capabilities", json_boolean(vmm->capabilities));
	json_object_set_new(json, "libraries", library_list(&vmm->libraries));
}

static int print_json(const struct vmm *vmm, const char *name)
{
	json_t *json = json_object(), *scripts = json_array();
	const char *machine = vmm->elf ? elf_machine_name(vmm->machine) : NULL;
	int err;

	for (size_t i = 0; i < vmm->n_scripts; i++)
		json_array_append_new(scripts, path_json(vmm->scripts[i]));
	json_object_set_new(json, "name", path_json(name));
	json_object_set_new(json, "path", path_json(vmm->path));
	json_object_set_new(json, "verdict", json_string(reach_name(vmm->reach)));
	json_object_set_new(json, "reason", path_json(vmm->reason));
	json_object_set_new(json, "script_for", scripts);
	if (vmm->elf) {
		json_object_set_new(json, "machine",
			machine ? json_string(machine) : json_integer(vmm->machine));
		json_object_set_new(json, "bits", json_integer(vmm->bits));
	}
	if (vmm->libraries.n)
		add_program(json, vmm);
	err = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	json_decref(json);
	if (err)
		return cli_fail("cannot write JSON");
	putchar('\n');
	return 0;
}

/* Who imports a symbol: the program, and its libraries without libc. True if any does. */
static bool print_importers(const struct libraries *libraries, unsigned int flag, const char *name)
{
	const char *before = "";

	for (size_t i = 0; i < libraries->n; i++) {
		const struct library *one = &libraries->list[i];

		if (!(one->facts.flags & flag) || (i && library_is_libc(one)))
			continue;
		if (!*before)
			printf("  calls %s: ", name);
		printf("%s%s", before, i ? one->name : "the program");
		before = ", ";
	}
	if (*before)
		putchar('\n');
	return *before;
}

static void print_program(const struct vmm *vmm)
{
	const struct elf_facts *facts = &vmm->libraries.list[0].facts;

	printf("  %s, %s, %u bits", kind_of(vmm), elf_machine_name(vmm->machine), vmm->bits);
	if (facts->interpreter)
		printf(", loader %s, %zu libraries", facts->interpreter, vmm->libraries.n - 1);
	printf("%s%s%s\n", vmm->set_user ? ", set-user-ID" : "",
		vmm->set_group ? ", set-group-ID" : "",
		vmm->capabilities ? ", file capabilities" : "");
	for (size_t i = 0; i < IMPORTS; i++)
		if (print_importers(&vmm->libraries, imports[i].flag, imports[i].name) &&
			imports[i].flag == ELF_IMPORTS_DLOPEN)
			puts("  (what is loaded by dlmopen, or by dlopen with RTLD_DEEPBIND, calls "
			     "libc's ioctl\n   past a preload: for that, iovashim run --via "
			     "seccomp)");
	for (size_t i = 1; i < vmm->libraries.n; i++)
		if (!vmm->libraries.list[i].path)
			printf("  not found: %s\n", vmm->libraries.list[i].name);
}

static int print_words(const struct vmm *vmm, const char *name)
{
	printf("%s: %s: %s\n", vmm->path ? vmm->path : name, reach_name(vmm->reach), vmm->reason);
	if (vmm->libraries.n)
		print_program(vmm);
	return 0;
}

static int report(const char *name, bool as_json)
{
	struct vmm vmm;
	int status;

	if (vmm_check(&vmm, name))
		status = cli_fail("no memory");
	else if (as_json)
		status = print_json(&vmm, name);
	else
		status = print_words(&vmm, name);
	if (!status)
		status = cli_finish((int)vmm.reach);
	vmm_free(&vmm);
	return status;
}

int verb_check(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool as_json = false;

	for (int option; (option = getopt_long(argc, argv, "+h", options, NULL)) != -1;) {
		if (option == 'h')
			return cli_help();
		if (option != 'j')
			return cli_usage();
		as_json = true;
	}
	if (argc - optind != 1)
		return cli_usage();
	return report(argv[optind], as_json);
}
