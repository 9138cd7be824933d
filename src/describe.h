/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events in words (for people) and as JSON (docs/event-log.md), one line each. Pure. */
#ifndef IOVASHIM_DESCRIBE_H
#define IOVASHIM_DESCRIBE_H

#include "advice.h"
#include "event.h"

/* Who the process is, for the "start" line and for advice. */
struct describe_host {
	const char *vmm;    /* path of the executable */
	const char *kernel; /* release */
	const char *vendor; /* of the CPU */
	const char *policy; /* path, or "built-in" */
	const char *mode;   /* the policy's `crossing` */
	bool guard;
	unsigned int version; /* of QEMU, major << 8 | minor; 0: not known */
	struct vmm_args args; /* zeroed: not known */
};

/* Whose the hole is: "reserved for group 3 (0000:00:05.0)". */
void describe_owner(struct text *text, const struct hole *hole, const struct container *container);

/* What was asked, which hole it crossed and whose, what was done, and why. No newline. */
void describe_map(struct text *text, const struct event *event, const char *vmm);

/* The same for one that failed and touches no hole that it failed for: describe_map() does that
 * too. event->why is there. */
void describe_failure(struct text *text, const struct event *event);

/* "guest RAM", "device BAR 2 of 0000:00:05.0". */
void describe_memory(struct text *text, const struct event *event);

/* The overlap, what would fit, the bits. event->why is there. */
void describe_arithmetic(struct text *text, const struct event *event);

/* "; fatal: …": what it means to the VMM that the mapping failed. Nothing if it did not. */
void describe_outcome(struct text *text, const struct event *event, const char *vmm);

/* What can be changed about it. event->why is there. */
struct advice describe_advice(const struct event *event, const struct describe_host *host);

/* When, and in which process. */
struct describe_stamp {
	long long seconds; /* since 1970 */
	long micros;
	int pid;
};

/* One JSON object each, no newline. _begin leaves it open, for fields and a closing brace. */
void describe_json_begin(struct text *text, const struct describe_stamp *stamp, const char *event);

void describe_json_start(
	struct text *text, const struct describe_stamp *stamp, const struct describe_host *host);
void describe_json(struct text *text, const struct describe_stamp *stamp, const struct event *event,
	const struct describe_host *host);

/* The fields of a mapping that say why. */
void describe_json_why(
	struct text *text, const struct event *event, const struct describe_host *host);

#endif
