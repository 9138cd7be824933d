// SPDX-License-Identifier: GPL-2.0-or-later
/* Starting a VMM so that it cannot outlive, escape or hang its rehearsal. */
#include "cli.h"
#include "plan_confine.h"
#include "plan_run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child's words for what it could not do; -1: to execute the VMM. */
struct trouble {
	int error;
	char what[96];
};

static _Noreturn void give_up(int report, const char *what)
{
	struct trouble trouble = {.error = errno};

	snprintf(trouble.what, sizeof(trouble.what), "%s", what);
	(void)!write(report, &trouble, sizeof(trouble));
	_exit(EXIT_OWN);
}

static void redirect(int report, const char *directory)
{
	char path[4096];
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), words;

	snprintf(path, sizeof(path), "%s/words", directory);
	words = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (null < 0 || words < 0 || dup2(null, 0) < 0 || dup2(words, 1) < 0 || dup2(words, 2) < 0)
		give_up(report, "a file for what the VMM prints");
}

static int as_shell(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Waits for @child and ends as it did; what else it left behind is reaped on the way. */
static _Noreturn void wait_for(pid_t child)
{
	int status;
	pid_t ended;

	do
		ended = waitpid(-1, &status, 0);
	while (ended != child && (ended > 0 || errno == EINTR));
	_exit(ended == child ? as_shell(status) : EXIT_OWN);
}

static void die_with_parent(int report, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		give_up(report, "a signal when plan ends");
	if (parent && getppid() != parent)
		_exit(EXIT_OWN);
}

static _Noreturn void execute(const struct stage *stage, const struct rehearsal *what,
	char **environment, int monitor, int report)
{
	const struct rlimit no_core = {0, 0};
	const char *missing = stage->confined ? confine_calls() : NULL;

	die_with_parent(report, 0);
	if (missing)
		give_up(report, missing);
	setrlimit(RLIMIT_CORE, &no_core);
	/* The report closes when the VMM begins; the monitor is to stay open, at its number. */
	if (report == QMP_FD)
		report = fcntl(report, F_DUPFD_CLOEXEC, QMP_FD + 1);
	if (monitor >= 0 &&
		(monitor == QMP_FD ? fcntl(monitor, F_SETFD, 0) : dup2(monitor, QMP_FD)) < 0)
		give_up(report, "a connection to the VMM's monitor");
	execvpe(what->args->at[0], what->args->at, environment);
	give_up(report, "");
}

/* The child: confined, and in a process tree of its own. */
static _Noreturn void child(const struct stage *stage, const struct rehearsal *what,
	char **environment, int monitor, int report, pid_t parent)
{
	const char *missing;
	pid_t first, vmm;

	setsid();
	redirect(report, stage->directory);
	missing = stage->confined ? confine(stage->directory, stage->kvm) : NULL;
	if (missing)
		give_up(report, missing);
	die_with_parent(report, parent);
	first = fork();
	if (first) {
		close(report);
		if (monitor >= 0)
			close(monitor);
		wait_for(first);
	}
	/* The first process of a tree takes the others with it, and ignores signals it has no
	 * handler for: a VMM that aborts could not. So the VMM is the second. */
	die_with_parent(report, 0);
	vmm = fork();
	if (!vmm)
		execute(stage, what, environment, monitor, report);
	close(report);
	if (monitor >= 0)
		close(monitor);
	wait_for(vmm);
}

static int started(const struct stage *stage, int report, const char *vmm)
{
	struct trouble trouble;

	if (read(report, &trouble, sizeof(trouble)) != (ssize_t)sizeof(trouble))
		return 0;
	if (*trouble.what)
		return cli_fail("cannot confine the VMM for want of %s: %s; where namespaces are "
				"forbidden, "
				"run as root%s",
			trouble.what, strerror(trouble.error), stage->otherwise);
	cli_complain("cannot execute %s: %s", vmm, strerror(trouble.error));
	return trouble.error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC;
}

int process_start(const struct stage *stage, const struct rehearsal *what, char **environment,
	struct process *process)
{
	int report[2], monitor[2] = {-1, -1}, status;
	pid_t self = getpid();

	if (pipe2(report, O_CLOEXEC))
		return cli_fail("cannot make a pipe: %s", strerror(errno));
	if (stage->monitor && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor))
		return cli_fail("cannot make a socket: %s", strerror(errno));
	process->pid = fork();
	if (process->pid < 0)
		return cli_fail("cannot fork: %s", strerror(errno));
	if (!process->pid)
		child(stage, what, environment, monitor[1], report[1], self);
	close(report[1]);
	if (stage->monitor)
		close(monitor[1]);
	process->monitor = monitor[0];
	status = started(stage, report[0], what->args->at[0]);
	close(report[0]);
	if (status)
		process_kill(process);
	return status;
}

bool process_ended(struct process *process, int *status)
{
	int raw;

	if (process->pid <= 0)
		return true;
	if (waitpid(process->pid, &raw, WNOHANG) <= 0)
		return false;
	*status = as_shell(raw);
	process->pid = 0;
	return true;
}

void process_kill(struct process *process)
{
	if (process->pid > 0) {
		kill(-process->pid, SIGKILL);
		kill(process->pid, SIGKILL);
		while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
			;
		process->pid = 0;
	}
	if (process->monitor >= 0)
		close(process->monitor);
	process->monitor = -1;
}

static pid_t only_child(pid_t of)
{
	char path[64];
	FILE *file;
	int pid = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", of, of);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%d", &pid) != 1)
		pid = 0;
	fclose(file);
	return pid;
}

uint64_t process_resident(const struct process *process)
{
	pid_t first = process->pid > 0 ? only_child(process->pid) : 0;
	pid_t vmm = first ? only_child(first) : 0;
	uint64_t all, pages = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", vmm);
	file = vmm ? fopen(path, "re") : NULL;
	if (!file)
		return 0;
	if (fscanf(file, "%" SCNu64 " %" SCNu64, &all, &pages) != 2)
		pages = 0;
	fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
