/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's verdicts, as TAP. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char why[256];
static const char *skipped;
static char subject[64];

void expect(int line, const char *what, long wanted, long got)
{
	char where[16] = "";

	if (wanted == got || why[0])
		return;
	if (line)
		snprintf(where, sizeof(where), "line %d: ", line);
	snprintf(why, sizeof(why), "%s%s%s%s: expected %ld, got %ld", subject,
		subject[0] ? ": " : "", where, what, wanted, got);
}

void about(const char *what)
{
	snprintf(subject, sizeof(subject), "%s", what);
}

void skip_check(const char *reason)
{
	skipped = reason;
}

void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(2);
}

static bool run_check(int n, const struct check *check)
{
	why[0] = subject[0] = '\0';
	skipped = NULL;
	check->run();
	if (why[0])
		printf("not ok %d %s # %s\n", n, check->name, why);
	else
		printf("ok %d %s%s%s\n", n, check->name, skipped ? " # skip " : "",
			skipped ? skipped : "");
	return !why[0];
}

int run_checks(const struct check *checks)
{
	int n = 0, failures = 0;

	for (; checks->name; checks++)
		failures += !run_check(++n, checks);
	printf("1..%d\n", n);
	return failures;
}
