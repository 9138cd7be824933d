/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ranges that the guest is told of by its firmware. */
#include "told.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "0x" and digits; *@text moves behind them. */
static bool address(const char **text, uint64_t *value)
{
	const char *c = *text;

	if (c[0] != '0' || c[1] != 'x' || digit(c[2]) < 0)
		return false;
	*value = 0;
	for (c += 2; digit(*c) >= 0; c++)
		*value = *value << 4 | (unsigned int)digit(*c);
	*text = c;
	return true;
}

struct told told_read(const char *text)
{
	struct told told = {.n = 0};
	struct range range;

	while (text && told.n < TOLD_MOST && address(&text, &range.first) && *text++ == '-' &&
		address(&text, &range.last) && range.first <= range.last &&
		(!*text || *text == ' ')) {
		told.at[told.n++] = range;
		text += *text == ' ';
	}
	return told;
}

bool told_has(const struct told *told, struct range range)
{
	for (size_t i = 0; i < told->n; i++)
		if (range_contains(told->at[i], range))
			return true;
	return false;
}
