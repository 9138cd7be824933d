/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ROM says: lines to a debug console that is read from outside, faults on the screen too.
 *
 * A line is put together in a buffer and sent at its end; what does not fit is cut. */
#ifndef IOVASHIM_ROM_REPORT_H
#define IOVASHIM_ROM_REPORT_H

#include "range.h"

/* The debug console's I/O port; nothing is written to it unless it answers as one. */
enum { REPORT_PORT = 0x5f2, REPORT_ANSWER = 0xe9 };

/* Where faults go besides: the firmware's own screen. @line ends with a newline. */
typedef void (*report_screen)(const char *line);
void report_start(report_screen screen);

void report_text(const char *text);
void report_number(unsigned int number);
/* "0x0000000110000000-0x000000011fffffff" */
void report_range(struct range range);
void report_address(uint64_t address);

/* Ends the line and sends it; a fault's goes to the screen too. */
void report_line(void);
void report_fault(void);

#endif
