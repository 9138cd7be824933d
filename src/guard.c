/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes the VMM's own memory behind a hole away, once it is proved unused. */
#include "guard.h"
#include "mem.h"
#include "page_proof.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static size_t span_from(const struct guard *guard, uint64_t address)
{
	size_t low = 0, high = guard->n_spans;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (guard->spans[middle].addresses.last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int insert_span(struct guard *guard, const struct guard_span *span)
{
	size_t at = span_from(guard, span->addresses.first);
	int err = mem_reserve(&guard->spans, &guard->span_room, sizeof(*span), guard->n_spans + 1);

	if (err)
		return err;
	for (size_t i = guard->n_spans++; i > at; i--)
		guard->spans[i] = guard->spans[i - 1];
	guard->spans[at] = *span;
	return 0;
}

static void remove_span(struct guard *guard, size_t at)
{
	guard->n_spans--;
	for (size_t i = at; i < guard->n_spans; i++)
		guard->spans[i] = guard->spans[i + 1];
}

/* Makes @address begin a span if it lies in one. */
static int cut_span(struct guard *guard, uint64_t address)
{
	size_t i = span_from(guard, address);
	struct guard_span upper;
	int err;

	if (i == guard->n_spans || guard->spans[i].addresses.first >= address)
		return 0;
	upper = guard->spans[i];
	upper.addresses.first = address;
	guard->spans[i].addresses.last = address - 1;
	err = insert_span(guard, &upper);
	if (err) /* as it was */
		guard->spans[i].addresses.last = upper.addresses.last;
	return err;
}

/* So that every span lies inside or outside of @addresses. */
static int cut_spans(struct guard *guard, struct range addresses)
{
	int err = cut_span(guard, addresses.first);

	if (!err && addresses.last != UINT64_MAX)
		err = cut_span(guard, addresses.last + 1);
	return err;
}

/* The mappings, or parts of mappings, that are to be guarded anew. Mostly there is one. */
enum { FRESH_FEW = 4 };
struct fresh {
	struct guard *guard;
	struct range wanted;
	int prot;     /* that it must allow, guards aside */
	bool refused; /* it does not */
	struct vma *vmas;
	size_t n;
	struct vma few[FRESH_FEW], *many;
	size_t room; /* of many */
	int err;
};

static void fresh_start(struct fresh *fresh, struct guard *guard, struct range wanted, int prot)
{
	fresh->guard = guard;
	fresh->wanted = wanted;
	fresh->prot = prot;
	fresh->refused = false;
	fresh->vmas = fresh->few;
	fresh->n = fresh->room = 0;
	fresh->many = NULL;
	fresh->err = 0;
}

static void fresh_end(struct fresh *fresh)
{
	mem_release(&fresh->many, &fresh->room, sizeof(*fresh->many));
}

static int fresh_make_room(struct fresh *fresh)
{
	int err;

	if (fresh->n < FRESH_FEW)
		return 0;
	err = mem_reserve(&fresh->many, &fresh->room, sizeof(*fresh->many), fresh->n + 1);
	if (err)
		return err;
	if (fresh->n == FRESH_FEW)
		memcpy(fresh->many, fresh->few, sizeof(fresh->few));
	fresh->vmas = fresh->many;
	return 0;
}

static void fresh_add(struct fresh *fresh, const struct vma *vma, struct range part)
{
	if (!fresh->err)
		fresh->err = fresh_make_room(fresh);
	if (fresh->err)
		return;
	fresh->vmas[fresh->n] = *vma;
	fresh->vmas[fresh->n].addresses = part;
	fresh->vmas[fresh->n++].offset += part.first - vma->addresses.first;
}

/* A mapping without access may be ours to have closed: then what it was before counts. */
static bool allows(const struct guard *guard, const struct vma *vma, struct range part, int prot)
{
	size_t i = span_from(guard, part.first);
	uint64_t next = part.first;

	if ((vma->prot & prot) == prot)
		return true;
	for (; vma->prot == PROT_NONE && i < guard->n_spans && next <= part.last; i++) {
		const struct guard_span *span = &guard->spans[i];

		if (span->addresses.first > next || (span->prot & prot) != prot)
			break;
		next = span->addresses.last + 1;
	}
	return next > part.last;
}

/* Adds what of one mapping is not guarded yet. A span whose memory can be accessed is one that the
 * VMM has put something else at, without unmapping it for devices first: it is to be guarded anew,
 * whole or in part. */
static void fresh_from_vma(void *context, const struct vma *vma)
{
	struct fresh *fresh = context;
	struct range part = range_common(vma->addresses, fresh->wanted);
	uint64_t next = part.first;
	size_t i;

	fresh->refused |= !allows(fresh->guard, vma, part, fresh->prot);
	if (vma->prot != PROT_NONE && !fresh->err)
		fresh->err = cut_spans(fresh->guard, part);
	for (i = span_from(fresh->guard, part.first);
		i < fresh->guard->n_spans && next <= part.last; i++) {
		const struct range *span = &fresh->guard->spans[i].addresses;

		if (span->first > part.last)
			break;
		if (span->first > next)
			fresh_add(fresh, vma, (struct range){next, span->first - 1});
		if (vma->prot != PROT_NONE)
			fresh_add(fresh, vma, *span);
		next = span->last + 1;
	}
	if (next <= part.last)
		fresh_add(fresh, vma, (struct range){next, part.last});
}

static int prove_all(struct page_proof *proof, const struct fresh *fresh)
{
	int err = 0;

	proof->resident = false;
	for (size_t i = 0; i < fresh->n && !err; i++)
		err = page_proof_unused(proof, &fresh->vmas[i]);
	return err;
}

static int protect(const struct guard *guard, struct range addresses, int prot)
{
	return guard->space->protect(guard->space->context, addresses, prot);
}

/* With a second try, since nobody else would: memory that stays away is the VMM's death. */
static int reopen(const struct guard *guard, struct range addresses, int prot)
{
	return protect(guard, addresses, prot) ? protect(guard, addresses, prot) : 0;
}

static void restore(const struct fresh *fresh, size_t n)
{
	for (size_t i = 0; i < n; i++)
		reopen(fresh->guard, fresh->vmas[i].addresses, fresh->vmas[i].prot);
}

/* Access is taken away between two proofs: what was written before the first is seen there, what
 * slipped in between by the second, and then nothing can be written any more. */
static int prove_and_protect(struct page_proof *proof, const struct fresh *fresh)
{
	int err = prove_all(proof, fresh);
	size_t n = 0;

	while (!err && n < fresh->n)
		err = protect(fresh->guard, fresh->vmas[n++].addresses, PROT_NONE);
	if (!err)
		err = prove_all(proof, fresh);
	if (err)
		restore(fresh, n);
	return err;
}

/* A new span, or what was put at an old one, whose count stays: its mappings are still there. */
static void enter_span(struct guard *guard, const struct vma *vma)
{
	struct guard_span span = {
		.addresses = vma->addresses, .inode = vma->inode, .prot = vma->prot};
	size_t i = span_from(guard, span.addresses.first);

	if (i < guard->n_spans && guard->spans[i].addresses.first == span.addresses.first) {
		span.count = guard->spans[i].count;
		guard->spans[i] = span;
	} else {
		insert_span(guard, &span);
	}
}

static int enter_spans(struct guard *guard, const struct fresh *fresh, struct range addresses)
{
	size_t n = fresh->n, i;

	if (mem_reserve(
		    &guard->spans, &guard->span_room, sizeof(*guard->spans), guard->n_spans + n))
		return -ENOMEM;
	for (i = 0; i < n; i++)
		enter_span(guard, &fresh->vmas[i]);
	for (i = span_from(guard, addresses.first);
		i < guard->n_spans && guard->spans[i].addresses.first <= addresses.last; i++)
		guard->spans[i].count++;
	return 0;
}

static int guard_fresh(
	struct guard *guard, struct fresh *fresh, bool give_back, uint64_t *given_back)
{
	struct page_proof proof;
	int err;

	for (size_t i = 0; i < fresh->n; i++)
		if (fresh->vmas[i].prot == PROT_NONE)
			return -EFAULT;
	page_proof_start(&proof, guard->space);
	err = prove_and_protect(&proof, fresh);
	if (!err) {
		err = enter_spans(guard, fresh, fresh->wanted);
		if (err)
			restore(fresh, fresh->n);
	}
	for (size_t i = 0; !err && give_back && proof.resident && i < fresh->n; i++)
		*given_back += page_proof_give_back(&proof, &fresh->vmas[i]);
	page_proof_end(&proof);
	return err;
}

int guard_set(
	struct guard *guard, struct range addresses, int prot, bool give_back, uint64_t *given_back)
{
	struct fresh fresh;
	struct lock_hold hold;
	int err;

	*given_back = 0;
	fresh_start(&fresh, guard, addresses, prot);
	lock_take(&guard->lock, &hold);
	guard->changing = true;
	err = cut_spans(guard, addresses);
	if (!err)
		err = vma_each(guard->space, addresses, fresh_from_vma, &fresh);
	if (!err)
		err = fresh.refused ? -EFAULT : fresh.err;
	if (!err)
		err = guard_fresh(guard, &fresh, give_back, given_back);
	fresh_end(&fresh);
	guard->changing = false;
	lock_drop(&guard->lock, &hold);
	return err;
}

static void collect(void *context, const struct vma *vma)
{
	struct fresh *found = context;

	fresh_add(found, vma, range_common(vma->addresses, found->wanted));
}

/* Only what is still without access, and still the same file, is ours to open again. */
static int restore_span(struct guard *guard, const struct guard_span *span)
{
	struct fresh found;
	int unread, err = 0;

	fresh_start(&found, guard, span->addresses, 0);
	unread = vma_each(guard->space, span->addresses, collect, &found);
	/* No descriptor left, say. Memory that stays away would be worse than a wrong guess. */
	if ((unread && unread != -EFAULT) || found.err)
		err = reopen(guard, span->addresses, span->prot);
	for (size_t i = 0; i < found.n; i++)
		if (found.vmas[i].prot == PROT_NONE && found.vmas[i].inode == span->inode &&
			reopen(guard, found.vmas[i].addresses, span->prot))
			err = -ENOMEM;
	fresh_end(&found);
	return err;
}

int guard_lift(struct guard *guard, struct range addresses)
{
	struct lock_hold hold;
	size_t i;
	int err;

	lock_take(&guard->lock, &hold);
	guard->changing = true;
	/* Without memory to cut, a span that reaches outside stays guarded: safe, if not nice. */
	err = cut_spans(guard, addresses);
	i = span_from(guard, addresses.first);
	while (i < guard->n_spans && range_contains(addresses, guard->spans[i].addresses)) {
		if (--guard->spans[i].count) {
			i++;
			continue;
		}
		err = restore_span(guard, &guard->spans[i]) ? -ENOMEM : err;
		remove_span(guard, i);
	}
	guard->changing = false;
	lock_drop(&guard->lock, &hold);
	return err;
}

bool guard_covers(struct guard *guard, uint64_t address)
{
	size_t i;

	if (guard->changing)
		return false;
	i = span_from(guard, address);
	return i < guard->n_spans && guard->spans[i].addresses.first <= address;
}
