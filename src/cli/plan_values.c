// SPDX-License-Identifier: GPL-2.0-or-later
/* What the templates of the tables are filled with: sizes and places, from what rehearsals showed.
 */
#include "plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

static void put(struct values *v, const char *name, char *text)
{
	v->at[v->n].name = name;
	v->at[v->n++].text = text;
}

void values_clear(struct values *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->at[i].text);
	v->n = 0;
}

const char *values_find(void *context, const char *name)
{
	struct values *v = context;

	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->at[i].name, name))
			return v->at[i].text;
	return NULL;
}

static char *size_text(uint64_t bytes)
{
	if (!bytes)
		return NULL;
	return bytes % GIB ? plan_format("%" PRIu64 "M", bytes / MIB)
			   : plan_format("%" PRIu64 "G", bytes / GIB);
}

static uint64_t round_up(uint64_t bytes, uint64_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}

/* The lowest hole that something of the guest touches, and where the highest one ends. */
static const struct finding *lowest(const struct judgement *j, uint64_t *above)
{
	const struct finding *low = NULL;

	*above = 0;
	for (size_t i = 0; i < j->n; i++) {
		const struct finding *f = &j->at[i];

		if (!low || f->hole.range.first < low->hole.range.first)
			low = f;
		if (strcmp(f->hole.type, "beyond") != 0 && f->hole.range.last + 1 > *above)
			*above = f->hole.range.last + 1;
	}
	return low;
}

/* RAM that is no DIMM's, from @first on; *end is where it all ends. */
static uint64_t ram_from(const struct outcome *o, uint64_t first, uint64_t *end)
{
	uint64_t bytes = 0;

	*end = 0;
	for (size_t i = 0; i < o->n_mappings; i++) {
		const struct mapping *m = &o->mappings[i];

		if (*m->bar || !m->live || dimm_at(o, m->iova.first) >= 0)
			continue;
		if (m->iova.last >= *end)
			*end = m->iova.last + 1;
		if (m->iova.last >= first)
			bytes += range_size(
				range_common(m->iova, (struct range){first, UINT64_MAX}));
	}
	return bytes;
}

static uint64_t asked_maxmem(const struct args *args)
{
	size_t at = find_option(args, "m", "size", "maxmem");
	struct properties p = properties_parse(at < args->n ? args->at[at + 1] : "", "size");
	const char *text = properties_get(&p, "maxmem");
	uint64_t bytes = 0;

	if (text && !size_parse(text, MIB, &bytes))
		bytes = 0;
	properties_free(&p);
	return bytes;
}

static void put_sizes(const struct plan *plan, const struct args *args, struct values *v)
{
	const struct outcome *o = &plan->survey;
	uint64_t base = (uint64_t)json_integer_value(
		json_object_get(json_object_get(o->facts, "memory"), "base-memory"));
	uint64_t above, end, excess, most, fits, unit, room;
	const struct finding *low = lowest(&plan->judged, &above);

	if (!low || !base)
		return;
	excess = ram_from(o, low->hole.range.first, &end);
	if (excess >= base)
		return;
	most = (base - excess) / MIB * MIB;
	unit = base >= 16 * GIB ? GIB : 32 * MIB;
	fits = most / unit * unit;
	if (excess && most) {
		put(v, "most", size_text(most));
		put(v, "fits", size_text(fits));
		put(v, "rest", size_text(base - fits));
	}
	if (!above)
		return;
	put(v, "above", plan_format("0x%" PRIx64, above));
	/* The largest power of two of which the hole's end is a multiple, in MiB. */
	put(v, "above-alignment", plan_format("%" PRIu64, (above & -above) / MIB));
	/* The room for DIMMs begins where RAM ends; 2 GiB more than counted, since VMMs align it.
	 */
	if (end > low->hole.range.first)
		end = low->hole.range.first;
	room = (excess ? base - fits : 0) + above - end + 2 * GIB;
	room = round_up(guest_memory(o) + room, GIB);
	if (asked_maxmem(args) > room)
		room = asked_maxmem(args);
	put(v, "maxmem", size_text(room));
}

static unsigned int bits_of(uint64_t address)
{
	unsigned int bits = 0;

	while (bits < 64 && address >> bits)
		bits++;
	return bits;
}

/* The VMM says how far the guest reaches: the largest hexadecimal number in its words. */
static char *bits_needed(const struct plan *plan, const char *words)
{
	uint64_t most = 0;

	if (!complaints(plan->vmm, words))
		return NULL;
	for (const char *c = words; (c = strstr(c, "0x")); c += 2) {
		uint64_t number = strtoull(c, NULL, 16);

		if (number > most)
			most = number;
	}
	if (!most || (plan->host.model.physbits && bits_of(most) > plan->host.model.physbits))
		return NULL;
	return plan_format("%u", bits_of(most));
}

