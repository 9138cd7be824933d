/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kills programs under a supervisor, and supervisors, at random moments, and looks at what is left.
 */
/*
 * usage: deaths vmm|supervisor|idle|watcher ROUNDS GROUP COMMAND…
 *        deaths victim|patient GROUP FD
 *
 * COMMAND starts a program under a supervisor: the program's arguments are
 * added. "vmm" kills the program, "supervisor" the supervisor, both at work;
 * "idle" kills the supervisor between requests, "watcher" the process that is
 * to tell of its death. GROUP is its file in /dev/vfio.
 * Exit status 0, 1 if something is wrong, 2 if it could not begin.
 */
#include "area.h"
#include "checked_call.h"

#include <dirent.h>
#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	THREADS = 3,
	PATIENCE_MS = 20000,
	/* The victim's exit status. */
	CALL_FAILED = 40,    /* and nothing of it is in the kernel */
	HALF_FOR_WHOLE = 41, /* a call succeeded, and was not done whole */
	CALL_FAILED_HALF = 42,
	STILL_WELL = 43, /* the patient: a request passed with no supervisor */
};

static char group_file[64], self[256];

static void pause_us(unsigned long us)
{
	struct timespec t = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};

	nanosleep(&t, NULL);
}

/* --- the victim ---------------------------------------------------------- */

static struct area areas[THREADS];
static atomic_int ready;

/* Ends the victim at the first call that fails, or that is not what it says. */
static void *split_for_ever(void *argument)
{
	const struct area *area = argument;
	const char *wrong;

	for (unsigned long round = 0;; round++) {
		call_fn call = round & 1 ? by_instruction : by_libc;

		if (area_map(area, call))
			_exit(area_gone(area) ? CALL_FAILED_HALF : CALL_FAILED);
		wrong = area_whole(area);
		if (wrong) {
			printf("not ok: mapped, but %s\n", wrong);
			_exit(HALF_FOR_WHOLE);
		}
		if (area_unmap(area, call))
			_exit(CALL_FAILED);
		wrong = area_gone(area);
		if (wrong) {
			printf("not ok: unmapped, but %s\n", wrong);
			_exit(HALF_FOR_WHOLE);
		}
		if (complaints())
			_exit(HALF_FOR_WHOLE);
		if (!round)
			atomic_fetch_add(&ready, 1);
	}
	return NULL;
}

static int be_victim(int tell)
{
	pthread_t threads[THREADS];
	int container;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	open_group(group_file, &container);
	for (unsigned int i = 0; i < THREADS; i++) {
		area_init(&areas[i], container, i);
		if (pthread_create(&threads[i], NULL, split_for_ever, &areas[i]))
			return 2;
	}
	while (atomic_load(&ready) < THREADS)
		pause_us(1000);
	return write(tell, "r", 1) == 1 && !pthread_join(threads[0], NULL) ? 0 : 2;
}

/* Splits once, waits for its supervisor to be killed, and asks again. */
static int be_patient(int tell)
{
	int container, others = 0, answer;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	open_group(group_file, &container);
	area_init(&areas[0], container, 0);
	area_init(&areas[1], container, 1);
	if (area_map(&areas[0], by_libc) || area_whole(&areas[0]))
		return 2;
	if (write(tell, "r", 1) != 1 || read(tell, &byte, 1) != 1)
		return 2;
	answer = (int)-area_map_plain(&areas[1], by_libc);
	printf("# with no supervisor: a plain MAP: %s", strerror(answer));
	printf(", a crossing MAP: %s", strerror((int)-area_map(&areas[1], by_instruction)));
	printf(", an UNMAP: %s\n", strerror((int)-area_unmap(&areas[0], by_libc)));
	if (!answer)
		return STILL_WELL;
	if (ioctl(tell, FIONREAD, &others))
		return 2; /* what is not VFIO's is not hurt */
	return area_gone(&areas[1]) ? CALL_FAILED_HALF : 0;
}

/* --- those who kill ------------------------------------------------------ */

