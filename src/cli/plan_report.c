// SPDX-License-Identifier: GPL-2.0-or-later
/* A plan's report, for people. */
#include "plan.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *size_of(uint64_t bytes, char room[32])
{
	struct text text = text_start(room, 32);

	text_add_size(&text, bytes);
	return room;
}

static void print_list(const char *head, const json_t *list)
{
	const json_t *one;
	size_t i;

	if (!json_array_size(list))
		return;
	printf("%s", head);
	json_array_foreach(list, i, one) printf("%s%s", i ? ", " : "", json_string_value(one));
	putchar('\n');
}

static void print_head(const struct plan *plan)
{
	const struct model_host *h = &plan->host.model;
	const json_t *qemu = json_object_get(json_object_get(plan->probe, "version"), "qemu");
	struct values values;
	const char *machine;

	printf("host       %s: Linux %u.%u%s%s%s\n", plan->host.name, h->kernel >> 16,
		h->kernel & 0xffff, *h->cpu ? ", " : "", h->cpu,
		plan_host_enforces(&plan->host) ? "" : ", which refuses nothing");
	values_get(plan, &plan->base, "", &values);
	machine = values_find(&values, "machine");
	printf("VMM        %s", plan->vmm->name);
	if (qemu)
		printf(" %d.%d.%d", (int)json_integer_value(json_object_get(qemu, "major")),
			(int)json_integer_value(json_object_get(qemu, "minor")),
			(int)json_integer_value(json_object_get(qemu, "micro")));
	printf("%s%s\n", machine ? ", machine " : "", machine ? machine : "");
	values_clear(&values);
	if (!plan->stage.confined)
		printf("confined   no: --unconfined\n");
	print_list("left out   ", plan->told);
	print_list("stand-ins  ", plan->stand_ins);
	if (json_array_size(plan->stand_ins))
		printf("           the host has no such device: taken for an NVMe controller with "
		       "a "
		       "BAR of 16 KiB; describe it with --device\n");
}

static void print_hole(const struct plan_hole *hole)
{
	char range[40];
	struct text text = text_start(range, sizeof(range));

	text_add_range(&text, hole->range);
	if (!strcmp(hole->type, "beyond"))
		printf("%s, beyond the IOMMU's %u bits", range, hole->bits);
	else
		printf("%s, %s (group %u)", range, hole->type, hole->group);
}

static void print_finding(const struct finding *f)
{
	char range[40], size[32], overlap[32];
	struct text text = text_start(range, sizeof(range));
	bool whole = range_contains(f->hole.range, f->asked);

	text_add_range(&text, f->asked);
	if (*f->bar)
		printf("BAR %s of %.*s", strrchr(f->bar, ':') + 1,
			(int)(strrchr(f->bar, ':') - f->bar), f->bar);
	else if (*f->dimm)
		printf("DIMM %s", f->dimm);
	else
		printf("guest RAM");
	printf(" at %s (%s)\n           %s ", range, size_of(range_size(f->asked), size),
		whole ? "lies in" : "crosses");
	print_hole(&f->hole);
	if (!whole)
		printf(": %s of it", size_of(f->overlap, overlap));
	if (*f->bar)
		printf("\n           refused since Linux 5.4; harmless unless other devices are to "
		       "reach it");
	else if (!strcmp(f->hole.type, "beyond"))
		printf("\n           refused by every kernel");
	else
		printf("\n           refused since Linux 5.4; older kernels map it, and devices "
		       "get "
		       "wrong data there, or none");
	putchar('\n');
}

/* The line that names the mapping, else the last. */
static void print_words(const char *words)
{
	const char *line = strstr(words, "dma_map"), *end;

	if (line)
		while (line > words && line[-1] != '\n')
			line--;
	else
		line = strrchr(words, '\n') ? strrchr(words, '\n') + 1 : words;
	end = strchr(line, '\n');
	printf("%.*s", (int)(end ? end - line : (long)strlen(line)), line);
}

