/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of `iovashim run` itself, in the log of the VMM. */
#include "run_log.h"
#include "describe.h"
#include "outlet.h"

#include <time.h>
#include <unistd.h>

enum { LINE = 4096 };

void run_log(const char *path, int pid, const char *name, const char *fields)
{
	char bytes[LINE];
	struct text text = text_start(bytes, sizeof(bytes));
	struct describe_stamp stamp = {.pid = pid};
	struct outlet log;
	struct timespec now;

	if (!path || outlet_open(&log, path))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	stamp.seconds = now.tv_sec;
	stamp.micros = now.tv_nsec / 1000;
	describe_json_begin(&text, &stamp, name);
	text_add(&text, "%s}\n", fields);
	outlet_write(&log, text.bytes, text.length);
	close(log.fd);
}
