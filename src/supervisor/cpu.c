/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the supervisor runs: beside the thread that it works with. */
#include "cpu.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fields of /proc/TID/stat behind the command's name, of which the CPU is one (proc(5): 39 and 3).
 */
enum { FIELDS_TO_CPU = 39 - 3 };

static int cpu_of(pid_t tid)
{
	char path[32], line[512];
	const char *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	line[n > 0 ? n : 0] = 0;
	at = strrchr(line, ')'); /* the name may have anything in it */
	at = at && at[1] ? at + 1 : NULL;
	for (int i = 0; at && i < FIELDS_TO_CPU; i++)
		at = strchr(at + 1, ' ');
	return at ? atoi(at + 1) : -1;
}

/* Where there is one CPU, we are there already. */
static bool has_choice(const struct cpu *cpu)
{
	return CPU_COUNT(&cpu->all) > 1;
}

void cpu_follow(const struct cpu *cpu, pid_t tid)
{
	cpu_set_t there;
	int number;

	if (!has_choice(cpu))
		return;
	number = cpu->woken_beside ? sched_getcpu() : cpu_of(tid);
	if (number < 0 || number >= CPU_SETSIZE)
		return;
	CPU_ZERO(&there);
	CPU_SET(number, &there);
	(void)sched_setaffinity(0, sizeof(there), &there);
}

void cpu_leave(const struct cpu *cpu)
{
	if (has_choice(cpu))
		(void)sched_setaffinity(0, sizeof(cpu->all), &cpu->all);
}
