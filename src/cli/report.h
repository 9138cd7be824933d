/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `iovashim report`: what event logs say, digested once, for the renderers that draw it. */
#ifndef IOVASHIM_REPORT_H
#define IOVASHIM_REPORT_H

#include "diagnosis.h"
#include "range.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

/* Strings in here are clean: UTF-8 without control characters or anything else that moves what
 * stands around it (report_clean()). Renderers only have to quote what their own format reserves.
 * Times are in microseconds since 1970. Everything lives until report_free(). */

enum severity { PLAIN, GOOD, NOTE, WARN, BAD };

/* What could not be read. */
struct report_problem {
	const char *source;
	size_t line; /* from 1; 0: of the whole file */
	const char *what;
};

/* A log. Its bytes are needed until it is digested. */
struct report_source {
	const char *name;
	const char *bytes;
	size_t length;
	int64_t first_time;
	size_t lines, events, unread; /* lines that hold anything; that were read; that were not */
	bool failed;		      /* could not be read at all */
};

/* A range of reserved addresses, and who says so: all of those that give the same range. */
struct report_hole {
	struct range range; /* as its source gave it */
	struct range whole; /* grown to the IOMMU's pages */
	const char *label;  /* "H1", by ascending address in its container */
	const char *brief;  /* "msi", "reserved", "beyond", the policy's name */
	const char *owners; /* "group 1 (0000:00:05.0), msi; the kernel" */
	bool by_host;	    /* not by the policy alone */
	bool now;	    /* false: no longer in the container's last list */
};

enum report_kind { KIND_RAM, KIND_VIOMMU, KIND_BAR, KIND_OTHER };
enum report_action {
	ACTION_SPLIT,
	ACTION_SKIP,
	ACTION_REFUSE,
	ACTION_OBSERVE,
	ACTION_PASS,
	ACTION_OTHER
};

/* An address range that the VMM asked to map, once or again. */
struct report_mapping {
	struct range iova;
	const char *label; /* "R1", "B1" */
	enum report_kind kind;
	enum report_action action;
	const char *what;   /* the log's own name for the memory, or NULL */
	const char *result; /* of the last time: "ok", or an errno */
	bool ok, guarded;
	enum severity failure; /* if not ok: how bad that is */
	enum cause cause;      /* CAUSE_NONE where the log does not say */
	const char *why;       /* the cause and what it means, in words, or NULL */
	const char **changes;  /* what the log says to change, best first */
	size_t n_changes;
	bool gone;	      /* not there any more at the end of the log */
	bool presumed;	      /* gone only as its guard went: an unmap may tell more */
	const char *how_gone; /* "unmapped", "gone with its container" */
	int64_t since, until; /* until: if gone */
	size_t times;	      /* how often it was asked for */
	uint64_t unreachable;
	bool cut; /* the log's lists of these end before they are whole */
	struct range *pieces, *gaps;
	size_t n_pieces, n_gaps;
	struct range *holes; /* those that the log names with it, grown to pages */
	size_t n_holes;
};

/* Memory behind a gap that was made inaccessible. */
struct report_guard {
	struct range iova;
	int64_t since;
	size_t in_force; /* set, less lifted */
};

/* The addresses of one container. */
struct report_space {
	size_t process;
	int64_t container;
	int64_t page;
	const char *groups; /* "group 1 (0000:00:05.0)" */
	struct report_hole *holes;
	size_t n_holes, holes_missing; /* not in the log, whose list was cut */
	struct report_mapping *mappings;
	size_t n_mappings, mappings_left_out;
	struct report_guard *guards;
	size_t n_guards;
};

