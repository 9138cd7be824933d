/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Advice word for word, and what a shell, GRUB and Linux make of the line to paste. */
#include "advice.h"
#include "journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const char qemu[] = "/usr/bin/qemu-system-x86_64", arm[] = "/opt/qemu-system-aarch64";

static const struct {
	size_t n_gaps;
	struct range gaps[3];
	const char *memmap;
} memmaps[] = {
	{1, {{0xfd00000000, 0xfd1fffffff}}, "memmap=512M$0xfd00000000"},
	{1, {{0xfd00000000, 0xffffffffff}}, "memmap=12G$0xfd00000000"},
	{1, {{0xfee00000, 0xfeefffff}}, "memmap=1M$0xfee00000"},
	{1, {{0xfee00000, 0xfee00fff}}, "memmap=4K$0xfee00000"},
	{1, {{0x100, 0x1ff}}, "memmap=256$0x100"},
	{1, {{0x100000000, 0x160000fff}}, "memmap=1572868K$0x100000000"},
	{2, {{0xfee00000, 0xfeefffff}, {0xfd00000000, 0xffffffffff}},
		"memmap=1M$0xfee00000 memmap=12G$0xfd00000000"},
	{0, {{0, 0}}, ""},
};

#define TELL_SHORT "tell the guest: memmap=512M$0xfd00000000"
#define SHORT_DIMM                                                                                 \
	"; or, if this is a DIMM, put it elsewhere by its addr= (memmap= does not keep Linux off " \
	"a DIMM)"

static void test_memmap(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(memmaps) / sizeof(*memmaps); i++) {
		struct advice advice = {.gaps = memmaps[i].gaps, .n_gaps = memmaps[i].n_gaps};
		char bytes[128];
		struct text text = text_start(bytes, sizeof(bytes));

		advice_memmap(&text, &advice, "$");
		assert_string_equal(bytes, memmaps[i].memmap);
	}
}

static void add_line(void *context, const char *line)
{
	assert_null(strchr(line, '\n'));
	text_add(context, "%s\n", line);
}

#define TELL_LINUX                                                                                 \
	"Linux guest, kernel command line:  memmap=512M$0xfd00000000\n"                            \
	"  in its /etc/default/grub:  GRUB_CMDLINE_LINUX=\"memmap=512M\\\\\\$0xfd00000000\"  and " \
	"update-grub\n"
#define TELL_WINDOWS                                                                               \
	"Windows guest:  bcdedit /set truncatememory 0xfd00000000  (gives up all memory from "     \
	"there on; badmemorylist takes single page frames and is no use here)\n"

#define TELL_DIMM                                                                                  \
	"  if this is a DIMM, memmap= does not keep Linux off it: leave these memory blocks "      \
	"offline (operator guide), or better, move the DIMM\n"
#define TELL_512M TELL_LINUX TELL_WINDOWS

/* What the changes cost. */
#define LESS "the guest has less memory; where it migrates to it needs the same)\n"
#define LAYOUT                                                                                     \
	"RAM is elsewhere in the guest: shut it down for that, and change it alike wherever it "   \
	"migrates to)\n"
#define MACHINE                                                                                    \
	"other virtual hardware and another layout: shut the guest down for that; Windows may "    \
	"want to be activated again; neither saved states nor a migration from the old machine "   \
	"type carry over)\n"

#define DIMM(address, bits)                                                                        \
	"  qemu:  -device pc-dimm,memdev=...,addr=" address "  (RAM above the hole; with -cpu "    \
	"...,phys-bits=" bits "; " LAYOUT
#define QEMU_MOVES                                                                                 \
	"  qemu:  -machine pc-q35-7.1 or newer, with an AMD CPU model  (QEMU 7.1 and newer then "  \
	"move boot RAM above it, not DIMMs with addr=; " MACHINE
#define AT_MOST(size, from) "  layout:  less RAM: at most " size " from " from " on  (" LESS
#define FROM(address, bits)                                                                        \
	"  layout:  RAM from " address " on  (the guest then needs " bits                          \
	" physical address bits; " LAYOUT

static const struct {
	struct advice advice;
	const char *lines;
} advices[] = {
	{{.ram = {0x100000000, 0xfd1fffffff}, .hole = {0xfd00000000, 0xffffffffff}, .vmm = qemu},
		TELL_512M "or a layout that keeps off 0xfd00000000-0xffffffffff by itself:\n" DIMM(
			"0x10000000000", "41") QEMU_MOVES AT_MOST("1008 GiB", "0x100000000")},
	/* another hole: QEMU does not keep off it */
	{{.ram = {0, 0x1ffffffff}, .hole = {0xfee00000, 0xfeefffff}, .vmm = qemu},
		TELL_512M "or a layout that keeps off 0xfee00000-0xfeefffff by itself:\n" DIMM(
			"0xfef00000", "34") AT_MOST("3.98 GiB", "0x0")},
	/* another VMM, or QEMU of another architecture */
	{{.ram = {0x100000000, 0xfd1fffffff},
		 .hole = {0xfd00000000, 0xffffffffff},
		 .vmm = "cloud-hypervisor"},
		TELL_512M "or a layout that keeps off 0xfd00000000-0xffffffffff by itself:\n" FROM(
			"0x10000000000", "41") AT_MOST("1008 GiB", "0x100000000")},
	{{.ram = {0x40000000, 0x1ffffffff}, .hole = {0x8000000, 0x80fffff}, .vmm = arm},
		"An Arm guest has no argument to be kept off memory; its layout has to keep off\n"
		"or a layout that keeps off 0x8000000-0x80fffff by itself:\n"},
	/* a DIMM, or another node's boot RAM */
	{{.ram = {0x8000000000, 0xfd1fffffff}, .hole = {0xfd00000000, 0xffffffffff}, .vmm = qemu},
		TELL_LINUX TELL_DIMM TELL_WINDOWS
		"or a layout that keeps off 0xfd00000000-0xffffffffff by itself:\n" DIMM(
			"0x10000000000", "41") QEMU_MOVES AT_MOST("500 GiB", "0x8000000000")},
	/* there is nothing above it */
	{{.ram = {0x100000000, 0x8fffffffff}, .hole = {0x8000000000, UINT64_MAX}, .vmm = qemu},
		TELL_512M
		"or a layout that keeps off 0x8000000000-0xffffffffffffffff by itself:\n" AT_MOST(
			"508 GiB", "0x100000000")},
};

