/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proof that memory holds nothing: every page of it is absent or all zero. */
#ifndef IOVASHIM_PAGE_PROOF_H
#define IOVASHIM_PAGE_PROOF_H

#include "vma.h"

/* What a proof works with; open and close around any number of proofs. */
struct page_proof {
	int memory;  /* /proc/PID/mem: reads what is PROT_NONE too, and never faults */
	int pagemap; /* /proc/PID/pagemap */
	char *buffer;
	uint64_t page; /* bytes */
	const struct address_space *space;
};

/* Returns 0 or -errno. */
int page_proof_open(struct page_proof *proof, const struct address_space *space);
void page_proof_close(struct page_proof *proof);

/* Returns 0 if nothing in @vma (its addresses, whole pages) is in use, -EBUSY if something is,
 * another -errno if it cannot be told. Absent pages of private memory stay absent; those of a file
 * that nobody has open here may become resident zero pages. */
int page_proof_unused(const struct page_proof *proof, const struct vma *vma);

/* Returns the resident pages of @vma, known to be zero, to the host. Returns the bytes. */
uint64_t page_proof_give_back(const struct page_proof *proof, const struct vma *vma);

#endif
