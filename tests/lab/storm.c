/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals with numbers that are counted, stops, timers and children, around threads at work. */
#include "storm.h"
#include "area.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* To a thread: RESTARTING's handler has SA_RESTART, INTERRUPTING's has not. To the process: ANY. */
enum kind { RESTARTING, INTERRUPTING, ANY, KINDS };
enum { ON_WAY = 6 /* sent and not yet handled, of each kind and thread */, ANY_ROOM = 1 << 16 };

struct line {
	atomic_uint sent, handled;
};

/* Shared with the processes that send. */
struct shared {
	struct line lines[STORM_THREADS][2];
	atomic_int threads[STORM_THREADS]; /* thread ids; 0: gets none */
	atomic_uint any_sent, any_handled;
	atomic_uint stops;
	atomic_bool ends;
};

static struct shared *shared;
static atomic_uchar any_seen[ANY_ROOM];
static atomic_uint alarms, children;
static pid_t sender, stopper;
static const char *program;
static unsigned int unit_us;
static _Thread_local int number = -1;

static int signal_of(enum kind kind)
{
	return SIGRTMIN + 3 + (int)kind;
}

static void pause_for(unsigned int us)
{
	struct timespec t = {us / 1000000, us % 1000000 * 1000L};

	nanosleep(&t, NULL);
}

void storm_pause(void)
{
	pause_for(10 * unit_us);
}

/* --- receiving ----------------------------------------------------------- */

/* In order, each once: the kernel queues the signals of a number. */
static void on_thread_signal(int sig, siginfo_t *info, void *context)
{
	enum kind kind = sig == signal_of(RESTARTING) ? RESTARTING : INTERRUPTING;
	unsigned int got = (unsigned int)info->si_value.sival_int, wanted;
	int saved = errno;

	(void)context;
	if (number < 0) {
		complain("signal %d came to another thread", sig);
		return;
	}
	wanted = atomic_fetch_add(&shared->lines[number][kind].handled, 1);
	if (got != wanted)
		complain("thread %d had signal %d number %u where %u was due", number, sig, got,
			wanted);
	errno = saved;
}

static void on_process_signal(int sig, siginfo_t *info, void *context)
{
	unsigned int got = (unsigned int)info->si_value.sival_int;
	int saved = errno;

	(void)context;
	if (atomic_fetch_add(&any_seen[got % ANY_ROOM], 1) != got / ANY_ROOM)
		complain("signal %d number %u came twice, or one before it never", sig, got);
	atomic_fetch_add(&shared->any_handled, 1);
	errno = saved;
}

static void on_alarm(int sig)
{
	(void)sig;
	atomic_fetch_add(&alarms, 1);
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction act = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	sigfillset(&act.sa_mask);
	if (sigaction(sig, &act, NULL))
		complain("sigaction: %s", strerror(errno));
}

/* --- sending ------------------------------------------------------------- */

/* False if the queue is full, or nobody is there. */
static bool queue_to(pid_t process, pid_t thread, int sig, unsigned int value)
{
	siginfo_t info = {.si_signo = sig, .si_code = SI_QUEUE};

	info.si_pid = getpid();
	info.si_value.sival_int = (int)value;
	if (thread)
		return !syscall(SYS_rt_tgsigqueueinfo, process, thread, sig, &info);
	return !syscall(SYS_rt_sigqueueinfo, process, sig, &info);
}

static void send_to_thread(pid_t process, int n, enum kind kind)
{
	struct line *line = &shared->lines[n][kind];
	unsigned int sent = atomic_load(&line->sent);
	pid_t thread = atomic_load(&shared->threads[n]);

	if (thread && sent - atomic_load(&line->handled) < ON_WAY &&
		queue_to(process, thread, signal_of(kind), sent))
		atomic_store(&line->sent, sent + 1);
}

static void send_all(pid_t process)
{
	unsigned int sent = atomic_load(&shared->any_sent);

	for (int n = 0; n < STORM_THREADS; n++)
		for (enum kind kind = 0; kind < ANY; kind++)
			send_to_thread(process, n, kind);
	if (sent - atomic_load(&shared->any_handled) < ON_WAY &&
		queue_to(process, 0, signal_of(ANY), sent))
		atomic_store(&shared->any_sent, sent + 1);
}

static pid_t start_sender(pid_t process, unsigned int pause_us)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!atomic_load(&shared->ends)) {
		send_all(process);
		pause_for(pause_us);
	}
	_exit(0);
}

