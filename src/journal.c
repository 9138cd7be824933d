/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The audience of the engine: people on stderr, machines in the log. */
#include "journal.h"
#include "advice.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Bytes of a message for people. No thread need have more than 16 KiB of stack, and a message has
 * to get by with what the VMM has left of that: what is needed one after the other is not to be
 * there at the same time, in functions that are not put into each other. */
enum { MESSAGE = 2048 };
#define NOT_INLINE __attribute__((noinline))

static struct describe_stamp stamp_now(const struct journal *journal)
{
	struct describe_stamp stamp = {.pid = journal->pid};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	stamp.seconds = now.tv_sec;
	stamp.micros = now.tv_nsec / 1000;
	return stamp;
}

static NOT_INLINE void say(const struct outlet *people, const char *message)
{
	char bytes[MESSAGE + 16];
	struct text text = text_start(bytes, sizeof(bytes));

	text_add(&text, "iovashim: %s", message);
	if (!text_fits(&text, 1))
		text.length--;
	text_add(&text, "\n");
	outlet_write(people, text.bytes, text.length);
}

static void say_advice(void *context, const char *line)
{
	struct journal *journal = context;

	say(&journal->people, line);
}

/* A JSON object is written in the journal's own buffer, which the lock is taken for; end_line()
 * drops it. */
static struct text begin_line(struct journal *journal, struct lock_hold *hold)
{
	lock_take(&journal->lock, hold);
	return text_start(journal->line, sizeof(journal->line));
}

static void end_line(struct journal *journal, struct text *text, struct lock_hold *hold)
{
	bool lost = false;

	text_add(text, "\n");
	if (journal->log.fd >= 0 && !journal->log_lost)
		lost = !outlet_write(&journal->log, text->bytes, text->length);
	journal->log_lost |= lost;
	lock_drop(&journal->lock, hold);
	if (lost)
		say(&journal->people, "the log's descriptor is gone (closed or replaced by the "
				      "VMM, or the disk is full): nothing more is logged");
}

void journal_start(struct journal *journal, int pid)
{
	struct describe_stamp stamp;
	struct lock_hold hold;
	struct text text;

	journal->pid = journal->owner = pid;
	journal->lock = (struct lock)LOCK_INITIALIZER;
	stamp = stamp_now(journal);
	text = begin_line(journal, &hold);
	describe_json_start(&text, &stamp, &journal->host);
	end_line(journal, &text, &hold);
}

/* Adds @gap to the sorted list, merged with what it touches. */
static void add_gap(struct journal *journal, struct range gap)
{
	size_t at = 0, end;

	while (at < journal->n_gaps && gap.first && journal->gaps[at].last < gap.first - 1)
		at++;
	for (end = at; end < journal->n_gaps; end++) {
		const struct range *old = &journal->gaps[end];

		if (gap.last != UINT64_MAX && old->first > gap.last + 1)
			break;
		gap.first = old->first < gap.first ? old->first : gap.first;
		gap.last = old->last > gap.last ? old->last : gap.last;
	}
	if (end == at && journal->n_gaps == JOURNAL_GAPS) {
		journal->gaps_cut = true;
		return;
	}
	memmove(&journal->gaps[at + 1], &journal->gaps[end], (journal->n_gaps - end) * sizeof(gap));
	journal->gaps[at] = gap;
	journal->n_gaps = journal->n_gaps + 1 - (end - at);
}

static void add_gaps(struct journal *journal, const struct event *event)
{
	struct dma_split walk = dma_split_start(event->holes, event->iova);
	struct dma_part part;

	while (dma_split_next(&walk, &part)) {
		if (part.gap)
			add_gap(journal, part.iova);
		else
			journal->pieces++;
	}
	if (!event->guarded)
		journal->unguarded = true;
}

static void note_crossing(struct journal *journal, const struct event *event)
{
	const struct range *hole = hole_set_find(event->holes, event->iova.first);

	/* What failed was told at once what to change. */
	if (!hole || event->memory != MEMORY_RAM || event->result < 0)
		return;
	if (journal->ram.last && range_size(event->iova) <= range_size(journal->ram))
		return;
	journal->ram = event->iova;
	journal->hole = *hole;
	journal->cause = event->why ? event->why->cause : CAUSE_RESERVED;
}

/* FNV-1a over what makes two interventions the same to a reader. */
static uint64_t signature(const struct event *event)
{
	uint64_t parts[] = {(uint64_t)event->verdict, (uint64_t)event->refusal, event->iova.first,
		event->iova.last, (uint64_t)(int64_t)event->result,
		(uint64_t)(uintptr_t)event->what};
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < 8 * sizeof(parts) / sizeof(parts[0]); i++)
		hash = (hash ^ (parts[i / 8] >> i % 8 * 8 & 0xff)) * 0x100000001b3;
	return hash;
}

