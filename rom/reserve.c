/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reservation from start to end, the same for both firmwares. */
#include "reserve.h"

#include "fw_cfg.h"

#define FILE_HOLES	"opt/iovashim/holes"
#define FILE_ON_FAILURE "opt/iovashim/on-failure"
#define FILE_E820	"etc/e820"

enum { MOST_RAM = 16 };
enum { E820_RAM = 1 };

/* Large: none of it is on the stack, which is small in the BIOS half. */
static struct holes holes;
static struct range ram[MOST_RAM];
static unsigned int ram_count;
/* What the firmware has in a hole, where its memory cannot be cut; as a hole of the same index. */
static uint64_t conflict[ROM_MOST_HOLES];
static bool conflicts[ROM_MOST_HOLES];

static bool read_holes(void)
{
	static char text[ROM_MOST_TEXT];
	enum holes_error error;
	uint32_t size;
	size_t at;

	if (!fw_cfg_open(FILE_HOLES, &size)) {
		report_text("error no file " FILE_HOLES " (QEMU's -fw_cfg)");
		return false;
	}
	if (size > sizeof(text)) {
		report_text("error " FILE_HOLES " is longer than 2048 bytes");
		return false;
	}
	fw_cfg_read(text, size);
	error = holes_parse(text, size, &holes, &at);
	if (error == HOLES_OK)
		return true;
	holes.count = 0;
	report_text("error " FILE_HOLES " is wrong at byte ");
	report_number((unsigned int)at + 1);
	report_text(": ");
	report_text(holes_error_text(error));
	return false;
}

static bool add_ram(uint64_t first, uint64_t last)
{
	if (ram_count == MOST_RAM)
		return false;
	ram[ram_count].first = first;
	ram[ram_count++].last = last;
	return true;
}

/* QEMU's own word on where RAM is, which the firmware's map no longer has. Without it (before QEMU
 * 1.7) what the firmware calls free is all that is known of. False if there is too much of it. */
static bool read_ram(const struct memory *map, unsigned int count)
{
	struct {
		uint64_t start, length;
		uint32_t type;
	} __attribute__((packed)) entry;
	uint32_t size;

	ram_count = 0;
	if (!fw_cfg_open(FILE_E820, &size)) {
		for (unsigned int i = 0; i < count; i++)
			if (map[i].kind == MEMORY_FREE &&
				!add_ram(map[i].range.first, map[i].range.last))
				return false;
		return true;
	}
	for (; size >= sizeof(entry); size -= sizeof(entry)) {
		fw_cfg_read(&entry, sizeof(entry));
		if (entry.type == E820_RAM && entry.length &&
			!add_ram(entry.start, entry.start + entry.length - 1))
			return false;
	}
	return true;
}

/* Looks at each part of @hole that is RAM. False if one is not all of @kind; *@missing says where.
 * *@any says whether there is such a part at all. */
static bool hole_is(struct range hole, enum memory_kind kind, const struct memory *map,
	unsigned int count, uint64_t *missing, bool *any)
{
	*any = false;
	for (unsigned int i = 0; i < ram_count; i++) {
		if (!range_overlaps(hole, ram[i]))
			continue;
		*any = true;
		if (!map_covers(map, count, kind, range_common(hole, ram[i]), missing))
			return false;
	}
	return true;
}

/* Which holes lie over memory that is the firmware's own? */
static void find_conflicts(
	const struct firmware *firmware, const struct memory *map, unsigned int count)
{
	for (unsigned int i = 0; i < holes.count; i++) {
		bool any;

		conflicts[i] =
			!hole_is(holes.range[i], MEMORY_FREE, map, count, &conflict[i], &any);
		if (any && holes.range[i].first < firmware->own_below) {
			conflicts[i] = true;
			conflict[i] = holes.range[i].first;
		}
	}
}

/* Reports hole @i. True if an operating system keeps off it. */
static bool check_hole(unsigned int i, const struct memory *map, unsigned int count)
{
	uint64_t missing = 0;
	bool any, kept;

	kept = hole_is(holes.range[i], MEMORY_RESERVED, map, count, &missing, &any);
	report_text("hole ");
	report_range(holes.range[i]);
	if (!any) {
		report_text(" empty");
	} else if (conflicts[i]) {
		report_text(" not-reserved the firmware's own memory at ");
		report_address(conflict[i]);
	} else if (!kept) {
		report_text(" not-reserved the memory map reads back otherwise at ");
		report_address(missing);
	} else {
		report_text(" reserved");
	}
	if (!any || (kept && !conflicts[i])) {
		report_line();
		return true;
	}
	report_fault();
	return false;
}

/* Reports each hole, and returns how many are kept. */
static unsigned int reserve_and_check(const struct firmware *firmware)
{
	unsigned int count, kept = 0;
	const struct memory *map = firmware->read_map(&count);

	if (map && !read_ram(map, count)) {
		report_text("error memory in more than 16 pieces");
		report_fault();
		return 0;
	}
	if (map) {
		find_conflicts(firmware, map, count);
		firmware->reserve(&holes, map, count);
		map = firmware->read_map(&count);
	}
	if (!map) {
		report_text("error the firmware's memory map cannot be read");
		report_fault();
		return 0;
	}
	for (unsigned int i = 0; i < holes.count; i++)
		kept += check_hole(i, map, count);
	return kept;
}

/* True unless the file says "boot". */
static bool stops_on_failure(void)
{
	char word[4];
	uint32_t size;

	if (!fw_cfg_open(FILE_ON_FAILURE, &size) || size < sizeof(word))
		return true;
	fw_cfg_read(word, sizeof(word));
	return word[0] != 'b' || word[1] != 'o' || word[2] != 'o' || word[3] != 't';
}

static enum reserve_result fail(void)
{
	if (stops_on_failure()) {
		report_text("stop: this machine does not boot unless each hole is reserved");
		report_fault();
		return RESERVE_STOP;
	}
	report_text("the boot goes on, as " FILE_ON_FAILURE " says");
	report_fault();
	return RESERVE_GO_ON;
}

enum reserve_result reserve_holes(const struct firmware *firmware)
{
	unsigned int kept = 0;

	report_start(firmware->screen);
	if (firmware->active()) {
		report_text("another copy is at work, this one does nothing");
		report_line();
		return RESERVE_DONE;
	}
	report_text("version " IOVASHIM_VERSION " ");
	report_text(firmware->name);
	report_line();
	holes.count = 0;
	if (!fw_cfg_present()) {
		report_text("error no fw_cfg device");
		report_fault();
	} else if (!read_holes()) {
		report_fault();
	} else {
		kept = reserve_and_check(firmware);
	}
	report_text("done ");
	report_number(kept);
	report_text(" of ");
	report_number(holes.count);
	report_line();
	return holes.count && kept == holes.count ? RESERVE_DONE : fail();
}
