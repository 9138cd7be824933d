/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Templates of advice: each {word} is one of the case's numbers, or of the VMM's own arguments. */
#include "advice_case.h"

#include <inttypes.h>
#include <string.h>

void advice_add_length(struct text *text, uint64_t bytes)
{
	static const char units[] = "GMK";

	for (unsigned int i = 0; i < 3; i++) {
		uint64_t unit = 1ULL << (30 - 10 * i);

		if (bytes % unit)
			continue;
		text_add(text, "%" PRIu64 "%c", bytes / unit, units[i]);
		return;
	}
	text_add(text, "%" PRIu64, bytes);
}

static void add_word(struct text *text, struct vmm_word word)
{
	text_add(text, "%.*s", (int)word.length, word.at ? word.at : "");
}

/* @options with the values of some keys replaced; those keys whose value is "" left out. A key that
 * is not there is added. */
struct replacement {
	const char *key;
	const char *value;
	bool done;
};

static void add_replaced(
	struct text *text, struct vmm_word options, struct replacement *replacements, size_t n)
{
	const char *comma = "";

	while (options.length) {
		struct vmm_word word = vmm_args_first(options);
		struct replacement *found = NULL;

		for (size_t i = 0; i < n; i++)
			if (vmm_args_value(word, replacements[i].key).at)
				found = &replacements[i];
		if (!found) {
			text_add(text, "%s", comma);
			add_word(text, word);
			comma = ",";
		} else if (found->value[0]) {
			text_add(text, "%s%s=%s", comma, found->key, found->value);
			comma = ",";
		}
		if (found)
			found->done = true;
		if (word.length == options.length)
			break;
		options.at += word.length + 1;
		options.length -= word.length + 1;
	}
	for (size_t i = 0; i < n; i++)
		if (!replacements[i].done && replacements[i].value[0])
			text_add(text, ",%s=%s", replacements[i].key, replacements[i].value);
}

struct value {
	char bytes[32];
	struct text text;
};

static const char *length_text(struct value *value, uint64_t bytes)
{
	value->text = text_start(value->bytes, sizeof(value->bytes));
	advice_add_length(&value->text, bytes);
	return value->bytes;
}

static const char *number_text(struct value *value, const char *format, uint64_t number)
{
	value->text = text_start(value->bytes, sizeof(value->bytes));
	if (!strcmp(format, "x"))
		text_add(&value->text, "0x%" PRIx64, number);
	else
		text_add(&value->text, "%" PRIu64, number);
	return value->bytes;
}

static const struct vmm_word no_word = {NULL, 0};

static struct vmm_word word_of(const char *string)
{
	return (struct vmm_word){string, strlen(string)};
}

/* -cpu's value with at least @bits. The host's own model has the host's. */
static void add_cpu(struct text *text, const struct advice_case *c, unsigned int bits, bool amd)
{
	struct vmm_word all = c->advice->args->cpu, old = vmm_args_value(all, "phys-bits");
	struct value value;
	struct replacement bits_of = {"phys-bits", number_text(&value, "u", bits), false};
	unsigned int has = 0;

	for (size_t i = 0; i < old.length; i++)
		has = has * 10 + (unsigned int)(old.at[i] - '0');
	if (amd && !advice_is_amd_model(c->cpu)) {
		all = word_of("EPYC");
		has = 0;
	}
	if (!all.at)
		all = word_of("qemu64");
	if (has >= bits || vmm_word_begins(all, "host"))
		bits_of.key = "";
	add_replaced(text, all, &bits_of, bits_of.key[0] ? 1 : 0);
}

static void add_machine(struct text *text, const struct advice_case *c)
{
	if (vmm_word_begins(c->machine, "pc-q35-"))
		text_add(text, "pc-q35-7.1");
	else if (vmm_word_begins(c->machine, "pc-i440fx-"))
		text_add(text, "pc-i440fx-7.1");
	else if (c->machine.at)
		add_word(text, c->machine);
	else
		text_add(text, "pc");
}

static void add_backend(struct text *text, const struct advice_case *c)
{
	struct vmm_word backend = c->advice->args->backend;
	struct value value;
	struct replacement size = {"size", length_text(&value, c->fit_memory), false};

	if (!backend.at)
		return;
	text_add(text, " -object ");
	add_replaced(text, backend, &size, 1);
}

static void add_dimm_backend(struct text *text, const struct advice_case *c)
{
	struct vmm_word backend = c->advice->args->backend;
	struct value value;
	struct replacement parts[] = {{"id", "above", false},
		{"size", length_text(&value, c->advice->args->memory - c->fit_memory), false},
		{"mem-path", "", false}};

	if (!backend.at || vmm_args_value(backend, "mem-path").at)
		backend = word_of("memory-backend-ram,id=above");
	add_replaced(text, backend, parts, 3);
}

