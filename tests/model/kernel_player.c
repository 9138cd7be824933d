// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plays a random sequence of type1 calls against the model or the kernel, one line a call.
 * The same seed makes the same calls, so two transcripts that differ show the first call that
 * the model answers differently.
 *
 *   kernel_player (--vfio | --host FILE | --sysfs DIR) --group N [--seed S] [--count C] [--top]
 *
 * --top also maps the last page below 2^64. Kernels before 6.18 never unmap that, and Linux 6.12
 * has been seen to hang later on: for kernels that can be thrown away.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player.h"

static const char usage[] = "usage: kernel_player (--vfio | --host FILE | --sysfs DIR) --group N\n"
			    "                     [--seed S] [--count C] [--top]\n";

struct options {
	struct backend_choice choice;
	uint64_t seed;
	uint64_t count;
	bool top;
};

static bool parse(int argc, char **argv, struct options *o)
{
	*o = (struct options){.seed = 1, .count = 1000, .choice.group = -1};
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (!strcmp(argv[i], "--vfio")) {
			o->choice.kind = BACKEND_VFIO;
			continue;
		}
		if (!strcmp(argv[i], "--top")) {
			o->top = true;
			continue;
		}
		if (!strcmp(argv[i], "--host")) {
			o->choice.kind = BACKEND_HOST;
			o->choice.path = value;
		} else if (!strcmp(argv[i], "--sysfs")) {
			o->choice.kind = BACKEND_SYSFS;
			o->choice.path = value;
		} else if (!strcmp(argv[i], "--group")) {
			o->choice.group = atoi(value);
		} else if (!strcmp(argv[i], "--seed")) {
			o->seed = strtoull(value, NULL, 0);
		} else if (!strcmp(argv[i], "--count")) {
			o->count = strtoull(value, NULL, 0);
		} else {
			return false;
		}
		i++;
	}
	return o->choice.kind != BACKEND_NONE && o->choice.group >= 0;
}

int main(int argc, char **argv)
{
	struct options o;
	struct player player;

	if (!parse(argc, argv, &o)) {
		fputs(usage, stderr);
		return 2;
	}
	if (!player_init(&player, &o.choice, o.seed, o.top))
		return 1;
	for (uint64_t i = 0; i < o.count; i++)
		if (!player_step(&player))
			return 1;
	player_end(&player);
	return 0;
}
