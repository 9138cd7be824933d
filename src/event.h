/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine did and why, handed to whoever tells people: the one way out of the engine. */
#ifndef IOVASHIM_EVENT_H
#define IOVASHIM_EVENT_H

#include "diagnosis.h"

enum event_kind {
	EVENT_CONTAINER, /* a container's holes became known or changed */
	EVENT_MAP,	 /* a mapping that touches a hole, or that failed */
	EVENT_UNMAP,	 /* an unmapping that took splits with it */
	EVENT_GUARD,	 /* memory behind a gap was guarded, or the guard lifted */
	EVENT_FAULT,	 /* something of the shim's own failed; the kernel's answer stood */
};

/* Why a mapping was refused. */
enum refusal {
	REFUSED_NOT,
	REFUSED_BY_POLICY,  /* crossing, inside or bar say so */
	REFUSED_TRANSLATED, /* a vIOMMU chose the IOVA: cannot be guarded */
	REFUSED_IN_USE,	    /* the guest already uses the memory behind the hole */
	REFUSED_NO_GUARD,   /* the guard cannot be set there */
	REFUSED_BY_KERNEL,  /* a piece failed */
	REFUSED_OVERLAP,    /* a split mapping is in the way: EEXIST, as the kernel would say */
};

/* Valid during the call alone; points to the engine's own memory. */
struct event {
	enum event_kind kind;
	const struct container *container;
	struct range iova;
	const struct hole_set *holes;

	/* EVENT_MAP */
	uint64_t vaddr;
	uint32_t flags;
	enum memory_kind memory;
	enum verdict verdict;
	enum refusal refusal;
	bool guarded;	     /* VERDICT_SPLIT, VERDICT_SKIP */
	struct range failed; /* REFUSED_BY_KERNEL: the piece; IN_USE, NO_GUARD: the gap */
	int failed_errno;
	const struct diagnosis *why; /* NULL: nobody looked */

	int result; /* EVENT_MAP, EVENT_GUARD, EVENT_FAULT: 0 or -errno, as the VMM sees it */

	/* EVENT_GUARD: iova is the gap, vaddr where it is in the VMM */
	bool set;
	uint64_t given_back; /* bytes of resident zero pages returned to the host */

	/* EVENT_UNMAP */
	uint64_t reported; /* bytes, as the VMM sees it */
	uint64_t kernel_bytes;

	const char *what; /* EVENT_FAULT: one line */
};

#endif
