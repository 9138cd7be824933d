/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays that grow: items of any size, contents kept, nothing lost when memory runs out. */
#include "mem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void test_alloc(void **state)
{
	static const size_t sizes[] = {1, 4095, 4096, 4097, 1 << 20};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		unsigned char *memory = mem_alloc(sizes[i]);

		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % 4096, 0);
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(memory[j], 0);
		memory[sizes[i] - 1] = 1;
		mem_free(memory, sizes[i]);
	}
	mem_free(NULL, 4096);
	assert_null(mem_alloc(SIZE_MAX / 2));
}

/* An item's bytes all say which one it is. */
static void grow(size_t item)
{
	unsigned char *array = NULL;
	size_t capacity = 0;

	for (size_t n = 1; n <= 70; n++) {
		size_t before = capacity;

		assert_int_equal(mem_reserve(&array, &capacity, item, n), 0);
		assert_true(capacity >= n);
		assert_true(capacity == before || capacity >= 2 * before);
		memset(array + (n - 1) * item, (int)n, item);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(array[i * item], i + 1);
			assert_int_equal(array[(i + 1) * item - 1], i + 1);
		}
	}
	mem_release(&array, &capacity, item);
	assert_null(array);
	assert_int_equal(capacity, 0);
}

/* A group of host_facts.h is larger than a page; room for none of them once stayed none. */
static void test_grows(void **state)
{
	static const size_t items[] = {1, 8, 56, 2048, 4095, 4096, 4097, 5000, 20000};

	(void)state;
	for (size_t i = 0; i < sizeof(items) / sizeof(*items); i++)
		grow(items[i]);
}

static void test_keeps_what_is_enough(void **state)
{
	char *array = NULL, *before;
	size_t capacity = 0;

	(void)state;
	assert_int_equal(mem_reserve(&array, &capacity, 8, 0), 0);
	assert_null(array);
	assert_int_equal(mem_reserve(&array, &capacity, 8, 100), 0);
	before = array;
	assert_int_equal(mem_reserve(&array, &capacity, 8, capacity), 0);
	assert_ptr_equal(array, before);
	mem_release(&array, &capacity, 8);
	mem_release(&array, &capacity, 8);
}

static void test_no_memory(void **state)
{
	char *array = NULL, *before;
	size_t capacity = 0, room;

	(void)state;
	assert_int_equal(mem_reserve(&array, &capacity, 1, 1), 0);
	before = array;
	room = capacity;
	array[0] = 42;
	assert_int_equal(mem_reserve(&array, &capacity, 1, (size_t)1 << 50), -ENOMEM);
	assert_ptr_equal(array, before);
	assert_int_equal(capacity, room);
	assert_int_equal(array[0], 42);
	mem_release(&array, &capacity, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_keeps_what_is_enough),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
