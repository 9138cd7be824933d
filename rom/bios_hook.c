/* SPDX-License-Identifier: GPL-2.0-or-later */
/* INT 15h, EAX E820h: the map that was there, cut at the holes.
 *
 * Stateless: EBX counts the entries of the cut map, and each call walks the old map from its start.
 * It runs on its caller's stack, which may be small, and writes nowhere but there and to the
 * caller's buffer: a ROM's memory is read-only once the firmware has started. DS is the stack's
 * segment, FS the ROM's, GS:DI the buffer. */
#include "bios.h"

enum { CARRY = 1, SMAP = 0x534d4150, ENTRY_SIZE = 20 };

static void put(uint32_t di, const struct piece *piece)
{
	struct e820_entry __seg_gs *entry = (struct e820_entry __seg_gs *)di;

	entry->start = piece->range.first;
	entry->length = piece->range.last - piece->range.first + 1;
	if (piece->reserved)
		entry->type = E820_RESERVED;
}

/* The @n-th piece of the entry in the buffer; what is not RAM is one piece. */
static bool piece_of(uint32_t di, uint32_t n, struct piece *piece)
{
	const struct e820_entry __seg_gs *entry = (const struct e820_entry __seg_gs *)di;
	const struct resident __seg_fs *mine =
		(const struct resident __seg_fs *)(uint32_t)&resident;
	struct range range = {entry->start, entry->start + entry->length - 1};

	return cut_piece(range, mine->holes,
		entry->type == E820_RAM && entry->length ? mine->count : 0, n, piece);
}

void hook_e820(struct frame *frame)
{
	uint32_t di = frame->edi & 0xffff, n = frame->ebx, next = 0;
	struct piece piece;

	frame->flags |= CARRY;
	for (;;) {
		if (!old_e820(&next, di)) {
			frame->eax = (frame->eax & 0xffff0000) | 0x8600;
			return;
		}
		if (piece_of(di, n, &piece))
			break;
		for (uint32_t i = 0;; i++) {
			n--;
			if (!piece_of(di, i, &piece) || piece.last)
				break;
		}
		if (!next)
			return;
	}
	put(di, &piece);
	frame->ebx = piece.last && !next ? 0 : frame->ebx + 1;
	frame->eax = SMAP;
	frame->ecx = ENTRY_SIZE;
	frame->flags &= (uint16_t)~CARRY;
}
