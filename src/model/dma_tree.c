// SPDX-License-Identifier: GPL-2.0-or-later
/* A red-black tree of mappings, keeping the shape the kernel's rbtree would have. */
#include "dma_tree.h"

static bool is_red(const struct dma *n)
{
	return n && n->red;
}

/* Puts @new where @old hung. */
static void replace(struct dma_tree *tree, const struct dma *old, struct dma *new)
{
	struct dma *parent = old->parent;

	if (!parent)
		tree->root = new;
	else if (parent->left == old)
		parent->left = new;
	else
		parent->right = new;
	if (new)
		new->parent = parent;
}

static void rotate_left(struct dma_tree *tree, struct dma *n)
{
	struct dma *up = n->right;

	n->right = up->left;
	if (up->left)
		up->left->parent = n;
	replace(tree, n, up);
	up->left = n;
	n->parent = up;
}

static void rotate_right(struct dma_tree *tree, struct dma *n)
{
	struct dma *up = n->left;

	n->left = up->right;
	if (up->right)
		up->right->parent = n;
	replace(tree, n, up);
	up->right = n;
	n->parent = up;
}

static void rotate(struct dma_tree *tree, struct dma *n, bool left)
{
	if (left)
		rotate_left(tree, n);
	else
		rotate_right(tree, n);
}

/* Two reds in a row at @n: recolour upwards, or rotate once or twice and be done. */
static void fix_insert(struct dma_tree *tree, struct dma *n)
{
	while (is_red(n->parent)) {
		struct dma *parent = n->parent, *grand = parent->parent;
		bool on_left = parent == grand->left;
		struct dma *uncle = on_left ? grand->right : grand->left;

		if (is_red(uncle)) {
			parent->red = uncle->red = false;
			grand->red = true;
			n = grand;
			continue;
		}
		if (n == (on_left ? parent->right : parent->left)) {
			rotate(tree, parent, on_left);
			parent = n;
		}
		parent->red = false;
		grand->red = true;
		rotate(tree, grand, !on_left);
		break;
	}
	tree->root->red = false;
}

void dma_tree_insert(struct dma_tree *tree, struct dma *dma)
{
	struct dma *parent = NULL, **link = &tree->root;

	while (*link) {
		parent = *link;
		/* The kernel links a mapping at size 0 and grows it, so only iova counts. */
		link = dma->iova <= parent->iova ? &parent->left : &parent->right;
	}
	dma->parent = parent;
	dma->left = dma->right = NULL;
	dma->red = true;
	*link = dma;
	tree->count++;
	fix_insert(tree, dma);
}

/* The side of @parent where @n (maybe NULL) hangs is one black short. */
static void fix_erase(struct dma_tree *tree, struct dma *n, struct dma *parent)
{
	while (n != tree->root && !is_red(n)) {
		bool on_left = parent->left == n;
		struct dma *sibling = on_left ? parent->right : parent->left;
		struct dma *near, *far;

		if (sibling->red) {
			sibling->red = false;
			parent->red = true;
			rotate(tree, parent, on_left);
			sibling = on_left ? parent->right : parent->left;
		}
		near = on_left ? sibling->left : sibling->right;
		far = on_left ? sibling->right : sibling->left;
		if (!is_red(near) && !is_red(far)) {
			sibling->red = true;
			n = parent;
			parent = n->parent;
			continue;
		}
		if (!is_red(far)) {
			near->red = false;
			sibling->red = true;
			rotate(tree, sibling, !on_left);
			far = sibling;
			sibling = near;
		}
		sibling->red = parent->red;
		parent->red = far->red = false;
		rotate(tree, parent, on_left);
		n = tree->root;
	}
	if (n)
		n->red = false;
}

/* @dma has two children: its successor @next takes its place and colour. */
static void swap_in_successor(struct dma_tree *tree, struct dma *dma, struct dma *next)
{
	replace(tree, dma, next);
	next->left = dma->left;
	next->left->parent = next;
	next->red = dma->red;
}

void dma_tree_erase(struct dma_tree *tree, struct dma *dma)
{
	struct dma *next = dma, *child, *parent;
	bool lost_black;

	if (dma->left && dma->right)
		for (next = dma->right; next->left;)
			next = next->left;
	child = next->left ? next->left : next->right;
	parent = next->parent;
	lost_black = !next->red;
	replace(tree, next, child);
	if (next != dma) {
		if (parent == dma)
			parent = next;
		next->right = dma->right;
		if (next->right)
			next->right->parent = next;
		swap_in_successor(tree, dma, next);
	}
	tree->count--;
	if (lost_black)
		fix_erase(tree, child, parent);
}

/* The whole of @size bytes at @start is below @dma. */
static bool below(const struct dma_tree *tree, uint64_t start, uint64_t size, const struct dma *dma)
{
	if (tree->inclusive)
		return start + (size ? size - 1 : 0) < dma->iova;
	return start + size <= dma->iova;
}

static bool above(const struct dma_tree *tree, uint64_t start, const struct dma *dma)
{
	if (tree->inclusive)
		return start > dma->iova + dma->size - 1;
	return start >= dma->iova + dma->size;
}

struct dma *dma_tree_find(const struct dma_tree *tree, uint64_t start, uint64_t size)
{
	struct dma *n = tree->root;

	while (n) {
		if (below(tree, start, size, n))
			n = n->left;
		else if (above(tree, start, n))
			n = n->right;
		else
			return n;
	}
	return NULL;
}

struct dma *dma_tree_first_from(const struct dma_tree *tree, uint64_t start, uint64_t size)
{
	struct dma *n = tree->root, *found = NULL;

	while (n) {
		if (above(tree, start, n)) {
			n = n->right;
			continue;
		}
		found = n;
		if (start >= n->iova)
			break;
		n = n->left;
	}
	if (found && size && below(tree, start, size, found))
		return NULL;
	return found;
}

struct dma *dma_tree_first(const struct dma_tree *tree)
{
	struct dma *n = tree->root;

	while (n && n->left)
		n = n->left;
	return n;
}

struct dma *dma_tree_next(const struct dma *dma)
{
	struct dma *n;

	if (dma->right) {
		for (n = dma->right; n->left;)
			n = n->left;
		return n;
	}
	while (dma->parent && dma == dma->parent->right)
		dma = dma->parent;
	return dma->parent;
}
