/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All sources to what the renderers draw. */
#include "report.h"

void report_digest(struct report *report)
{
	report_read_events(report);
	for (size_t i = 0; i < report->n_spaces; i++)
		report_space_finish(report, &report->spaces[i]);
	for (size_t i = 0; i < report->n_processes; i++)
		report_judge(report, i);
	report_fold(report);
}
