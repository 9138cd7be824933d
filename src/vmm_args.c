/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a VMM's own command line says of the guest that it was started with. */
#include "vmm_args.h"

#include <string.h>

bool vmm_word_begins(struct vmm_word word, const char *string)
{
	size_t length = strlen(string);

	return word.at && word.length >= length && !memcmp(word.at, string, length);
}

bool vmm_word_is(struct vmm_word word, const char *string)
{
	return vmm_word_begins(word, string) && word.length == strlen(string);
}

static struct vmm_word cut(struct vmm_word word, size_t from)
{
	return (struct vmm_word){word.at + from, word.length - from};
}

struct vmm_word vmm_args_first(struct vmm_word options)
{
	const char *comma = options.at ? memchr(options.at, ',', options.length) : NULL;

	if (comma)
		options.length = (size_t)(comma - options.at);
	return options;
}

struct vmm_word vmm_args_value(struct vmm_word options, const char *key)
{
	size_t length = strlen(key);

	while (options.length) {
		struct vmm_word word = vmm_args_first(options);

		if (vmm_word_begins(word, key) && word.length > length && word.at[length] == '=')
			return cut(word, length + 1);
		if (word.length == options.length)
			break;
		options = cut(options, word.length + 1);
	}
	return (struct vmm_word){NULL, 0};
}

/* A number with its unit; without one it is in @unit. 0 if it is none, or too large. */
static uint64_t size_of(struct vmm_word word, uint64_t unit)
{
	static const char units[] = "BKMGTP";
	uint64_t value = 0;

	while (word.length && *word.at >= '0' && *word.at <= '9' && value < 1ULL << 50) {
		value = value * 10 + (uint64_t)(*word.at - '0');
		word = cut(word, 1);
	}
	for (unsigned int i = 0; word.length && i < sizeof(units) - 1; i++)
		if ((*word.at & ~0x20) == units[i])
			unit = 1ULL << (10 * i);
	return value > UINT64_MAX / unit ? 0 : value * unit;
}

static uint64_t address_of(struct vmm_word word)
{
	uint64_t value = 0;

	if (!vmm_word_begins(word, "0x"))
		return size_of(word, 1);
	for (word = cut(word, 2); word.length; word = cut(word, 1)) {
		unsigned int c = (unsigned char)*word.at | 0x20;

		value = value << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return value;
}

/* The argument at @offset, which moves on to the next; at NULL at the end. */
static struct vmm_word next(const struct vmm_args *args, size_t *offset)
{
	struct vmm_word word = {NULL, 0};

	if (*offset >= args->length)
		return word;
	word.at = args->bytes + *offset;
	word.length = strnlen(word.at, args->length - *offset);
	*offset += word.length + 1;
	return word;
}

/* -m and --m alike, as QEMU takes them. */
static bool is_option(struct vmm_word word, const char *name)
{
	if (!vmm_word_begins(word, "-"))
		return false;
	word = cut(word, 1);
	if (vmm_word_begins(word, "-"))
		word = cut(word, 1);
	return vmm_word_is(word, name);
}

/* "1100G", "size=1100G,maxmem=2T,…"; QEMU, crosvm and kvmtool mean MiB without a unit. */
static void read_memory(struct vmm_args *args, struct vmm_word value)
{
	const uint64_t mib = 1 << 20;
	struct vmm_word size = vmm_args_value(value, "size");
	struct vmm_word most = vmm_args_value(value, "maxmem");

	args->memory = size_of(size.at ? size : value, mib);
	args->most_memory = most.at ? size_of(most, mib) : 0;
}

/* Later ones win, but an option of the machine's that only a former one says stays. */
static void read_machine(struct vmm_args *args, struct vmm_word value, struct vmm_word *backend)
{
	struct vmm_word type = vmm_args_value(value, "type"), first = vmm_args_first(value);
	struct vmm_word named = vmm_args_value(value, "memory-backend");

	if (!type.at && first.at && !memchr(first.at, '=', first.length))
		type = first;
	if (type.at)
		args->machine = type;
	if (named.at)
		*backend = named;
	if (vmm_word_begins(vmm_args_value(value, "accel"), "kvm"))
		args->kvm = true;
}

static bool same(struct vmm_word a, struct vmm_word b)
{
	return a.at && b.at && a.length == b.length && !memcmp(a.at, b.at, a.length);
}

static void find_backend(struct vmm_args *args, struct vmm_word id)
{
	size_t offset = 0;
	struct vmm_word word;

	while (id.at && (word = next(args, &offset)).at) {
		if (!is_option(word, "object"))
			continue;
		word = next(args, &offset);
		if (vmm_word_begins(word, "memory-backend-") &&
			same(vmm_args_value(word, "id"), id))
			args->backend = word;
	}
}

void vmm_args_read(struct vmm_args *args, const char *bytes, size_t length)
{
	struct vmm_word word, backend = {NULL, 0};
	size_t offset = 0;

	*args = (struct vmm_args){.bytes = bytes, .length = length};
	while ((word = next(args, &offset)).at) {
		if (is_option(word, "m") || is_option(word, "mem") || is_option(word, "memory"))
			read_memory(args, next(args, &offset));
		else if (is_option(word, "machine") || is_option(word, "M"))
			read_machine(args, next(args, &offset), &backend);
		else if (is_option(word, "cpu"))
			args->cpu = next(args, &offset);
		else if (is_option(word, "accel"))
			args->kvm |= vmm_word_begins(next(args, &offset), "kvm");
		else if (is_option(word, "enable-kvm"))
			args->kvm = true;
		else if (is_option(word, "name"))
			args->libvirt |= vmm_args_value(next(args, &offset), "guest").at != NULL;
	}
	find_backend(args, backend);
}

struct vmm_word vmm_args_dimm(const struct vmm_args *args, uint64_t address)
{
	size_t offset = 0;
	struct vmm_word word;

	while ((word = next(args, &offset)).at) {
		struct vmm_word at;

		if (!is_option(word, "device"))
			continue;
		word = next(args, &offset);
		at = vmm_args_value(word, "addr");
		if (vmm_word_is(vmm_args_first(word), "pc-dimm") && at.at &&
			address_of(at) == address)
			return word;
	}
	return (struct vmm_word){NULL, 0};
}