static bool read_link(const char *pid, const char *name, char *target, size_t room)
{
	char path[288];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	n = readlink(path, target, room - 1);
	target[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* What runs iovashim: one process that supervises, and one that watches it. */
static bool is_iovashim(const char *pid)
{
	char target[256];
	const char *name;

	if (atoi(pid) <= 0 || !read_link(pid, "exe", target, sizeof(target)))
		return false;
	name = strrchr(target, '/');
	return name && !strcmp(name, "/iovashim");
}

static bool is_watcher(const char *pid)
{
	char path[288], name[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		name[0] = '\0';
	fclose(f);
	return !strcmp(name, "iovashim-watch\n");
}

enum who { SUPERVISOR, WATCHER, EITHER };

/* The process id of one of them, but not of @program, which may still be about to become another;
 * 0 if there is none. */
static pid_t find(enum who who, pid_t program)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	pid_t found = 0;

	while (proc && !found && (entry = readdir(proc))) {
		if (atoi(entry->d_name) == program || !is_iovashim(entry->d_name))
			continue;
		if (who == EITHER || is_watcher(entry->d_name) == (who == WATCHER))
			found = atoi(entry->d_name);
	}
	if (proc)
		closedir(proc);
	return found;
}

static pid_t start(char **command, int n_command, const char *role, int *tell)
{
	char *arguments[32], fd[12];
	int ends[2];
	pid_t pid;

	if (n_command > 24 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		exit(2);
	fflush(stdout);
	pid = fork();
	if (pid) {
		close(ends[1]);
		*tell = ends[0];
		return pid;
	}
	ends[1] = dup(ends[1]);
	snprintf(fd, sizeof(fd), "%d", ends[1]);
	memcpy(arguments, command, (size_t)n_command * sizeof(*command));
	arguments[n_command++] = self;
	arguments[n_command++] = (char *)(uintptr_t)role;
	arguments[n_command++] = group_file;
	arguments[n_command++] = fd;
	arguments[n_command] = NULL;
	execv(arguments[0], arguments);
	_exit(127);
}

static bool tells(int tell)
{
	struct pollfd waiting = {.fd = tell, .events = POLLIN};
	char byte;

	return poll(&waiting, 1, PATIENCE_MS) == 1 && read(tell, &byte, 1) == 1;
}

/* Exit status, 1000 + signal, or -1 if it does not end. */
static int status_of(pid_t pid)
{
	int status;

	for (int ms = 0; ms < PATIENCE_MS; ms++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
		pause_us(1000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

/* No process is left, and the group is as if nothing had been. */
static void expect_clean(int round)
{
	int container, group;
	struct area area;
	pid_t left = 0;

	for (int ms = 0; ms < 5000 && (left = find(EITHER, 0)); ms += 5)
		pause_us(5000);
	if (left)
		complain("round %d: process %d of iovashim's is still there", round, left);
	for (; left; left = find(EITHER, 0))
		kill(left, SIGKILL);
	group = open_group(group_file, &container);
	area_init(&area, container, 0);
	if (mappings_available(container) != 65535)
		complain("round %d: a new container has room for %ld mappings", round,
			mappings_available(container));
	bare = true;
	if (area_map(&area, by_libc) || area_whole(&area))
		complain("round %d: a new container cannot be used", round);
	close(group);
	close(container);
}

static void kill_one(enum who who, pid_t program, int round)
{
	pid_t pid = find(who, program);

	if (pid)
		kill(pid, SIGKILL);
	else
		complain("round %d: there is no %s", round,
			who == WATCHER ? "watcher" : "supervisor");
}

static int outcomes[4]; /* killed, failed, failed and half of it left, in the beginning */

static void judge(int status, int round, bool begun)
{
	if (status == 1000 + SIGKILL)
		outcomes[0]++;
	else if (status == CALL_FAILED)
		outcomes[1]++;
	else if (status == CALL_FAILED_HALF)
		outcomes[2]++;
	else if (!begun && status > 0)
		outcomes[3]++;
	else
		complain("round %d: the program's status is %d%s", round, status,
			status < 0 ? ": it hung" : "");
}

/* Every fifth dies at a random moment of its start, others at work. */
static void die_at_work(char **command, int n_command, int round, bool vmm)
{
	bool begun = !vmm || round % 5 != 4;
	int tell;
	pid_t pid = start(command, n_command, "victim", &tell);

	if (begun && !tells(tell))
		complain("round %d: the program does not begin", round);
	pause_us((unsigned long)rand() % (begun ? 30000 : 150000));
	if (vmm)
		kill(pid, SIGKILL);
	else
		kill_one(SUPERVISOR, pid, round);
	judge(status_of(pid), round, begun);
	close(tell);
	expect_clean(round);
}

/* With the watcher gone nothing changes; with the supervisor, no request passes. */
static void die_idle(char **command, int n_command, int round, enum who who)
{
	int tell, status;
	pid_t pid = start(command, n_command, "patient", &tell);

	if (!tells(tell))
		complain("round %d: the program does not begin", round);
	kill_one(who, pid, round);
	pause_us(100000);
	if (write(tell, "g", 1) != 1)
		complain("round %d: the program is gone with its supervisor", round);
	status = status_of(pid);
	if (status != (who == WATCHER ? STILL_WELL : 0))
		complain("round %d: the program's status is %d", round, status);
	close(tell);
	expect_clean(round);
}

int main(int argc, char **argv)
{
	bool vmm;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	if (argc == 4) {
		snprintf(group_file, sizeof(group_file), "%s", argv[2]);
		return !strcmp(argv[1], "victim") ? be_victim(atoi(argv[3]))
						  : be_patient(atoi(argv[3]));
	}
	if (argc < 5 || readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0) {
		fputs("usage: deaths vmm|supervisor|idle|watcher ROUNDS GROUP COMMAND...\n",
			stderr);
		return 2;
	}
	vmm = !strcmp(argv[1], "vmm");
	snprintf(group_file, sizeof(group_file), "%s", argv[3]);
	srand((unsigned int)time(NULL));
	for (int round = 0; round < atoi(argv[2]); round++) {
		if (!strcmp(argv[1], "idle"))
			die_idle(argv + 4, argc - 4, round, SUPERVISOR);
		else if (!strcmp(argv[1], "watcher"))
			die_idle(argv + 4, argc - 4, round, WATCHER);
		else
			die_at_work(argv + 4, argc - 4, round, vmm);
	}
	printf("%s: %s rounds: killed %d, a call failed %d, half of it left %d, at the start %d\n",
		complaints() ? "not ok" : "ok", argv[2], outcomes[0], outcomes[1], outcomes[2],
		outcomes[3]);
	return complaints() ? 1 : 0;
}
