/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In the place of src/cli/main.c, for tests of what verbs are made of: says nothing. */
#ifndef IOVASHIM_NO_MAIN_H
#define IOVASHIM_NO_MAIN_H

#include "cli/cli.h"

void cli_complain(const char *format, ...)
{
	(void)format;
}
int cli_fail(const char *format, ...)
{
	(void)format;
	return EXIT_OWN;
}
int cli_usage(void)
{
	return EXIT_OWN;
}
int cli_help(void)
{
	return 0;
}
int cli_finish(int status)
{
	return status;
}

#endif