static void print_as_it_is(const struct plan *plan)
{
	const unsigned int ram = RAM_IN_HOLE | RAM_BEYOND | DIMM_IN_HOLE;
	const struct outcome *first = plan->base_differs || !plan->had_plain ? NULL : &plan->plain;

	if (!first && plan->base_differs)
		printf("as it is   does not start: physical addresses too short; what follows is "
		       "of "
		       "the arguments with longer ones\n");
	if (!plan->had_plain) {
		printf("as it is   does not start on any host: ");
		print_words(plan->survey.words);
		putchar('\n');
		return;
	}
	printf(plan->base_differs ? "with those " : "as it is   ");
	if (!plan->plain.started) {
		printf("does not start: ");
		print_words(plan->plain.words);
	} else if (plan->judged.troubles & ram) {
		printf("starts, and loses data: this kernel refuses nothing");
	} else if (plan->judged.troubles) {
		printf("starts; BARs that are refused cannot be reached by other devices");
	} else {
		printf("starts, nothing refused");
	}
	putchar('\n');
}

static void print_with_shim(const struct plan *plan)
{
	uint64_t unreachable;
	const char *memmap;
	char size[32];

	if (!plan->had_with)
		return;
	if (works_with_shim(plan, &unreachable, &memmap)) {
		printf("iovashim   starts, split: %s of guest RAM is guarded, out of the devices' "
		       "reach",
			size_of(unreachable, size));
		if (*memmap)
			printf("; tell a Linux guest: %s", memmap);
	} else if (plan->with.started) {
		printf("iovashim   starts, but not all RAM could be split");
	} else {
		printf("iovashim   does not start either: ");
		print_words(plan->with.words);
	}
	putchar('\n');
}

static void print_firmware(const struct plan *plan)
{
	const struct outcome *o = &plan->survey;

	if (o->started && !o->n_groups)
		printf("devices    none are passed through: there is nothing to map\n");
	if (!o->started || !plan->vmm->monitor || !o->n_devices)
		return;
	if (plan->stage.firmware_seconds <= 0)
		printf("firmware   not run: where it puts BARs is not in this plan\n");
	else if (plan->judged.n_bars)
		printf("firmware   placed %zu BAR mapping%s%s\n", plan->judged.n_bars,
			plan->judged.n_bars == 1 ? "" : "s",
			o->firmware ? "" : ", and was not done when its time was over");
	else
		printf("firmware   placed no BAR in %g seconds: BARs are not in this plan\n",
			plan->stage.firmware_seconds);
}

static void print_attempts(const struct plan *plan)
{
	unsigned int number = 0;

	for (size_t i = 0; i < plan->n_attempts; i++) {
		const struct attempt *a = &plan->attempts[i];

		if (!a->works)
			continue;
		printf("\n%u. %s%s: %s%s\n   cost: %s\n   ", ++number, a->candidate->name,
			a->bits ? ", longer physical addresses" : "", a->why,
			a->candidate->less_memory ? " the hole" : "", a->candidate->cost);
		args_print(&a->args, stdout);
		putchar('\n');
	}
	for (size_t i = 0; i < plan->n_attempts; i++) {
		const struct attempt *a = &plan->attempts[i];

		if (a->works)
			continue;
		printf("\ndoes not help: %s: ", a->candidate->name);
		print_words(a->why_not ? a->why_not : "");
		putchar('\n');
	}
}

void plan_report(const struct plan *plan, int status)
{
	static const char *const verdicts[] = {
		[PLAN_FINE] = "fine as it is",
		[PLAN_MENDED] = "not fine as it is; what is shown above was seen to work",
		[PLAN_NOTHING] = "does not work, and nothing was found that does",
	};

	print_head(plan);
	if (plan->survey.started)
		printf("mappings   %zu of RAM, %zu of BARs, %zu in holes\n", plan->judged.n_ram,
			plan->judged.n_bars, plan->judged.n);
	for (size_t i = 0; i < plan->judged.n; i++)
		print_finding(&plan->judged.at[i]);
	print_as_it_is(plan);
	print_with_shim(plan);
	print_firmware(plan);
	print_attempts(plan);
	printf("\nverdict    %s%s\n", verdicts[status],
		status == PLAN_FINE && plan->survey.n_devices && !plan->judged.n_bars
			? ", as far as it was rehearsed: not the BARs"
			: "");
}