static pid_t start_stopper(pid_t process, unsigned int pause_us)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!atomic_load(&shared->ends)) {
		pause_for((14 + atomic_load(&shared->stops) % 13) * pause_us);
		kill(process, SIGSTOP);
		pause_for(atomic_load(&shared->stops) % 5 * pause_us / 2);
		kill(process, SIGCONT);
		atomic_fetch_add(&shared->stops, 1);
	}
	_exit(0);
}

void storm_begin(const char *path, unsigned int pause_us)
{
	const struct timeval interval = {0, (suseconds_t)(6 * pause_us)};
	const struct itimerval each = {interval, interval};
	struct sigaction act = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

	program = path;
	unit_us = pause_us;
	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	handle(signal_of(RESTARTING), on_thread_signal, SA_RESTART);
	handle(signal_of(INTERRUPTING), on_thread_signal, 0);
	handle(signal_of(ANY), on_process_signal, SA_RESTART);
	sigaction(SIGALRM, &act, NULL);
	sender = start_sender(getpid(), pause_us);
	stopper = start_stopper(getpid(), pause_us);
	setitimer(ITIMER_REAL, &each, NULL);
}

void storm_thread(int n)
{
	number = n;
	atomic_store(&shared->threads[n], (int)syscall(SYS_gettid));
}

/* What the sender is about to send while threads[n] changes is on its way for a moment at most. */
void storm_thread_ends(int n)
{
	struct line *lines = shared->lines[n];

	atomic_store(&shared->threads[n], 0);
	for (int i = 0; i < 3000; i++) {
		pause_for(i < 20 ? 1000 : 10000);
		if (i >= 20 && atomic_load(&lines[0].sent) == atomic_load(&lines[0].handled) &&
			atomic_load(&lines[1].sent) == atomic_load(&lines[1].handled))
			return;
	}
	complain("thread %d: %u and %u signals sent, %u and %u came", n, lines[0].sent,
		lines[1].sent, lines[0].handled, lines[1].handled);
}

/* Interrupted or not. */
static int status_of(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

void storm_end(void)
{
	const struct itimerval none = {{0, 0}, {0, 0}};

	atomic_store(&shared->ends, true);
	if (status_of(sender) || status_of(stopper))
		complain("a process that sends signals came to grief");
	setitimer(ITIMER_REAL, &none, NULL);
	for (int i = 0; i < 1000 && atomic_load(&shared->any_sent) != shared->any_handled; i++)
		pause_for(10000);
	if (shared->any_sent != shared->any_handled)
		complain("the process was sent %u signals, %u came", shared->any_sent,
			shared->any_handled);
}

void storm_print(void)
{
	unsigned long signals = shared->any_handled;

	for (int n = 0; n < STORM_THREADS; n++)
		signals += shared->lines[n][0].handled + shared->lines[n][1].handled;
	printf("%lu queued signals, %u alarms, %u stops, %u children", signals, alarms,
		shared->stops, children);
}

/* --- children ------------------------------------------------------------ */

static void must_end_with(pid_t pid, int wanted, const char *what)
{
	int got = pid < 0 ? -1 : status_of(pid);

	atomic_fetch_add(&children, 1);
	if (got != wanted)
		complain("%s: status %d where %d was due (%s)", what, got, wanted,
			pid < 0 ? strerror(errno) : "a child");
}

static _Noreturn void execute(char *status)
{
	char *arguments[] = {(char *)(uintptr_t)program, (char *)(uintptr_t) "exit", status, NULL};

	execv(program, arguments);
	_exit(126);
}

void storm_fork_exit(unsigned int n)
{
	pid_t pid = fork();

	if (!pid)
		_exit((int)(n % 100));
	must_end_with(pid, (int)(n % 100), "fork and exit");
}

void storm_fork_exec(unsigned int n)
{
	char status[8];
	pid_t pid;

	snprintf(status, sizeof(status), "%u", n % 100);
	pid = fork();
	if (!pid)
		execute(status);
	must_end_with(pid, (int)(n % 100), "fork and exec");
}

void storm_vfork_exec(unsigned int n)
{
	char status[8];
	pid_t pid;

	snprintf(status, sizeof(status), "%u", n % 100);
	pid = vfork();
	if (!pid)
		execute(status);
	must_end_with(pid, (int)(n % 100), "vfork and exec");
}

int storm_in_child(int (*run)(void *argument), void *argument)
{
	pid_t pid = fork();

	if (!pid)
		_exit(run(argument));
	atomic_fetch_add(&children, 1);
	return pid < 0 ? -1 : status_of(pid);
}
