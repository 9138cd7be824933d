/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What run --reserve adds to QEMU's arguments. */
#include "reserve_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FILE_HOLES "opt/iovashim/holes"

static void add(struct args *args, const char *option, const char *value)
{
	args_add(args, option);
	args_add(args, value);
}

/* @text as QEMU takes it as a property's value. To be freed. */
static char *escaped(const char *text)
{
	char *result = plan_alloc(2 * strlen(text) + 1), *to = result;

	for (; *text; *to++ = *text++)
		if (*text == ',')
			*to++ = ',';
	return result;
}

static void add_filled(struct args *args, const char *option, const char *before, const char *value)
{
	char *safe = escaped(value), *word = plan_format("%s%s", before, safe);

	add(args, option, word);
	free(word);
	free(safe);
}

bool reserve_uses_json(const struct args *args)
{
	for (size_t i = 1; i + 1 < args->n; i++)
		if (args_is_option(args->at[i], "device") && *args->at[i + 1] == '{')
			return true;
	return false;
}

static void add_device(struct args *args, bool json, const char *rom)
{
	json_t *device;
	char *text;

	if (!json) {
		add_filled(args, "-device", "pci-testdev,id=iovashim-rom,romfile=", rom);
		return;
	}
	device = json_pack(
		"{s:s, s:s, s:s}", "driver", "pci-testdev", "id", "iovashim-rom", "romfile", rom);
	text = json_dumps(device, JSON_COMPACT | JSON_PRESERVE_ORDER);
	add(args, "-device", text ? text : "");
	free(text);
	json_decref(device);
}

void reserve_add_rom(
	struct args *args, enum reserve_way way, bool json, const char *rom, const char *holes)
{
	if (way == RESERVE_ROM)
		add(args, "-option-rom", rom);
	else
		add_device(args, json, rom);
	add_filled(args, "-fw_cfg", "name=" FILE_HOLES ",string=", holes);
}

void reserve_add_port(struct args *args, const char *backend)
{
	add(args, "-chardev", backend);
	/* 0x5f2: REPORT_PORT in rom/report.h. */
	add(args, "-device", "isa-debugcon,iobase=0x5f2,chardev=iovashim-report");
}

void reserve_add_channel(struct reservation *r, int fd, const char *path)
{
	char *safe = path ? escaped(path) : NULL, *backend;

	if (fd >= 0)
		backend = plan_format("socket,id=iovashim-report,fd=%d", fd);
	else
		backend = plan_format("file,id=iovashim-report,append=on,path=%s", safe);
	reserve_add_port(&r->args, backend);
	free(backend);
	free(safe);
}

char *reserve_holes_text(const struct range *holes, size_t n)
{
	char *text = plan_copy(""), *longer;

	for (size_t i = 0; i < n; i++) {
		longer = plan_format("%s%s0x%" PRIx64 "-0x%" PRIx64, text, i ? " " : "",
			holes[i].first, holes[i].last);
		free(text);
		text = longer;
	}
	return text;
}

const char *reserve_collision(const struct args *args)
{
	for (size_t i = 1; i < args->n; i++)
		if (strstr(args->at[i], FILE_HOLES) || strstr(args->at[i], "iovashim-report") ||
			strstr(args->at[i], "iobase=0x5f2"))
			return args->at[i];
	return NULL;
}

static bool is_vfio(const char *device)
{
	struct properties p = properties_parse(device, "driver");
	const char *driver = properties_get(&p, "driver");
	bool vfio = driver && !strncmp(driver, "vfio-", 5);

	properties_free(&p);
	return vfio;
}

bool reserve_has_device(const struct args *args)
{
	for (size_t i = 1; i + 1 < args->n; i++) {
		if (args_is_option(args->at[i], "readconfig"))
			return true;
		if (args_is_option(args->at[i], "device") && is_vfio(args->at[i + 1]))
			return true;
	}
	return false;
}

bool reserve_has_slots(const struct args *args)
{
	size_t at = find_option(args, "m", "size", "maxmem");
	struct properties p = properties_parse(at < args->n ? args->at[at + 1] : "", "size");
	bool has = properties_get(&p, "maxmem");

	properties_free(&p);
	return has;
}

void reserve_json(struct text *text, const struct reservation *r)
{
	struct args added = args_copy(r->args.at + r->n_asked, r->args.n - r->n_asked);
	char *words = args_text(&added), bytes[4096];
	struct text quoted = text_start(bytes, sizeof(bytes));

	text_add(text, ",\"rom\":");
	text_add_json(text, r->rom);
	text_add(text, ",\"holes\":[");
	for (size_t i = 0; i < r->n_holes && text_fits(text, 256); i++) {
		text_add(text, "%s\"", i ? "," : "");
		text_add_range(text, r->holes[i]);
		text_add(text, "\"");
	}
	text_add(text, "],\"n_holes\":%zu", r->n_holes);
	text_add_json(&quoted, words);
	if (text_fits(text, quoted.length + 16))
		text_add(text, ",\"added\":%s", bytes);
	free(words);
	args_free(&added);
}
