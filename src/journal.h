/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The audience of the engine: lines on stderr for people, repeats folded; JSON Lines for machines;
 * and the sum of it all at exit. */
#ifndef IOVASHIM_JOURNAL_H
#define IOVASHIM_JOURNAL_H

#include "describe.h"
#include "lock.h"
#include "outlet.h"
#include "told.h"

#include <stdatomic.h>

/* Of what was passed on unseen and failed, fewer are told: some programs think nothing of that. */
enum { JOURNAL_GAPS = 32, JOURNAL_SEEN = 32, JOURNAL_SEEN_PASSED = 16, JOURNAL_LINE = 4096 };

struct journal {
	struct lock lock;
	struct describe_host host;
	struct outlet people; /* stderr as it was at start; closed if quiet */
	struct outlet log;    /* IOVASHIM_LOG; closed if there is none */
	bool log_lost;
	struct told told;	/* the guest's firmware tells it of these: no advice how to do it */
	atomic_bool guest_told; /* that the guest was stopped: its other CPUs follow */
	int pid;		/* of this process */
	int owner;		/* of the process that the totals are of */

	/* Since the start. */
	uint64_t splits, pieces, skips, refusals, observed, failures, folded;

	/* Guest RAM that devices cannot reach, by IOVA: disjoint, ascending. */
	size_t n_gaps;
	bool gaps_cut; /* there are more */
	struct range gaps[JOURNAL_GAPS];
	bool unguarded;
	struct range ram, hole; /* the largest mapping that crossed a hole, and that hole */
	enum cause cause;	/* whose that is */

	size_t n_seen, n_seen_passed;
	uint64_t seen[JOURNAL_SEEN]; /* what has been told already */

	char line[JOURNAL_LINE]; /* of the log, while it is put together */
};

/* @journal zeroed but for host, people and log. Logs the start of process @pid. */
void journal_start(struct journal *journal, int pid);

/* The engine's audience_ops.event. */
void journal_event(void *journal, const struct event *event);

/* KVM_RUN failed with EFAULT: the guest is stopped, and why. Told once. */
void journal_guest_stopped(struct journal *journal);

/* The VMM itself touched guarded memory and dies of it. Called in a signal handler. */
void journal_vmm_stopped(struct journal *journal, uint64_t address);

/* A line for people that always appears, quiet or not: what keeps the VMM from starting. */
void journal_fatal(const struct outlet *people, const char *message);

/* At exit: totals and advice, if there was anything. */
void journal_end(struct journal *journal);

#endif
