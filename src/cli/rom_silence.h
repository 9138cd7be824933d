/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a guest has been running without a word of its ROM. Pure. */
#ifndef IOVASHIM_ROM_SILENCE_H
#define IOVASHIM_ROM_SILENCE_H

#include <stdbool.h>

/* Firmware starts ROMs within seconds; on an emulated CPU that is itself emulated, it takes longer.
 */
enum { ROM_SILENCE_SECONDS = 60 };

struct rom_silence {
	double user, system; /* seconds of processor time, when last looked at */
	unsigned int seconds;
};

/* To call each second with the VMM's processor time; @known: it could be had. True when the guest
 * had its time. A second does not count in which the VMM sets up: before it has used a second of
 * its own, and while it is mostly in the kernel, which pins the guest's memory for minutes. */
bool rom_silence_tick(struct rom_silence *silence, bool known, double user, double system);

#endif