static void add_dimm_moved(struct text *text, const struct advice_case *c)
{
	struct value value;
	struct replacement address = {"addr", number_text(&value, "x", c->above), false};

	add_replaced(text, c->dimm, &address, 1);
}

static void add_limit_cpu(struct text *text, const struct advice_case *c)
{
	struct replacement parts[] = {{"phys-bits", "", false}, {"host-phys-bits", "", false},
		{"host-phys-bits-limit", "", false}};
	struct vmm_word all = c->advice->args ? c->advice->args->cpu : no_word;

	add_replaced(text, all.at ? all : word_of("qemu64"), parts, 3);
}

static void add_misaligned(struct text *text, const struct advice_case *c)
{
	static const char *const names[] = {"the IOVA", "the address", "the size"};
	unsigned int left = c->advice->why->misaligned;
	const char *comma = "";

	for (unsigned int i = 0; i < 3; i++) {
		if (!(left & 1u << i))
			continue;
		left &= ~(1u << i);
		text_add(text, "%s%s", comma, names[i]);
		comma = left & (left - 1) ? ", " : " and ";
	}
}

/* What is locked, what is to be, and what the guest's memory will need. libvirt too adds 1 GiB. */
static uint64_t memlock_kib(const struct advice_case *c)
{
	const struct advice *advice = c->advice;
	uint64_t need = advice->why->facts.locked + advice->why->size;

	if (advice->args && advice->args->memory && need < advice->args->memory + (1ULL << 30))
		need = advice->args->memory + (1ULL << 30);
	return (need + 1023) >> 10;
}

static uint64_t entries(const struct advice_case *c)
{
	uint64_t now = c->advice->why->facts.entries, more = 4 * (now ? now : 65535);

	return more < UINT32_MAX ? more : UINT32_MAX; /* an unsigned int */
}

static void add_number(struct text *text, const struct advice_case *c, const char *word)
{
	struct value value;
	const char *found = NULL;

	if (!strcmp(word, "fit_memory"))
		found = length_text(&value, c->fit_memory);
	else if (!strcmp(word, "fit_kib"))
		found = number_text(&value, "u", c->fit_memory >> 10);
	else if (!strcmp(word, "fit_mib"))
		found = number_text(&value, "u", c->fit_memory >> 20);
	else if (!strcmp(word, "above"))
		found = number_text(&value, "x", c->above);
	else if (!strcmp(word, "above_bits"))
		found = number_text(&value, "u", c->above_bits);
	else if (!strcmp(word, "moved_bits"))
		found = number_text(&value, "u", c->moved_bits);
	else if (!strcmp(word, "dimm_most"))
		found = length_text(&value, c->most);
	else if (!strcmp(word, "bits"))
		found = number_text(&value, "u", c->advice->why->bits);
	else if (!strcmp(word, "ram"))
		found = number_text(&value, "x", c->advice->ram.first);
	else if (!strcmp(word, "memlock_kib"))
		found = number_text(&value, "u", memlock_kib(c));
	else if (!strcmp(word, "entries"))
		found = number_text(&value, "u", entries(c));
	else if (!strcmp(word, "page"))
		found = length_text(&value, c->advice->why->page);
	text_add(text, "%s", found ? found : "?");
}

static void add_value(struct text *text, const struct advice_case *c, const char *word)
{
	if (!strcmp(word, "fit"))
		text_add_size(text, c->fit);
	else if (!strcmp(word, "moved_machine"))
		add_machine(text, c);
	else if (!strcmp(word, "moved_cpu"))
		add_cpu(text, c, c->moved_bits, true);
	else if (!strcmp(word, "dimm_cpu"))
		add_cpu(text, c, c->dimm_bits, false);
	else if (!strcmp(word, "fit_backend"))
		add_backend(text, c);
	else if (!strcmp(word, "dimm_backend"))
		add_dimm_backend(text, c);
	else if (!strcmp(word, "dimm_moved"))
		add_dimm_moved(text, c);
	else if (!strcmp(word, "limit_cpu"))
		add_limit_cpu(text, c);
	else if (!strcmp(word, "misaligned"))
		add_misaligned(text, c);
	else
		add_number(text, c, word);
}

void advice_expand(struct text *text, const char *template, const struct advice_case *c)
{
	while (*template) {
		size_t plain = strcspn(template, "{"), length;
		char word[24];

		text_add(text, "%.*s", (int)plain, template);
		template += plain;
		if (!*template)
			break;
		length = strcspn(template + 1, "}");
		if (length < sizeof(word)) {
			memcpy(word, template + 1, length);
			word[length] = 0;
			add_value(text, c, word);
		}
		template += length + 2;
	}
}
