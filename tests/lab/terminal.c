/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A terminal with a shell's job control, and a program in it: what Ctrl-C and Ctrl-Z do under a
 * supervisor. */
/*
 * usage: terminal COMMAND…      COMMAND starts "terminal program [GROUP]", and is given that
 *        terminal program [GROUP]
 *
 * GROUP is its file in /dev/vfio: the program then also maps across a hole.
 * Prints all that appears in the terminal, and "ok: …" or "not ok: …".
 */
#include "area.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, STATUS = 5 };

/* --- the program --------------------------------------------------------- */

static void put(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(2);
}

static void on_signal(int sig)
{
	put(sig == SIGINT ? "interrupted\n" : "continued\n");
}

static int be_program(const char *group)
{
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	char line[64];
	int container;
	struct area area;

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGCONT, &act, NULL);
	put("ready\n");
	if (!fgets(line, sizeof(line), stdin))
		return 2;
	if (group) {
		open_group(group, &container);
		area_init(&area, container, 0);
		if (area_map(&area, by_libc) || area_whole(&area) || area_unmap(&area, by_libc))
			return 3;
	}
	printf("read %s", line);
	return STATUS;
}

/* --- the shell ----------------------------------------------------------- */

/* A job in the foreground; when it stops, it is continued after a while. */
static int be_shell(char **command)
{
	const struct timespec while_stopped = {0, 300000000};
	pid_t job = fork();
	int status = 0;

	if (!job) {
		setpgid(0, 0);
		execvp(command[0], command);
		_exit(127);
	}
	setpgid(job, job);
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(STDIN_FILENO, job);
	while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
		printf("stopped by %d\n", WSTOPSIG(status));
		fflush(stdout);
		nanosleep(&while_stopped, NULL);
		kill(-job, SIGCONT);
	}
	tcsetpgrp(STDIN_FILENO, getpgrp());
	printf("ended %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status));
	return 0;
}

/* --- the terminal -------------------------------------------------------- */

static char shown[16384];
static size_t n_shown, n_expected;

/* Until @text has appeared, behind what was expected before. */
static void expect(int terminal, const char *text)
{
	struct pollfd readable = {.fd = terminal, .events = POLLIN};
	const char *found;

	while (!(found = strstr(shown + n_expected, text))) {
		ssize_t n = -1;

		if (poll(&readable, 1, PATIENCE_MS) == 1)
			n = read(terminal, shown + n_shown, sizeof(shown) - 1 - n_shown);
		if (n <= 0) {
			complain("the terminal never showed \"%s\"", text);
			return;
		}
		n_shown += (size_t)n;
		shown[n_shown] = '\0';
	}
	n_expected = (size_t)(found - shown) + strlen(text);
}

static void type(int terminal, const char *keys)
{
	if (write(terminal, keys, strlen(keys)) != (ssize_t)strlen(keys))
		complain("cannot type: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	int terminal;
	pid_t shell;
	char ended[16];

	if (argc < 2) {
		fputs("usage: terminal COMMAND...\n", stderr);
		return 2;
	}
	if (!strcmp(argv[1], "program"))
		return be_program(argv[2]);
	shell = forkpty(&terminal, NULL, NULL, NULL);
	if (shell < 0)
		return 2;
	if (!shell)
		_exit(be_shell(argv + 1));
	expect(terminal, "ready");
	type(terminal, "\003");
	expect(terminal, "interrupted");
	type(terminal, "\032");
	expect(terminal, "stopped by 20");
	expect(terminal, "continued");
	type(terminal, "a line\n");
	expect(terminal, "read a line");
	snprintf(ended, sizeof(ended), "ended %d", STATUS);
	expect(terminal, ended);
	printf("%s\n", shown);
	printf("%s: Ctrl-C, Ctrl-Z, a line, status %d\n", complaints() ? "not ok" : "ok", STATUS);
	return complaints() ? 1 : 0;
}
