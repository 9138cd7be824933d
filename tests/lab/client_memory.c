/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's memory: what it may touch, what the kernel says of it; and children to risk. */
#include "client.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

void *memory_of(size_t size, int flags, int fd)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

char *memory(void)
{
	return memory_of(3 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static sigjmp_buf fault_return;

static void on_fault(int sig)
{
	siglongjmp(fault_return, sig);
}

int touch(volatile char *p, bool write)
{
	struct sigaction act = {.sa_handler = on_fault}, old_segv, old_bus;
	int sig;

	sigaction(SIGSEGV, &act, &old_segv);
	sigaction(SIGBUS, &act, &old_bus);
	sig = sigsetjmp(fault_return, 1);
	if (!sig) {
		if (write)
			*p = 1;
		else
			(void)*p;
	}
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	return sig;
}

const char *protection(const void *p)
{
	static char perms[8];
	unsigned long first, end;
	bool found = false;
	FILE *f = fopen("/proc/self/maps", "re");

	if (!f)
		die("/proc/self/maps");
	while (!found && fscanf(f, "%lx-%lx %7s%*[^\n]", &first, &end, perms) == 3)
		found = first <= (uintptr_t)p && (uintptr_t)p < end;
	fclose(f);
	return found ? perms : "";
}

bool is_rw(const void *p)
{
	return !strncmp(protection(p), "rw", 2);
}

long resident(void *p, size_t size)
{
	size_t pages = size / PAGE;
	unsigned char *in = malloc(pages);
	long n = 0;

	if (!in || mincore(p, size, in))
		die("mincore");
	for (size_t i = 0; i < pages; i++)
		n += in[i] & 1;
	free(in);
	return n;
}

int in_child(int (*run)(const void *argument), const void *argument)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		_exit(run(argument));
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}
