/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memslots as lines of text: what was told of them, and what a mapping is held to be. */
#include "memslots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* "slots | mapping | match": slots are VM:SLOT=SIZE@GUEST:VADDR, a mapping is VADDR+SIZE@IOVA. */
static const char *const matches[] = {
	" | 7f0000000000+1000@0 | none",
	"3:0=1000@0:7f0000000000 | 7f0000000000+1000@0 | identity",
	"3:0=1000@0:7f0000000000 | 7f0000000000+1000@1000 | elsewhere",
	"3:0=1000@0:7f0000000000 | 7f0000001000+1000@1000 | none",
	"3:0=1000@0:7f0000001000 | 7f0000000000+1000@0 | none",
	/* a mapping of part of a slot, and of more than one */
	"3:0=10000@100000000:7f0000000000 | 7f0000002000+1000@100002000 | identity",
	"3:0=10000@100000000:7f0000000000 | 7f0000002000+1000@100003000 | elsewhere",
	"3:0=1000@2000:7f0000002000 | 7f0000000000+10000@0 | identity",
	"3:0=1000@2000:7f0000002000 | 7f0000000000+10000@5000 | elsewhere",
	/* the same memory twice in the guest: one identity is enough, in either order */
	"3:0=1000@a0000:7f0000000000 3:1=1000@0:7f0000000000 | 7f0000000000+1000@0 | identity",
	"3:0=1000@0:7f0000000000 3:1=1000@a0000:7f0000000000 | 7f0000000000+1000@0 | identity",
	/* a slot changes, is deleted, or is another VM's */
	"3:0=1000@0:7f0000000000 3:0=1000@5000:7f0000000000 | 7f0000000000+1000@0 | elsewhere",
	"3:0=1000@0:7f0000000000 3:0=0@0:0 | 7f0000000000+1000@0 | none",
	"3:0=1000@0:7f0000000000 4:0=0@0:0 | 7f0000000000+1000@0 | identity",
	"3:0=1000@0:7f0000000000 3:1=0@0:0 | 7f0000000000+1000@0 | identity",
	"3:0=1000@0:7f0000000000 3:10000=1000@9000:7f0000000000 3:0=0@0:0 | "
	"7f0000000000+1000@0 | elsewhere",
	"3:0=1000@0:7f0000000000 3:1=1000@1000:7f0000001000 3:0=0@0:0 | "
	"7f0000001000+1000@1000 | identity",
	/* iova below vaddr and above, modulo 2^64 */
	"3:0=1000@fffffffffffff000:1000 | 1000+1000@fffffffffffff000 | identity",
	"3:0=2000@0:fffffffffffff000 | fffffffffffff000+1000@0 | none",
};

static void set_slots(struct memslots *memslots, const char *text)
{
	unsigned long long size, guest, vaddr;
	unsigned int slot;
	int vm, used;

	while (sscanf(text, " %d:%x=%llx@%llx:%llx%n", &vm, &slot, &size, &guest, &vaddr, &used) ==
		5) {
		memslots_set(memslots, vm, slot, guest, size, vaddr);
		text += used;
	}
}

static void test_matches(void **state)
{
	static const char *const words[] = {"none", "identity", "elsewhere"};

	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(*matches); i++) {
		struct memslots memslots = {.lock = LOCK_INITIALIZER};
		unsigned long long vaddr, size, iova;
		enum memslot_match match;
		char expected[16];

		set_slots(&memslots, matches[i]);
		assert_int_equal(sscanf(strchr(matches[i], '|'), "| %llx+%llx@%llx | %15s", &vaddr,
					 &size, &iova, expected),
			4);
		match = memslots_match(&memslots, (struct range){vaddr, vaddr + size - 1}, iova);
		if (strcmp(words[match], expected))
			fail_msg("%s\n  got %s", matches[i], words[match]);
	}
}

/* More than fit in the first page. */
static void test_many(void **state)
{
	struct memslots memslots = {.lock = LOCK_INITIALIZER};
	const uint64_t base = 0x7f0000000000, size = 0x1000;

	(void)state;
	assert_false(memslots_any(&memslots));
	for (uint32_t i = 0; i < 1000; i++)
		memslots_set(&memslots, 3, i, i * size, size, base + i * size);
	assert_true(memslots_any(&memslots));
	assert_int_equal(memslots.n, 1000);
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t first = base + i * size;

		assert_int_equal(memslots_match(&memslots, (struct range){first, first}, i * size),
			MEMSLOT_IDENTITY);
	}
	for (uint32_t i = 0; i < 1000; i++)
		memslots_set(&memslots, 3, i, 0, 0, 0);
	assert_false(memslots_any(&memslots));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