/* A thing that happened, or several times the same. */
struct report_entry {
	int64_t time, last; /* of the first and of the last time */
	size_t count;	    /* how often; more than 1 if folded */
	size_t process;
	int64_t container; /* 0: none */
	const char *event; /* its name in the log */
	const char *asked; /* what came: "map guest RAM 0x… (1 GiB)" */
	const char *done;  /* what was done about it; may be "" */
	const char **details;
	size_t n_details; /* the event's own words, and what is not known here */
	size_t n_changes; /* so many of them, the first, are advice: the process has it, too */
	enum severity severity;
	const char *key; /* same key: the same happened */
	size_t source, line;
};

struct report_totals {
	size_t splits, pieces, skips, refusals, observed, failed, unmaps, guards_set, guards_lifted,
		faults, hits;
	uint64_t given_back;
};

/* A line of what came of it, or of what to do. */
struct report_verdict {
	enum severity severity;
	const char *text;
};

/* What the reservation ROM in the guest said when the machine last started. */
struct report_rom {
	enum { ROM_NONE, ROM_TOLD, ROM_NOT_TOLD, ROM_SILENT } state;
	const char *words;
	struct range *kept; /* free of the guest's use */
	size_t n_kept;
};

struct report_process {
	int64_t pid;
	size_t source;
	const char *name; /* "qemu-system-x86_64"; "process 12" where the log does not say */
	const char *vmm, *version, *kernel, *cpu, *policy, *mode; /* NULL without a start line */
	bool guard;
	bool ended; /* there is a summary */
	int64_t first, last;
	struct report_totals totals;
	json_t *summary;
	const char *memmap; /* NULL or not empty */
	bool hit_by_guest, hit_by_vmm;
	bool awaits_start; /* run --reserve logged before the VMM did */
	struct report_rom rom;
	struct report_verdict *verdicts;
	size_t n_verdicts;
	const char **advice;
	size_t n_advice;
	size_t *entries; /* of the report's, while digesting */
	size_t n_entries;
};

struct report {
	struct report_chunk *chunks;
	struct report_source *sources;
	size_t n_sources;
	struct report_problem *problems;
	size_t n_problems;
	struct report_process *processes;
	size_t n_processes;
	struct report_space *spaces;
	size_t n_spaces;
	struct report_entry *entries; /* in the order of the log; folded and merged by the digest */
	size_t n_entries;
};

/* --- report_memory.c: what never fails, or ends the program with EXIT_OWN */
void report_free(struct report *report);
void *report_alloc(struct report *report, size_t bytes); /* zeroed */
__attribute__((format(printf, 2, 3))) const char *report_words(
	struct report *report, const char *format, ...);
/* Room for one more in @array, which holds @n of @size bytes; the array may move. */
void *report_grow(struct report *report, void *array, size_t n, size_t size);
#define REPORT_PUSH(report, array, n)                                                              \
	((array) = report_grow(report, array, n, sizeof(*(array))), &(array)[(n)++])

/* --- report_clean.c: untrusted text made fit to be shown anywhere */
/* @text as it may be shown: what is not printable becomes \x1b or \u{202e}; bytes that the log
 * wrote one by one become the UTF-8 that they were. At most some 1000 bytes. */
const char *report_clean(struct report *report, const char *text);

/* --- report_line.c: one line */
enum {
	REPORT_LONGEST_LINE = 1 << 20, /* bytes; the log has 4096, who adds to it may need more */
	REPORT_PROBLEMS_SHOWN = 20,    /* of each log, lest what is no log fills the screen */
};
struct report_why {
	char text[256]; /* may have anything that the line has */
};
/* An event, a new reference; NULL with @why. @whole: a newline ended the line. */
json_t *report_parse_line(const char *line, size_t length, bool whole, struct report_why *why);
bool report_is_blank(const char *line, size_t length);
int64_t report_time_of(const json_t *event); /* -1: it has none */

/* --- report_read.c: files to bytes, bytes to events */
/* Reads all of @file; what cannot be read is a problem of the report. */
void report_read_file(struct report *report, const char *name, FILE *file);
void report_read_bytes(struct report *report, const char *name, const char *bytes, size_t length);
/* All sources to entries and spaces, the oldest first. */
void report_read_events(struct report *report);
__attribute__((format(printf, 4, 5))) void report_problem(
	struct report *report, size_t source, size_t line, const char *format, ...);