static void put_cpu(
	const struct plan *plan, const struct args *args, const char *words, struct values *v)
{
	size_t at = find_option(args, "cpu", "model", "model");
	struct properties p = properties_parse(at < args->n ? args->at[at + 1] : "", "model");
	const char *model = properties_get(&p, "model"),
		   *own = properties_get(&p, "host-phys-bits");
	bool host =
		own ? !strcmp(own, "on") || !strcmp(own, "true") : model && !strcmp(model, "host");
	const char *property = host ? "host-phys-bits-limit" : "phys-bits";
	const struct finding *low = NULL;

	for (size_t i = 0; i < plan->judged.n; i++)
		if (!strcmp(plan->judged.at[i].hole.type, "beyond") &&
			plan->judged.at[i].hole.bits < 64)
			low = &plan->judged.at[i];
	put(v, "bits", bits_needed(plan, words));
	put(v, "bits-property", plan_copy(property));
	put(v, "limit-property", plan_copy(property));
	put(v, "iommu-bits", low ? plan_format("%u", low->hole.bits) : NULL);
	properties_free(&p);
}

static void put_slots(const struct args *args, struct values *v)
{
	size_t at = find_option(args, "m", "size", "slots");
	struct properties p = properties_parse(at < args->n ? args->at[at + 1] : "", "size");
	const char *slots = properties_get(&p, "slots");

	put(v, "slots", plan_format("%lu", (slots ? strtoul(slots, NULL, 0) : 0) + 1));
	properties_free(&p);
}

static const json_t *machine_named(const json_t *machines, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(machines, i, one)
	{
		const char *alias = json_string_value(json_object_get(one, "alias"));

		if (name ? !strcmp(json_string_value(json_object_get(one, "name")), name) ||
					(alias && !strcmp(alias, name))
			 : json_is_true(json_object_get(one, "is-default")))
			return one;
	}
	return NULL;
}

/* "pc-q35-7.0": the length of "pc-q35-"; 0 for a name without a version. */
static size_t family(const char *name, unsigned int version[2])
{
	const char *dash = strrchr(name, '-');

	if (!dash || sscanf(dash, "-%u.%u", &version[0], &version[1]) != 2)
		return 0;
	return (size_t)(dash - name) + 1;
}

static void put_machine(const struct plan *plan, const struct args *args, struct values *v)
{
	const json_t *machines = json_object_get(plan->probe, "machines"), *one, *now;
	size_t at = find_option(args, "machine", "type", "type"), length, i;
	struct properties p = properties_parse(at < args->n ? args->at[at + 1] : "", "type");
	unsigned int newest[2], version[2];
	const char *name, *found = NULL, *cpu;

	now = machine_named(machines, properties_get(&p, "type"));
	properties_free(&p);
	name = json_string_value(json_object_get(now, "name"));
	length = name ? family(name, newest) : 0;
	json_array_foreach(machines, i, one)
	{
		const char *other = json_string_value(json_object_get(one, "name"));

		if (!length || family(other, version) != length ||
			strncmp(name, other, length) != 0)
			continue;
		if (version[0] < newest[0] || (version[0] == newest[0] && version[1] <= newest[1]))
			continue;
		memcpy(newest, version, sizeof(newest));
		found = other;
	}
	put(v, "machine", name ? plan_copy(name) : NULL);
	put(v, "newest-machine", found ? plan_copy(found) : NULL);
	/* "qemu64-x86_64-cpu": the model is what "-ARCHITECTURE-cpu" ends. */
	cpu = json_string_value(json_object_get(now, "default-cpu-type"));
	length = cpu ? strlen(cpu) : 0;
	for (int dashes = 0; length && dashes < 2;)
		dashes += cpu[--length] == '-';
	put(v, "default-cpu", length ? plan_format("%.*s", (int)length, cpu) : NULL);
}

/* The device that has the size of the PCI window as a property: QEMU's own list of devices says. */
static void put_pci_host(const struct plan *plan, struct values *v)
{
	const char *devices = json_string_value(json_object_get(plan->survey.facts, "devices"));
	const char *property = devices ? strstr(devices, "pci-hole64-size") : NULL, *dev = NULL;

	for (const char *c = devices; property && c && c < property; c = strstr(c + 1, "dev: "))
		if (!strncmp(c, "dev: ", 5))
			dev = c + 5;
	put(v, "pci-host", dev ? plan_format("%.*s", (int)strcspn(dev, ","), dev) : NULL);
}

void values_get(
	const struct plan *plan, const struct args *args, const char *words, struct values *v)
{
	v->n = 0;
	put_sizes(plan, args, v);
	put_cpu(plan, args, words, v);
	put_slots(args, v);
	put_machine(plan, args, v);
	put_pci_host(plan, v);
}