/* True the first time, and for no more than a screenful of different ones. */
static bool is_news(struct journal *journal, const struct event *event)
{
	uint64_t mark = signature(event);

	for (size_t i = 0; i < journal->n_seen; i++)
		if (journal->seen[i] == mark)
			return false;
	if (journal->n_seen == JOURNAL_SEEN ||
		(event->verdict == VERDICT_PASS && journal->n_seen_passed == JOURNAL_SEEN_PASSED))
		return false;
	journal->n_seen_passed += event->verdict == VERDICT_PASS;
	journal->seen[journal->n_seen++] = mark;
	return true;
}

static void count(struct journal *journal, const struct event *event)
{
	if (event->verdict == VERDICT_PASS) {
		journal->failures++;
		return;
	}
	note_crossing(journal, event);
	if (event->result < 0 && event->verdict != VERDICT_OBSERVE)
		journal->refusals++;
	else if (event->verdict == VERDICT_OBSERVE)
		journal->observed++;
	else if (event->verdict == VERDICT_SKIP)
		journal->skips++;
	else
		journal->splits++;
	if (!event->result && event->memory == MEMORY_RAM && event->verdict != VERDICT_OBSERVE)
		add_gaps(journal, event);
}

static struct advice advice_of(const struct journal *journal)
{
	return (struct advice){.gaps = journal->gaps,
		.n_gaps = journal->n_gaps,
		.ram = journal->ram,
		.hole = journal->hole,
		.vmm = journal->host.vmm,
		.args = journal->host.args.length ? &journal->host.args : NULL,
		.version = journal->host.version,
		.cause = journal->cause};
}

/* The guest's firmware tells it of all that this mapping leaves out. */
static bool is_told(const struct journal *journal, const struct event *event)
{
	struct dma_split walk = dma_split_start(event->holes, event->iova);
	struct dma_part part;

	while (dma_split_next(&walk, &part))
		if (part.gap && !told_has(&journal->told, part.iova))
			return false;
	return true;
}

static bool all_told(const struct journal *journal)
{
	for (size_t i = 0; i < journal->n_gaps; i++)
		if (!told_has(&journal->told, journal->gaps[i]))
			return false;
	return journal->n_gaps && !journal->gaps_cut;
}

static void put_in_words(struct journal *journal, const struct event *event, struct text *text)
{
	struct advice advice = advice_of(journal);

	advice.ram = event->iova; /* not the largest so far: one can be a DIMM, the other not */
	describe_map(text, event, journal->host.vmm);
	if (event->verdict == VERDICT_SPLIT && !event->result && event->memory == MEMORY_RAM) {
		text_add(text, "; ");
		if (is_told(journal, event))
			text_add(
				text, "the guest's firmware is given a ROM to tell it (--reserve)");
		else
			advice_short(text, &advice);
	}
}

/* False if it was told before. */
static NOT_INLINE bool tell_map(struct journal *journal, const struct event *event)
{
	char bytes[MESSAGE];
	struct text text = text_start(bytes, sizeof(bytes));
	struct lock_hold hold;
	bool news;

	lock_take(&journal->lock, &hold);
	count(journal, event);
	news = is_news(journal, event);
	if (news)
		put_in_words(journal, event, &text);
	else
		journal->folded++;
	lock_drop(&journal->lock, &hold);
	if (news)
		say(&journal->people, text.bytes);
	return news;
}

static NOT_INLINE void tell_changes(struct journal *journal, const struct event *event)
{
	struct advice advice = describe_advice(event, &journal->host);

	advice_give_changes(&advice, say_advice, journal);
}

static NOT_INLINE void tell_fault(struct journal *journal, const struct event *event)
{
	char bytes[MESSAGE / 2];
	struct text text = text_start(bytes, sizeof(bytes));
	struct lock_hold hold;
	bool news;

	lock_take(&journal->lock, &hold);
	news = is_news(journal, event);
	journal->folded += !news;
	lock_drop(&journal->lock, &hold);
	if (!news)
		return;
	text_add(&text, "%s (", event->what);
	text_add_errno(&text, -event->result);
	text_add(&text, ")");
	say(&journal->people, text.bytes);
}

static NOT_INLINE void log_event(struct journal *journal, const struct event *event)
{
	struct describe_stamp stamp = stamp_now(journal);
	struct lock_hold hold;
	struct text text = begin_line(journal, &hold);

	describe_json(&text, &stamp, event, &journal->host);
	end_line(journal, &text, &hold);
}

