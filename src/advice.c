/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest must be told, and which layouts need no telling, ready to paste. */
#include "advice_case.h"

#include <inttypes.h>

struct output {
	void (*line)(void *context, const char *line);
	void *context;
	char bytes[2048]; /* 32 gaps of the longest kind, with GRUB's backslashes: 1674 */
	struct text text;
};

static struct text *new_line(struct output *output)
{
	output->text = text_start(output->bytes, sizeof(output->bytes));
	return &output->text;
}

static void end_line(struct output *output)
{
	output->line(output->context, output->bytes);
}

void advice_memmap(struct text *text, const struct advice *advice, const char *dollar)
{
	for (size_t i = 0; i < advice->n_gaps; i++) {
		text_add(text, i ? " memmap=" : "memmap=");
		advice_add_length(text, range_size(advice->gaps[i]));
		text_add(text, "%s0x%" PRIx64, dollar, advice->gaps[i].first);
	}
}

void advice_short(struct text *text, const struct advice *advice)
{
	if (advice_is_arm(advice)) {
		text_add(text, "choose a layout that keeps off the hole");
		return;
	}
	text_add(text, "tell the guest: ");
	advice_memmap(text, advice, "$");
	if (advice_may_be_dimm(advice))
		text_add(text, "; or, if this is a DIMM, put it elsewhere by its addr= (memmap= "
			       "does not keep Linux off a DIMM)");
}

static void tell_guest(const struct advice *advice, struct output *output)
{
	struct text *text = new_line(output);

	if (advice_is_arm(advice)) {
		text_add(text, "An Arm guest has no argument to be kept off memory; its layout has "
			       "to keep off");
		end_line(output);
		return;
	}
	text_add(text, "Linux guest, kernel command line:  ");
	advice_memmap(text, advice, "$");
	end_line(output);

	/* The shell that reads the file takes away one level, GRUB's own parser the other. */
	text = new_line(output);
	text_add(text, "  in its /etc/default/grub:  GRUB_CMDLINE_LINUX=\"");
	advice_memmap(text, advice, "\\\\\\$");
	text_add(text, "\"  and update-grub");
	end_line(output);

	if (advice_may_be_dimm(advice)) {
		text = new_line(output);
		text_add(text,
			"  if this is a DIMM, memmap= does not keep Linux off it: leave these "
			"memory blocks offline (operator guide), or better, move the DIMM");
		end_line(output);
	}

	text = new_line(output);
	text_add(text,
		"Windows guest:  bcdedit /set truncatememory 0x%" PRIx64
		"  (gives up all memory from there on; badmemorylist takes single page "
		"frames and is no use here)",
		advice->gaps[0].first);
	end_line(output);
}

static bool applies(const struct remedy *remedy, const struct advice_case *c)
{
	return remedy->causes >> c->advice->cause & 1 && (remedy->when & c->when) == remedy->when;
}

struct sink {
	void (*item)(void *context, const struct advice_item *item);
	void *context;
};

static void offer(const struct remedy *remedy, const struct advice_case *c, const struct sink *sink)
{
	char change_bytes[1024], why_bytes[512];
	struct text change = text_start(change_bytes, sizeof(change_bytes));
	struct text why = text_start(why_bytes, sizeof(why_bytes));

	advice_expand(&change, remedy->change, c);
	advice_expand(&why, remedy->why, c);
	if (!text_fits(&change, 1))
		return; /* cut: not to be pasted */
	sink->item(sink->context, &(struct advice_item){.to = remedy->to,
					  .change = change_bytes,
					  .why = why_bytes,
					  .cost = knowledge_cost(remedy->cost)});
}

void advice_changes(const struct advice *advice,
	void (*item)(void *context, const struct advice_item *item), void *context)
{
	const struct advice_case c = advice_case_of(advice);
	const struct sink sink = {item, context};

	for (const struct remedy *remedy = c.profile->remedies; remedy->causes; remedy++)
		if (applies(remedy, &c))
			offer(remedy, &c, &sink);
	for (const struct remedy *remedy = knowledge_common; remedy->causes; remedy++)
		if (applies(remedy, &c))
			offer(remedy, &c, &sink);
}

static void write_item(void *context, const struct advice_item *item)
{
	struct output *output = context;
	struct text *text = new_line(output);
	const char *between = item->why[0] && item->cost[0] ? "; " : "";

	text_add(text, "  %s:  %s", item->to, item->change);
	if (item->why[0] || item->cost[0])
		text_add(text, "  (%s%s%s)", item->why, between, item->cost);
	end_line(output);
}

void advice_give_changes(
	const struct advice *advice, void (*line)(void *context, const char *line), void *context)
{
	struct output output = {.line = line, .context = context};

	advice_changes(advice, write_item, &output);
}

void advice_give(
	const struct advice *advice, void (*line)(void *context, const char *line), void *context)
{
	struct output output = {.line = line, .context = context};
	struct text *text;

	if (advice->n_gaps)
		tell_guest(advice, &output);
	text = new_line(&output);
	text_add(text, "or a layout that keeps off 0x%" PRIx64 "-0x%" PRIx64 " by itself:",
		advice->hole.first, advice->hole.last);
	end_line(&output);
	advice_changes(advice, write_item, &output);
}
