// SPDX-License-Identifier: GPL-2.0-or-later
/* run --reserve: what the ROM reports, what is added, which holes matter. No VMM runs. */
#include "cli/reserve_parts.h"
#include "cli/rom_image.h"
#include "cli/rom_report.h"
#include "cli/rom_silence.h"
#include "unit/no_main.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROM  "iovashim-rom: "
#define HOLE ROM "hole 0x0000000110000000-0x000000011fffffff "
#define LAST ROM "hole 0x000000fd00000000-0xffffffffffffffff "

static const struct {
	const char *text; /* what comes from the port */
	size_t n_asked;
	bool done, told;
	const char *words;
} reports[] = {
	{ROM "version 0.1.0 bios\n" HOLE "reserved\n" ROM "done 1 of 1\n", 1, true, true,
		"1 of 1 hole reserved"},
	{ROM "version 0.1.0 uefi\r\n" HOLE "reserved\r\n" LAST "empty\r\n" ROM "done 2 of 2\r\n", 2,
		true, true, "2 of 2 holes reserved (1 without RAM in it)"},
	{ROM "version 0.1.0 uefi\n" HOLE "not-reserved the firmware's own\n" LAST "reserved\n" ROM
	     "done 1 of 2\n" ROM "stop: it stops\n",
		2, true, false,
		"0x0000000110000000-0x000000011fffffff not reserved: the firmware's own"},
	{ROM "version 0.1.0 bios\n" ROM "error no file\n" ROM "done 0 of 0\n", 1, true, false,
		"no file"},
	/* Another list than it was given; none; one that claims more than it shows. */
	{ROM "version 0.1.0 bios\n" HOLE "reserved\n" ROM "done 1 of 1\n", 2, true, false,
		"1 of 1 hole reserved"},
	{ROM "version 0.1.0 bios\n" ROM "done 0 of 0\n", 0, true, false, "0 of 0 holes reserved"},
	{ROM "version 0.1.0 bios\n" ROM "done 1 of 1\n", 1, true, false, "1 of 1 hole reserved"},
	/* The next start of the machine forgets the last one's. */
	{ROM "version 0.1.0 bios\n" ROM "error no file\n" ROM "done 0 of 0\n" ROM
	     "version 0.1.0 bios\n" HOLE "reserved\n" ROM "done 1 of 1\n",
		1, true, true, "1 of 1 hole reserved"},
	/* Nonsense, and what is not there yet. */
	{"SeaBIOS\n" ROM "\n" ROM "hole\n" ROM "hole 0x2-0x1 reserved\n" HOLE "perhaps\n" ROM
	 "done soon\n" ROM "done",
		1, false, false, "0 of 0 holes reserved"},
	{ROM "error \033[2J\303\n", 1, false, false, "?[2J?"},
};

static void test_reports(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		struct rom_report report = {0};
		struct rom_lines lines = {.length = 0};
		char bytes[512];
		struct text text = text_start(bytes, sizeof(bytes));
		bool done = false;

		for (const char *c = reports[i].text; *c; c++)
			if (rom_lines_add(&lines, *c) &&
				rom_report_take(&report, lines.line) == ROM_LINE_DONE)
				done = true;
		assert_int_equal(done, reports[i].done);
		assert_int_equal(rom_report_is_told(&report, reports[i].n_asked), reports[i].told);
		rom_report_describe(&text, &report);
		assert_string_equal(bytes, reports[i].words);
	}
}

