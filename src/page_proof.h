/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proof that memory holds nothing: every page of it is absent or all zero. */
#ifndef IOVASHIM_PAGE_PROOF_H
#define IOVASHIM_PAGE_PROOF_H

#include "vma.h"

/* What proofs work with; what of it is not needed is never had. */
enum { PAGE_PROOF_FEW = 64 };
struct page_proof {
	int memory;  /* /proc/PID/mem: reads what is PROT_NONE too, and never faults; -1: not yet */
	int pagemap; /* /proc/PID/pagemap; -1: not yet */
	char *buffer;  /* NULL: not yet */
	bool resident; /* some page of what was proved is there, or may be */
	uint64_t page; /* bytes */
	const struct address_space *space;
	uint64_t few[PAGE_PROOF_FEW]; /* entries of the page map, where there are no more */
};

/* Around any number of proofs. */
void page_proof_start(struct page_proof *proof, const struct address_space *space);
void page_proof_end(struct page_proof *proof);

/* Returns 0 if nothing in @vma (its addresses, whole pages) is in use, -EBUSY if something is,
 * another -errno if it cannot be told. Absent pages of private memory stay absent; those of a file
 * that nobody has open here may become resident zero pages. */
int page_proof_unused(struct page_proof *proof, const struct vma *vma);

/* Returns the resident pages of @vma, known to be zero, to the host. Returns the bytes. */
uint64_t page_proof_give_back(struct page_proof *proof, const struct vma *vma);

#endif
