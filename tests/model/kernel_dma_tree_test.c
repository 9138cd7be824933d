// SPDX-License-Identifier: GPL-2.0-or-later
/* The tree of mappings against a plain array, over random insertions and removals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dma_tree.h"

#define SLOTS 512

/* Black height, or -1 where a red node has a red child or a link is wrong. */
static int check_node(const struct dma *n)
{
	int left, right;

	if (!n)
		return 0;
	if ((n->left && n->left->parent != n) || (n->right && n->right->parent != n))
		return -1;
	if (n->red && ((n->left && n->left->red) || (n->right && n->right->red)))
		return -1;
	left = check_node(n->left);
	right = check_node(n->right);
	if (left < 0 || left != right)
		return -1;
	return left + !n->red;
}

static void assert_same(const struct dma_tree *tree, const bool *used)
{
	const struct dma *n = dma_tree_first(tree);
	size_t count = 0;

	for (uint64_t i = 0; i < SLOTS; i++) {
		if (!used[i])
			continue;
		assert_non_null(n);
		assert_int_equal(n->iova, i * 0x1000);
		n = dma_tree_next(n);
		count++;
	}
	assert_null(n);
	assert_int_equal(count, tree->count);
}

static void test_random(void **state)
{
	static struct dma dma[SLOTS];
	static bool used[SLOTS];
	struct dma_tree tree = {0};

	(void)state;
	srand(1);
	for (int step = 0; step < 20000; step++) {
		size_t i = (size_t)rand() % SLOTS;

		if (used[i]) {
			dma_tree_erase(&tree, &dma[i]);
		} else {
			dma[i].iova = i * 0x1000;
			dma[i].size = 0x1000;
			dma_tree_insert(&tree, &dma[i]);
		}
		used[i] = !used[i];
		assert_true(check_node(tree.root) >= 0);
		if (step % 100 == 0)
			assert_same(&tree, used);
		assert_ptr_equal(dma_tree_find(&tree, i * 0x1000, 1), used[i] ? &dma[i] : NULL);
	}
	assert_same(&tree, used);
}

static void test_find(void **state)
{
	struct dma a = {.iova = 0x2000, .size = 0x2000}, b = {.iova = 0x6000, .size = 0x1000};
	struct dma_tree tree = {0};

	(void)state;
	for (int inclusive = 0; inclusive < 2; inclusive++) {
		tree = (struct dma_tree){.inclusive = inclusive};
		dma_tree_insert(&tree, &a);
		dma_tree_insert(&tree, &b);
		assert_null(dma_tree_find(&tree, 0, 0x2000));
		assert_ptr_equal(dma_tree_find(&tree, 0, 0x2001), &a);
		assert_ptr_equal(dma_tree_find(&tree, 0x3fff, 1), &a);
		assert_ptr_equal(dma_tree_find(&tree, 0x3fff, 0), &a);
		assert_null(dma_tree_find(&tree, 0x4000, 0x2000));
		assert_ptr_equal(dma_tree_first_from(&tree, 0x4000, 0x3000), &b);
		assert_null(dma_tree_first_from(&tree, 0x4000, 0x2000));
		assert_ptr_equal(dma_tree_first_from(&tree, 0x4000, 0), &b);
		assert_null(dma_tree_first_from(&tree, 0x7000, 0));
	}
}

/* What ends at 2^64 was out of the kernel's sight until 6.18. */
static void test_top(void **state)
{
	struct dma top = {.iova = -(uint64_t)0x1000, .size = 0x1000};

	(void)state;
	for (int inclusive = 0; inclusive < 2; inclusive++) {
		struct dma_tree tree = {.inclusive = inclusive};
		struct dma *want = inclusive ? &top : NULL;

		dma_tree_insert(&tree, &top);
		assert_ptr_equal(dma_tree_find(&tree, top.iova, 0x1000), want);
		assert_ptr_equal(dma_tree_first_from(&tree, 0, UINT64_MAX), want);
		assert_ptr_equal(dma_tree_first_from(&tree, top.iova, 0x1000), want);
		assert_ptr_equal(dma_tree_first(&tree), &top);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
