/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that do what a supervisor has to live with: filters of their own, exec, daemons. */
/*
 * usage: neighbour exit STATUS | signal NUMBER | privileges
 *        neighbour filter allow|errno|kill|unguarded GROUP
 *        neighbour listener GROUP
 *        neighbour execs GROUP TIMES
 *        neighbour daemon GROUP FILE
 *        neighbour as USER COMMAND...
 *
 * GROUP is its file in /dev/vfio; "-" for a daemon that does without. Each prints one line, "ok: …"
 * or "not ok: …", and exits with 0 or 1; 2 if it could not begin. A daemon's word goes into FILE:
 * it begins when there is a FILE.go.
 */
#include "area.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct area area;

static void pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static int verdict(const char *what)
{
	printf("%s: %s\n", complaints() ? "not ok" : "ok", what);
	return complaints() ? 1 : 0;
}

static void split(void)
{
	const char *wrong;
	long result = area_map(&area, by_instruction);

	if (result) {
		complain("MAP: %s", strerror((int)-result));
		return;
	}
	wrong = area_whole(&area);
	if (wrong)
		complain("mapped: %s", wrong);
	result = area_unmap(&area, by_libc);
	wrong = area_gone(&area);
	if (result || wrong)
		complain("UNMAP: %s: %s", strerror((int)-result), wrong ? wrong : "nothing left");
}

/* --- a filter of its own ------------------------------------------------- */

#define MOST_RULES 64

static struct sock_filter program[MOST_RULES];
static unsigned short n_rules;

static void rule(struct sock_filter next)
{
	if (n_rules < MOST_RULES)
		program[n_rules++] = next;
}

