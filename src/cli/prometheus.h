/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prometheus' text format, version 0.0.4: what node_exporter's textfile collector reads. */
#ifndef IOVASHIM_PROMETHEUS_H
#define IOVASHIM_PROMETHEUS_H

#include <stdio.h>

/* The lines that a metric begins with. @type: "gauge" or "counter"; @help has no backslash and no
 * newline. */
void prometheus_metric(FILE *to, const char *name, const char *type, const char *help);

/* name="value", escaped, which go between braces: {a="1",b="2"}. */
void prometheus_label(FILE *to, const char *name, const char *value);

/* A metric without labels: its lines and its one value. */
void prometheus_gauge(FILE *to, const char *name, const char *help, double value);
void prometheus_counter(FILE *to, const char *name, const char *help, double value);

/* A value, and the end of its line. Exact up to 2^53. */
void prometheus_value(FILE *to, double value);

#endif