void journal_event(void *context, const struct event *event)
{
	struct journal *journal = context;

	/* To put it in words takes longer than to split. */
	if (journal->log.fd >= 0 && !journal->log_lost)
		log_event(journal, event);
	if (event->kind == EVENT_FAULT)
		tell_fault(journal, event);
	if (event->kind == EVENT_MAP && tell_map(journal, event) && event->result && event->why)
		tell_changes(journal, event);
}

void journal_fatal(const struct outlet *people, const char *message)
{
	say(people, message);
}

static NOT_INLINE void log_json(struct journal *journal, const char *event, const char *fields)
{
	struct describe_stamp stamp = stamp_now(journal);
	struct lock_hold hold;
	struct text text = begin_line(journal, &hold);

	describe_json_begin(&text, &stamp, event);
	text_add(&text, "%s}", fields);
	end_line(journal, &text, &hold);
}

void journal_guest_stopped(struct journal *journal)
{
	char bytes[MESSAGE];
	struct text text = text_start(bytes, sizeof(bytes));
	struct advice advice = advice_of(journal);

	if (!journal->n_gaps || journal->unguarded || atomic_exchange(&journal->guest_told, true))
		return;
	log_json(journal, "guard-hit", ",\"by\":\"guest\"");
	text_add(&text, "the guest was stopped by the guard (KVM_RUN: EFAULT): it used memory that "
			"devices cannot reach. Nothing is corrupted; ");
	advice_short(&text, &advice);
	say(&journal->people, text.bytes);
}

void journal_vmm_stopped(struct journal *journal, uint64_t address)
{
	struct advice advice = advice_of(journal);
	char bytes[MESSAGE];
	struct text text = text_start(bytes, sizeof(bytes));

	text_add(&text, ",\"by\":\"vmm\",\"vaddr\":\"0x%" PRIx64 "\"", address);
	log_json(journal, "guard-hit", text.bytes);
	text = text_start(bytes, sizeof(bytes));
	text_add(&text,
		"the VMM is stopped by the guard (SIGSEGV at 0x%" PRIx64 "): it, or an "
		"emulated CPU or device, used guest memory that passed-through devices "
		"cannot reach",
		address);
	if (advice.n_gaps) {
		text_add(&text, "; ");
		advice_short(&text, &advice);
	}
	say(&journal->people, text.bytes);
}

static uint64_t gap_bytes(const struct journal *journal)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < journal->n_gaps; i++)
		bytes += range_size(journal->gaps[i]);
	return bytes;
}

static void log_summary(struct journal *journal)
{
	char bytes[MESSAGE];
	struct text text = text_start(bytes, sizeof(bytes));

	text_add(&text,
		",\"splits\":%" PRIu64 ",\"pieces\":%" PRIu64 ",\"skips\":%" PRIu64
		",\"refusals\":%" PRIu64 ",\"observed\":%" PRIu64 ",\"failures\":%" PRIu64
		",\"folded\":%" PRIu64 ",\"unreachable\":%" PRIu64
		",\"cut\":%s,\"guarded\":%s,\"memmap\":\"",
		journal->splits, journal->pieces, journal->skips, journal->refusals,
		journal->observed, journal->failures, journal->folded, gap_bytes(journal),
		journal->gaps_cut ? "true" : "false", journal->unguarded ? "false" : "true");
	advice_memmap(
		&text, &(struct advice){.gaps = journal->gaps, .n_gaps = journal->n_gaps}, "$");
	text_add(&text, "\"");
	log_json(journal, "summary", text.bytes);
}

static void say_totals(struct journal *journal)
{
	char bytes[MESSAGE / 2];
	struct text text = text_start(bytes, sizeof(bytes));

	text_add(&text,
		"summary: mappings split: %" PRIu64 " (pieces: %" PRIu64 "), skipped: %" PRIu64
		", refused: %" PRIu64 ", passed on over holes: %" PRIu64
		", failed for other reasons: %" PRIu64 ", repeats not shown: %" PRIu64,
		journal->splits, journal->pieces, journal->skips, journal->refusals,
		journal->observed, journal->failures, journal->folded);
	if (journal->n_gaps) {
		text_add(&text, "; ");
		text_add_size(&text, gap_bytes(journal));
		text_add(&text, " of guest RAM out of the devices' reach, %s",
			journal->unguarded ? "NOT all guarded" : "guarded");
	}
	if (journal->gaps_cut)
		text_add(&text, " (and more: the log has them all)");
	say(&journal->people, text.bytes);
}

void journal_end(struct journal *journal)
{
	struct advice advice = advice_of(journal);

	if (journal->pid != journal->owner)
		return; /* a child that inherited the totals */
	log_summary(journal);
	if (!(journal->splits + journal->skips + journal->refusals + journal->observed +
		    journal->failures))
		return;
	say_totals(journal);
	if (journal->ram.last && !all_told(journal))
		advice_give(&advice, say_advice, journal);
}