static void allow(unsigned int number)
{
	rule((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
	rule((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

/* What a VMM allows itself once it is set up, and no more. Calls of the i386 kind pass: it is by
 * them that the test looks behind the supervisor. */
static void build_filter(unsigned int otherwise, bool can_guard)
{
	static const unsigned int allowed[] = {SYS_read, SYS_write, SYS_ioctl, SYS_mmap, SYS_munmap,
		SYS_access, SYS_exit, SYS_exit_group, SYS_futex, SYS_rt_sigreturn,
		SYS_rt_sigprocmask, SYS_newfstatat, SYS_fstat, SYS_brk};
	const unsigned int arch = offsetof(struct seccomp_data, arch);
	const unsigned int nr = offsetof(struct seccomp_data, nr);

	rule((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arch));
	rule((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
	rule((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	rule((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, nr));
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		allow(allowed[i]);
	if (can_guard) {
		allow(SYS_mprotect);
		allow(SYS_madvise);
	}
	rule((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, otherwise));
}

static long install(unsigned int flags)
{
	const struct sock_fprog all = {.len = n_rules, .filter = program};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &all);
}

static int own_filter(const char *kind)
{
	unsigned int otherwise = SECCOMP_RET_ERRNO | EPERM;
	long result;

	if (!strcmp(kind, "kill"))
		otherwise = SECCOMP_RET_KILL_PROCESS;
	else if (!strcmp(kind, "allow"))
		otherwise = SECCOMP_RET_ALLOW;
	build_filter(otherwise, strcmp(kind, "unguarded") != 0);
	split();
	if (install(0))
		return 2;
	if (strcmp(kind, "unguarded") != 0) {
		for (int i = 0; i < 5; i++)
			split();
		return verdict("split under a filter of its own");
	}
	/* No guard can be set: refused, and nothing left. */
	result = area_map(&area, by_libc);
	if (result != -EINVAL)
		complain("a MAP that cannot be guarded: %ld", result);
	if (area_gone(&area))
		complain("a MAP that failed: %s", area_gone(&area));
	return verdict("what cannot be guarded is refused");
}

/* EBUSY: the kernel has one listener a process tree. It is to do without. */
static int own_listener(void)
{
	long result;

	build_filter(SECCOMP_RET_ALLOW, true);
	split();
	result = install(SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (result >= 0 || errno != EBUSY)
		complain("a listener of its own: %ld, %s", result, strerror(errno));
	if (install(0))
		complain("a filter without a listener: %s", strerror(errno));
	split();
	return verdict("EBUSY for a listener of its own, and split all the same");
}

/* --- exec amid splits ---------------------------------------------------- */

static struct area busy[3];

static void *split_for_ever(void *argument)
{
	for (;;)
		if (!area_map(argument, by_instruction))
			area_unmap(argument, by_instruction);
	return NULL;
}

/* The kernel ends the other threads, one of them perhaps between two pieces. The descriptors are
 * closed on exec, so that the next image finds the group free and begins anew. */
static int execs(char **argv, int container)
{
	char times[12];
	pthread_t thread;

	split();
	if (complaints() || atoi(argv[3]) <= 0)
		return verdict("exec amid splits, split again");
	for (unsigned int i = 0; i < 3; i++) {
		area_init(&busy[i], container, 1 + i);
		if (pthread_create(&thread, NULL, split_for_ever, &busy[i]))
			return 2;
	}
	pause_ms(10 + atoi(argv[3]) * 7 % 23);
	snprintf(times, sizeof(times), "%d", atoi(argv[3]) - 1);
	execl("/proc/self/exe", argv[0], argv[1], argv[2], times, NULL);
	return 2;
}

/* --- a daemon ------------------------------------------------------------ */

/* For a minute at most: nobody may look any more. */
static bool told_to_go(const char *file)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.go", file);
	for (int times = 0; times < 3000; times++) {
		if (!access(path, F_OK))
			return true;
		pause_ms(20);
	}
	return false;
}

/* The daemon's verdict goes into a file; it keeps none of the streams. */
static void be_daemon(const char *group, const char *file)
{
	int container;
	FILE *out;

	setsid();
	if (fork())
		_exit(0);
	if (!freopen("/dev/null", "r+", stdin) || !freopen("/dev/null", "w", stdout) ||
		!freopen("/dev/null", "w", stderr) || !told_to_go(file))
		_exit(2);
	if (strcmp(group, "-") != 0) {
		open_group(group, &container);
		area_init(&area, container, 0);
		split();
	} else if (by_instruction(0, VFIO_GROUP_UNSET_CONTAINER, NULL) != -ENOTTY) {
		complain("what is no group");
	}
	out = fopen(file, "w");
	if (!out)
		_exit(2);
	fprintf(out, complaints() ? "not ok: the daemon's split\n" : "ok: the daemon split\n");
	fclose(out);
	_exit(0);
}

/* --- without privileges -------------------------------------------------- */

static int as_user(unsigned int user, char **command)
{
	if (setgroups(0, NULL) || setgid(user) || setuid(user)) {
		perror("neighbour as");
		return 2;
	}
	execv(command[0], command);
	perror(command[0]);
	return 2;
}

/* --- all of it ----------------------------------------------------------- */

static int of_no_group(char **argv)
{
	if (!strcmp(argv[1], "exit"))
		return atoi(argv[2]);
	if (!strcmp(argv[1], "signal")) {
		signal(atoi(argv[2]), SIG_DFL); /* a shell's background jobs ignore some */
		raise(atoi(argv[2]));
		return 2;
	}
	printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return 0;
}

int main(int argc, char **argv)
{
	int container;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 3 && !strcmp(argv[1], "as"))
		return as_user((unsigned int)atoi(argv[2]), argv + 3);
	if (argc == 3 && strcmp(argv[1], "listener") != 0)
		return of_no_group(argv);
	if (argc == 4 && !strcmp(argv[1], "daemon")) {
		if (!fork())
			be_daemon(argv[2], argv[3]);
		return 7;
	}
	if (argc < 3) {
		fputs("usage: neighbour WHAT ARGUMENTS...\n", stderr);
		return 2;
	}
	open_group(!strcmp(argv[1], "filter") ? argv[3] : argv[2], &container);
	area_init(&area, container, 0);
	if (!strcmp(argv[1], "filter"))
		return own_filter(argv[2]);
	return !strcmp(argv[1], "listener") ? own_listener() : execs(argv, container);
}
