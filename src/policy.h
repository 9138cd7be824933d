/* SPDX-License-Identifier: GPL-2.0-or-later */
/* holes.conf text in, rules out; and the decision for one request. Pure: makes no system call. */
#ifndef IOVASHIM_POLICY_H
#define IOVASHIM_POLICY_H

#include "dma_split.h"

enum bar_action { BAR_OBSERVE, BAR_SKIP, BAR_REFUSE };

/* What `when=` conditions are held against. */
struct policy_host {
	const char *cpu_vendor; /* CPUID's: "AuthenticAMD", "HygonGenuine", "GenuineIntel", or "" */
	unsigned int kernel_major;
	unsigned int kernel_minor;
};

/* Owns all that it points to; free with policy_free(). */
struct policy {
	bool source_sysfs;
	bool source_kernel;
	bool guard;
	enum crossing crossing; /* never CROSSING_DEFAULT */
	enum inside inside;	/* never INSIDE_DEFAULT */
	enum bar_action bar;
	size_t n_holes;
	struct hole *holes; /* of the rules whose conditions hold on this host, in file order */
	size_t n_strings;
	char **strings; /* file and rule names that the holes point to */
};

/* How included files are read. Returns 0 and a malloc'ed text, or -errno. */
struct policy_reader {
	int (*read)(void *context, const char *path, char **text, size_t *length);
	void *context;
};

/* One line, "FILE:LINE:COLUMN: what is wrong and what would be right", no newline. */
struct policy_error {
	char text[512];
};

/* Parses the policy @file, whose content is @text (@length bytes, any bytes at all). Relative
 * `include` paths are relative to the including file's folder. Returns 0, or -EINVAL (with
 * @error filled, nothing to free) or -ENOMEM (likewise). */
int policy_parse(struct policy *policy, const char *file, const char *text, size_t length,
	const struct policy_host *host, const struct policy_reader *reader,
	struct policy_error *error);

void policy_free(struct policy *policy);

/* Overrides the policy's defaults by the value of IOVASHIM_MODE (split, refuse, observe; observe
 * counts for mappings inside holes too) or IOVASHIM_GUARD (on, off). Returns 0, or -EINVAL with
 * @error filled ("IOVASHIM_MODE: ..."). */
int policy_set_mode(struct policy *policy, const char *mode, struct policy_error *error);
int policy_set_guard(struct policy *policy, const char *guard, struct policy_error *error);

enum memory_kind {
	MEMORY_RAM,	   /* guest RAM at its guest-physical address */
	MEMORY_TRANSLATED, /* guest RAM at an IOVA that a vIOMMU chose */
	MEMORY_BAR,	   /* a region of a VFIO device */
	MEMORY_UNKNOWN,	   /* nobody looked: of mappings that are passed on unseen */
};

enum verdict {
	VERDICT_PASS,	 /* to the kernel as it came, nothing to say */
	VERDICT_OBSERVE, /* to the kernel as it came, logged */
	VERDICT_SPLIT,
	VERDICT_SKIP,	/* report success, map nothing */
	VERDICT_REFUSE, /* EINVAL */
};

/* The decision for one mapping of @kind at @iova over @holes. What a vIOMMU translates is never
 * split or skipped: the guest uses that memory at another address. */
enum verdict policy_decide(const struct policy *policy, const struct hole_set *holes,
	struct range iova, enum memory_kind kind);

#endif
