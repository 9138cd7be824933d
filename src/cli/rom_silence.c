/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a guest has been running without a word of its ROM. */
#include "rom_silence.h"

bool rom_silence_tick(struct rom_silence *s, bool known, double user, double system)
{
	double in_kernel = system - s->system, outside = user - s->user;
	bool sets_up = known && (user < 1 || (in_kernel > 0.5 && in_kernel > outside));

	s->user = user;
	s->system = system;
	s->seconds += !sets_up;
	return s->seconds >= ROM_SILENCE_SECONDS;
}
