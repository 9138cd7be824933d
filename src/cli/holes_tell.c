/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that the table and the policy share: hosts in a line, lists of groups. */
#include "holes.h"
#include "text.h"

void holes_describe_host(const struct holes_host *host, char *text, size_t room)
{
	struct text line = text_start(text, room);

	text_add(&line, "%s%s", host->kernel[0] ? "Linux " : "kernel not known", host->kernel);
	if (host->vendor[0])
		text_add(&line, ", %s", host->vendor);
	if (host->iommu[0])
		text_add(&line, ", %s", host->iommu);
}

void holes_group_list(
	const struct holes_union *holes, size_t from, size_t end, char *text, size_t room)
{
	struct text line = text_start(text, room);

	for (size_t i = from; i < end; i++) {
		unsigned int first = holes->claims[i].group->number, last = first;

		while (i + 1 < end && holes->claims[i + 1].group->number <= last + 1)
			last = holes->claims[++i].group->number;
		/* More do not fit a line that people read. */
		if (!text_fits(&line, 32)) {
			text_add(&line, ",...");
			return;
		}
		text_add(&line, "%s%u", line.length ? "," : "", first);
		if (last > first)
			text_add(&line, "%c%u", last > first + 1 ? '-' : ',', last);
	}
}