/* A guest can write for ever, without a line's end, and more holes than there are. */
static void test_reports_are_bounded(void **state)
{
	struct rom_report report = {0};
	struct rom_lines lines = {.length = 0};
	char bytes[4096];
	struct text text = text_start(bytes, sizeof(bytes));

	(void)state;
	for (size_t i = 0; i < 100000; i++)
		assert_false(rom_lines_add(&lines, 'x'));
	assert_true(rom_lines_add(&lines, '\n'));
	assert_int_equal(strlen(lines.line), ROM_REPORT_LINE);
	for (size_t i = 0; i < 100; i++)
		rom_report_take(&report,
			HOLE "not-reserved \"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"");
	assert_int_equal(report.n_holes, ROM_REPORT_HOLES);
	rom_report_json(&text, &report, false);
	assert_true(text.length < 4000);
	assert_string_equal(bytes + text.length - 13, ",\"n_holes\":32");
}

/* Each second: user and system time of it. */
static unsigned int seconds_until(double user, double system, double used)
{
	struct rom_silence silence = {.user = used};
	double system_used = 0;
	unsigned int n = 0;

	while (n < 1000 && !rom_silence_tick(&silence, true, used += user, system_used += system))
		n++;
	return n;
}

static void test_silence(void **state)
{
	struct rom_silence unknown = {0};
	unsigned int n = 1;

	(void)state;
	assert_int_equal(seconds_until(1, 0, 2), ROM_SILENCE_SECONDS - 1); /* runs */
	assert_int_equal(seconds_until(0, 0, 2), ROM_SILENCE_SECONDS - 1); /* is idle */
	assert_int_equal(seconds_until(0, 0, 0.5), 1000);		   /* was never started */
	assert_int_equal(seconds_until(0.1, 0.9, 2), 1000);		   /* pins memory */
	assert_int_equal(seconds_until(0.9, 0.6, 2), ROM_SILENCE_SECONDS - 1); /* input, output */
	while (!rom_silence_tick(&unknown, false, 0, 0))
		n++;
	assert_int_equal(n, ROM_SILENCE_SECONDS);
}

static void test_added(void **state)
{
	struct args args = args_copy(NULL, 0);
	struct range holes[] = {{0x110000000, 0x11fffffff}, {0xfd00000000, UINT64_MAX}};
	char *text = reserve_holes_text(holes, 2), *words;

	(void)state;
	assert_string_equal(text, "0x110000000-0x11fffffff 0xfd00000000-0xffffffffffffffff");
	reserve_add_rom(&args, RESERVE_DEVICE, false, "/a,b/rom", text);
	reserve_add_rom(&args, RESERVE_DEVICE, true, "/a,b/\"rom", "0x1-0x2");
	reserve_add_rom(&args, RESERVE_ROM, false, "/a,b/rom", "0x1-0x2");
	words = args_text(&args);
	assert_string_equal(words,
		"-device pci-testdev,id=iovashim-rom,romfile=/a,,b/rom -fw_cfg "
		"'name=opt/iovashim/holes,string=0x110000000-0x11fffffff "
		"0xfd00000000-0xffffffffffffffff' -device "
		"'{\"driver\":\"pci-testdev\",\"id\":\"iovashim-rom\",\"romfile\":\"/a,b/"
		"\\\"rom\"}' "
		"-fw_cfg name=opt/iovashim/holes,string=0x1-0x2 -option-rom /a,b/rom -fw_cfg "
		"name=opt/iovashim/holes,string=0x1-0x2");
	free(words);
	free(text);
	args_free(&args);
}

static const struct {
	const char *option, *value;
	bool device, collides;
} words[] = {
	{"-device", "vfio-pci,host=05:00.0", true, false},
	{"--device", "{\"driver\":\"vfio-pci\",\"host\":\"0000:05:00.0\"}", true, false},
	{"-device", "nvme,serial=vfio-pci", false, false},
	{"-readconfig", "guest.cfg", true, false},
	{"-fw_cfg", "name=opt/iovashim/holes,file=h", false, true},
	{"-device", "isa-debugcon,iobase=0x402,chardev=c", false, false},
	{"-device", "isa-debugcon,iobase=0x5f2,chardev=c", false, true},
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct args args = args_copy(NULL, 0);

		args_add(&args, "qemu-system-x86_64");
		args_add(&args, words[i].option);
		args_add(&args, words[i].value);
		assert_int_equal(reserve_has_device(&args), words[i].device);
		assert_int_equal(!!reserve_collision(&args), words[i].collides);
		args_free(&args);
	}
}

/* Holes that touch no RAM are left out; those that are left become one where they touch. */
static void test_crossed(void **state)
{
	struct range ram[] = {{0, 0x7fffffff}, {0x100000000, 0x13fffffff}};
	struct hole holes[] = {
		{.range = {0xfd00000000, 0xffffffffff}, .source = HOLE_SYSFS, .group = 3},
		{.range = {0x120000000, 0x1200007ff}, .source = HOLE_POLICY, .name = ""},
		{.range = {0xfee00000, 0xfeefffff}, .source = HOLE_SYSFS, .type = REGION_MSI},
		{.range = {0x110000000, 0x11fffffff}, .source = HOLE_POLICY, .name = ""},
		{.range = {0x13ffff800, 0x13ffff8ff}, .source = HOLE_POLICY, .name = ""},
		{.range = {0x140000000, UINT64_MAX}, .source = HOLE_KERNEL},
	};
	size_t n = reserve_keep_crossed(holes, 6, ram, 2), n_merged;
	struct range *merged = reserve_merge(holes, n, &n_merged);

	(void)state;
	assert_int_equal(n, 3);
	assert_int_equal(n_merged, 2);
	assert_int_equal(merged[0].first, 0x110000000);
	assert_int_equal(merged[0].last, 0x120000fff);
	assert_int_equal(merged[1].first, 0x13ffff000);
	assert_int_equal(merged[1].last, 0x13fffffff);
	free(merged);
}

static void test_image(void **state)
{
	unsigned char rom[128] = {
		0x55, 0xaa, [0x18] = 0x20, [0x20] = 'P', 'C', 'I', 'R', 0x36, 0x1b, 0x05, 0x00};

	(void)state;
	assert_non_null(rom_image_check(rom, sizeof(rom)));
	memcpy(rom + 0x60, "iovashim-rom: ", 14);
	assert_null(rom_image_check(rom, sizeof(rom)));
	for (size_t size = 0; size < 0x38; size++)
		assert_non_null(rom_image_check(rom, size));
	rom[0x24] = 0x86;
	assert_non_null(strstr(rom_image_check(rom, sizeof(rom)), "PCI IDs"));
	rom[0x18] = rom[0x19] = 0xff;
	assert_non_null(rom_image_check(rom, sizeof(rom)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_reports_are_bounded),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_added),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_crossed),
		cmocka_unit_test(test_image),
	};

	return cmocka_run_group_tests_name("reserve", tests, NULL, NULL);
}