/* --- report_json_in.c: fields of an event, tolerant */
/* NULL if it is not there or no text; otherwise clean. */
const char *report_text_field(struct report *report, const json_t *object, const char *key);
int64_t report_number_field(const json_t *object, const char *key, int64_t otherwise);
bool report_flag_field(const json_t *object, const char *key);
bool report_range_of(const json_t *value, struct range *range);
bool report_range_field(const json_t *object, const char *key, struct range *range);

/* --- report_event.c: one event into the report. NULL, or what is wrong with it */
const char *report_take_event(
	struct report *report, size_t source, size_t line, const json_t *event, int64_t time);

/* --- report_rom.c: whether the guest was told */
void report_take_reserve(struct report *report, struct report_process *process, const json_t *event,
	struct report_entry *entry);
void report_take_rom(struct report *report, struct report_process *process, const json_t *event,
	struct report_entry *entry);
void report_take_silence(struct report *report, struct report_process *process, const json_t *event,
	struct report_entry *entry);
/* True if it was told of all @gaps. */
bool report_rom_keeps(const struct report_rom *rom, const struct range *gaps, size_t n_gaps);

/* --- report_space.c: the addresses, event by event */
struct report_space *report_space_of(struct report *report, size_t process, int64_t container);
void report_space_container(struct report *report, struct report_space *space, const json_t *event);
void report_space_map(struct report *report, struct report_space *space, const json_t *event,
	struct range iova, int64_t time);
void report_space_unmap(
	struct report_space *space, struct range iova, uint32_t flags, int64_t time);
void report_space_guard(struct report *report, struct report_space *space, struct range iova,
	bool set, int64_t time);
void report_space_finish(struct report *report, struct report_space *space);
/* "group 1 (0000:00:05.0), msi; the kernel" for those of @holes that @iova touches. */
const char *report_space_owners(
	struct report *report, struct report_space *space, const json_t *event);

/* --- report_cause.c: why a mapping failed, as the log says it */
/* CAUSE_NONE if it does not. */
enum cause report_cause(const json_t *event);
/* NULL if the log does not say, or the range alone says it. */
const char *report_cause_words(struct report *report, const json_t *event);
const char *report_effect_words(const json_t *event);
const char *report_device_words(struct report *report, const json_t *event);
enum severity report_failure(const json_t *event, bool bar);
/* "qemu:  -cpu host,phys-bits=39  (why; cost)", each ready to paste. */
const char **report_changes(struct report *report, const json_t *event, size_t *n);

/* --- report_details.c: what an event says in words of its own */
void report_details(struct report *report, struct report_entry *entry, const json_t *event);

/* --- report_digest.c: all sources to what the renderers draw */
void report_digest(struct report *report);

/* --- report_verdict.c: what came of each process, what to do */
void report_judge(struct report *report, size_t process);

/* --- report_fold.c: repeats folded, processes merged by time */
void report_fold(struct report *report);

/* --- report_words.c: small words */
const char *report_range(struct report *report, struct range range); /* "0x1000-0x1fff" */
const char *report_size(struct report *report, uint64_t bytes);	     /* "12 GiB" */
const char *report_sized(struct report *report, struct range range); /* "0x1000-0x1fff (4 KiB)" */
const char *report_clock(struct report *report, int64_t time);	     /* "20:05:00.543" */
const char *report_day(struct report *report, int64_t time);	     /* "2026-11-22 20:05:00 UTC" */
const char *report_since(struct report *report, int64_t from, int64_t time); /* "+1.642 s" */
const char *report_plural(struct report *report, size_t n, const char *one, const char *many);
const char *report_memory(const struct report_mapping *mapping); /* "guest RAM" */

#endif
