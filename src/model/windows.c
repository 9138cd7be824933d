// SPDX-License-Identifier: GPL-2.0-or-later
/* Arithmetic on a container's valid IOVA ranges. */
#include "windows.h"

bool windows_allow(const struct windows *w, struct model_range r)
{
	for (size_t i = 0; i < w->count; i++)
		if (r.first >= w->range[i].first && r.last <= w->range[i].last)
			return true;
	return !w->count;
}

static void append(struct windows *w, uint64_t first, uint64_t last)
{
	if (w->count < WINDOWS_MAX)
		w->range[w->count++] = (struct model_range){first, last};
}

/*
 * The kernel drops a window that the new end leaves one address of (its comparisons with the
 * node's other end are strict); pages being larger than that, it never shows.
 */
void windows_resize(struct windows *w, struct model_range aperture)
{
	struct windows old = *w;

	w->count = 0;
	if (!old.count)
		append(w, aperture.first, aperture.last);
	for (size_t i = 0; i < old.count; i++) {
		struct model_range r = old.range[i];

		if (r.last <= aperture.first || r.first >= aperture.last)
			continue;
		append(w, r.first > aperture.first ? r.first : aperture.first,
			r.last < aperture.last ? r.last : aperture.last);
	}
}

void windows_expand(struct windows *w, struct model_range aperture)
{
	if (!w->count)
		return;
	w->range[0].first = aperture.first;
	w->range[w->count - 1].last = aperture.last;
}

void windows_exclude(struct windows *w, const struct model_region *region)
{
	struct model_range hole = region->range;
	struct windows old = *w;

	if (region->type == MODEL_DIRECT_RELAXABLE)
		return;
	w->count = 0;
	for (size_t i = 0; i < old.count; i++) {
		struct model_range r = old.range[i];

		if (hole.first > r.last || hole.last < r.first) {
			append(w, r.first, r.last);
			continue;
		}
		if (hole.first > r.first)
			append(w, r.first, hole.first - 1);
		if (hole.last < r.last)
			append(w, hole.last + 1, r.last);
	}
}
