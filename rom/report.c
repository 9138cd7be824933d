/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines to QEMU's isa-debugcon. */
#include "report.h"

#include "fw_cfg.h"

#define START "iovashim-rom: "
enum { LINE = 200 };

static char line[LINE + 2]; /* room for the newline and the NUL */
static unsigned int length;
static report_screen to_screen;

void report_start(report_screen screen)
{
	to_screen = screen;
	length = 0;
}

static void add(char c)
{
	if (length < LINE)
		line[length++] = c;
}

void report_text(const char *text)
{
	if (!length)
		for (const char *start = START; *start; start++)
			add(*start);
	while (*text)
		add(*text++);
}

/* By subtraction: 16-bit code has no library to divide with, and numbers are small. */
void report_number(unsigned int number)
{
	static const unsigned int powers[] = {10000, 1000, 100, 10, 1};
	bool begun = false;

	for (unsigned int i = 0; i < sizeof(powers) / sizeof(powers[0]); i++) {
		char c = '0';

		while (number >= powers[i] && c < '9') {
			number -= powers[i];
			c++;
		}
		if (c != '0' || powers[i] == 1)
			begun = true;
		if (begun)
			add(c);
	}
}

void report_address(uint64_t address)
{
	add('0');
	add('x');
	for (unsigned int i = 0; i < 16; i++) {
		add("0123456789abcdef"[address >> 60]);
		address <<= 4;
	}
}

void report_range(struct range range)
{
	report_address(range.first);
	add('-');
	report_address(range.last);
}

void report_line(void)
{
	line[length] = '\n';
	line[length + 1] = '\0';
	if (in8(REPORT_PORT) == REPORT_ANSWER)
		for (const char *p = line; *p; p++)
			out8(REPORT_PORT, (uint8_t)*p);
	length = 0;
}

void report_fault(void)
{
	report_line();
	to_screen(line);
}
