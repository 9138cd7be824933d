/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prometheus' text format, version 0.0.4. */
#include "prometheus.h"

void prometheus_metric(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void prometheus_label(FILE *to, const char *name, const char *value)
{
	fprintf(to, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", to);
		else if (*value == '"' || *value == '\\')
			fprintf(to, "\\%c", *value);
		else
			fputc(*value, to);
	}
	fputc('"', to);
}

void prometheus_value(FILE *to, double value)
{
	fprintf(to, " %.17g\n", value);
}

static void print_single(
	FILE *to, const char *name, const char *type, const char *help, double value)
{
	prometheus_metric(to, name, type, help);
	fputs(name, to);
	prometheus_value(to, value);
}

void prometheus_gauge(FILE *to, const char *name, const char *help, double value)
{
	print_single(to, name, "gauge", help, value);
}

void prometheus_counter(FILE *to, const char *name, const char *help, double value)
{
	print_single(to, name, "counter", help, value);
}
