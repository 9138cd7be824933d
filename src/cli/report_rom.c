/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the guest was told of its holes: what run --reserve and the ROM in the guest log. */
#include "report.h"

#include <inttypes.h>
#include <string.h>

void report_take_reserve(struct report *report, struct report_process *process, const json_t *event,
	struct report_entry *entry)
{
	const char *ranges = "";
	struct range range;
	json_t *hole;
	size_t i;

	process->awaits_start = true;
	json_array_foreach(json_object_get(event, "holes"), i,
		hole) if (report_range_of(hole, &range)) ranges = report_words(report, "%s%s%s",
		ranges, *ranges ? ", " : "", report_range(report, range));
	entry->asked = "the guest's firmware is given a ROM";
	entry->done = report_words(report, "to keep %s free", *ranges ? ranges : "nothing");
}

/* The words for what is not kept free; "" if all is. */
static const char *take_holes(struct report *report, struct report_rom *rom, const json_t *event)
{
	const char *words = "";
	struct range range;
	json_t *hole;
	size_t i;

	json_array_foreach(json_object_get(event, "holes"), i, hole)
	{
		const char *state = json_string_value(json_object_get(hole, "state"));
		const char *why = report_text_field(report, hole, "why");

		if (!state || !report_range_field(hole, "range", &range))
			continue;
		if (strcmp(state, "not-reserved") != 0)
			*REPORT_PUSH(report, rom->kept, rom->n_kept) = range;
		else
			words = report_words(report, "%s%s%s is not: %s", words, *words ? "; " : "",
				report_range(report, range), why ? why : "it does not say why");
	}
	return words;
}

void report_take_rom(struct report *report, struct report_process *process, const json_t *event,
	struct report_entry *entry)
{
	const char *error = report_text_field(report, event, "error");
	const char *firmware = report_text_field(report, event, "firmware"), *missing;
	struct report_rom *rom = &process->rom;

	rom->n_kept = 0;
	missing = take_holes(report, rom, event);
	if (error)
		missing = error;
	rom->state = report_flag_field(event, "told") ? ROM_TOLD : ROM_NOT_TOLD;
	rom->words = report_words(report, "its firmware (%s) keeps %" PRId64 " of %s free%s%s",
		firmware ? firmware : "unknown", report_number_field(event, "done", 0),
		report_plural(report, (size_t)report_number_field(event, "of", 0), "hole", "holes"),
		*missing ? "; " : "", missing);
	entry->asked = rom->state == ROM_TOLD ? "the guest starts, and is told of its holes"
					      : "the guest starts, and is NOT told of its holes";
	entry->done = rom->words;
	entry->severity = rom->state == ROM_TOLD ? GOOD : BAD;
}

void report_take_silence(struct report *report, struct report_process *process, const json_t *event,
	struct report_entry *entry)
{
	const char *why = report_text_field(report, event, "why");
	bool ended = why && !strcmp(why, "ended");

	if (process->rom.state == ROM_NONE)
		process->rom.state = ROM_SILENT;
	process->rom.words = ended ? "the VMM ended before"
				   : report_words(report, "%" PRId64 " s of it running",
					     report_number_field(event, "seconds", 0));
	entry->asked = "no ROM in the guest has reported";
	entry->done = process->rom.words;
	entry->severity = WARN;
}

bool report_rom_keeps(const struct report_rom *rom, const struct range *gaps, size_t n_gaps)
{
	for (size_t i = 0; i < n_gaps; i++) {
		bool kept = false;

		for (size_t k = 0; k < rom->n_kept && !kept; k++)
			kept = range_contains(rom->kept[k], gaps[i]);
		if (!kept)
			return false;
	}
	return true;
}