static const struct {
	uint64_t first;
	const char *vmm, *words;
} shorts[] = {
	{0, qemu, TELL_SHORT},
	{0x100000000, qemu, TELL_SHORT},
	{0x100001000, qemu, TELL_SHORT SHORT_DIMM},
	{0xfc00000000, "qemu-kvm", TELL_SHORT SHORT_DIMM},
	{0x10000000000, qemu, TELL_SHORT},
	{0x10000001000, qemu, TELL_SHORT SHORT_DIMM},
	{0x10000001000, "/usr/bin/cloud-hypervisor", TELL_SHORT},
	{0x40000000, arm, "choose a layout that keeps off the hole"},
	{0x8040000000, "qemu-system-arm", "choose a layout that keeps off the hole"},
};

static void test_short(void **state)
{
	static const struct range gap = {0xfd00000000, 0xfd1fffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(shorts) / sizeof(*shorts); i++) {
		struct advice advice = {.gaps = &gap,
			.n_gaps = 1,
			.ram = {shorts[i].first, shorts[i].first + 0xfffff},
			.vmm = shorts[i].vmm};
		char bytes[256];
		struct text text = text_start(bytes, sizeof(bytes));

		advice_short(&text, &advice);
		assert_string_equal(bytes, shorts[i].words);
	}
}

static void test_give(void **state)
{
	static const struct range gap = {0xfd00000000, 0xfd1fffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++) {
		struct advice advice = advices[i].advice;
		char bytes[4096];
		struct text text = text_start(bytes, sizeof(bytes));

		advice.gaps = &gap;
		advice.n_gaps = 1;
		advice.cause = CAUSE_RESERVED;
		advice_give(&advice, add_line, &text);
		assert_string_equal(bytes, advices[i].lines);

		/* refused: there is nothing to tell the guest, the layout alone is left */
		advice.n_gaps = 0;
		text = text_start(bytes, sizeof(bytes));
		advice_give(&advice, add_line, &text);
		assert_string_equal(bytes, strstr(advices[i].lines, "or a layout"));
	}
}

/* The assignment in the line for /etc/default/grub. */
static void find_grub(void *context, const char *line)
{
	const char *start = strstr(line, "GRUB_CMDLINE_LINUX=");
	const char *end = strstr(line, "  and update-grub");

	if (!start)
		return;
	assert_non_null(end); /* not cut */
	text_add(context, "%.*s", (int)(end - start), start);
}

/* What a shell makes of it, as grub-mkconfig sources the file. */
static void source(const char *assignment, char *value, size_t room)
{
	char path[] = "/tmp/iovashim-grub-XXXXXX", command[128];
	int fd = mkstemp(path);
	FILE *shell;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, assignment, strlen(assignment)), strlen(assignment));
	close(fd);
	snprintf(
		command, sizeof(command), "sh -c '. %s; printf %%s \"$GRUB_CMDLINE_LINUX\"'", path);
	shell = popen(command, "r");
	assert_non_null(shell);
	value[fread(value, 1, room - 1, shell)] = 0;
	assert_int_equal(pclose(shell), 0);
	unlink(path);
}

/* GRUB's script parser: a backslash makes the next character itself, a bare $ is a variable. */
static void read_by_grub(char *value)
{
	char *out = value;

	for (const char *in = value; *in; in++) {
		assert_int_not_equal(*in, '$');
		if (*in == '\\')
			in++;
		*out++ = *in;
	}
	*out = 0;
}

static void check_grub(const struct range *gaps, size_t n)
{
	struct advice advice = {.gaps = gaps, .n_gaps = n, .vmm = qemu, .ram = {0, 1}};
	char assignment[4096], value[4096], expected[4096];
	struct text text = text_start(assignment, sizeof(assignment));

	advice_give(&advice, find_grub, &text);
	source(assignment, value, sizeof(value));
	read_by_grub(value);
	text = text_start(expected, sizeof(expected));
	advice_memmap(&text, &advice, "$");
	assert_string_equal(value, expected);
}

static void test_grub(void **state)
{
	static const struct range one = {0xfd00000000, 0xfd1fffffff};
	struct range most[JOURNAL_GAPS];

	(void)state;
	check_grub(&one, 1);
	/* as long as gaps get */
	for (uint64_t i = 0; i < JOURNAL_GAPS; i++)
		most[i].last = (most[i].first = (0xf00 + 2 * i) << 52) + (1ULL << 52) - 1025;
	check_grub(most, JOURNAL_GAPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memmap),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_give),
		cmocka_unit_test(test_grub),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
