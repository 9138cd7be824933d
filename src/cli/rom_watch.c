/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what the ROM in a guest reports, for as long as its VMM lives. */
#include "rom_watch.h"
#include "cli.h"
#include "orphan.h"
#include "rom_report.h"
#include "rom_silence.h"
#include "run_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* CHANNEL: the one descriptor that the watcher starts with, besides stderr. REPORTS: no guest that
 * writes to the port for fun fills the disk. */
enum { CHANNEL = 3, OUT_OF_THE_WAY = 100, REPORTS = 1000 };

struct watcher {
	struct rom_watch what;
	pid_t vmm;
	struct rom_lines lines;
	struct rom_report report;
	struct rom_silence silence;
	unsigned int reports;
	bool warned;
};

static pid_t started;

#define say(watcher, ...)                                                                          \
	do {                                                                                       \
		if (!(watcher)->what.quiet)                                                        \
			cli_complain(__VA_ARGS__);                                                 \
	} while (0)

static void take_report(struct watcher *w)
{
	bool told = rom_report_is_told(&w->report, w->what.n_holes);
	char bytes[4096];
	struct text text = text_start(bytes, sizeof(bytes));

	if (w->reports++ >= REPORTS)
		return;
	rom_report_json(&text, &w->report, told);
	run_log(w->what.log, w->vmm, "rom", bytes);
	text = text_start(bytes, sizeof(bytes));
	rom_report_describe(&text, &w->report);
	if (!told)
		say(w, "the guest is NOT told of its holes: its firmware (%s) reports: %s",
			w->report.firmware, bytes);
	else if (w->reports == 1)
		say(w, "the guest is told of its holes: its firmware (%s) reports: %s",
			w->report.firmware, bytes);
}

static void take_bytes(struct watcher *w, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!rom_lines_add(&w->lines, bytes[i]))
			continue;
		switch (rom_report_take(&w->report, w->lines.line)) {
		case ROM_LINE_DONE:
			take_report(w);
			break;
		case ROM_LINE_AFTER:
			if (w->reports < REPORTS)
				say(w, "the guest's firmware reports: %.150s",
					w->lines.line + strlen("iovashim-rom: "));
			break;
		case ROM_LINE_PART:
		case ROM_LINE_OTHER:
			break;
		}
	}
}

static void silent(struct watcher *w, const char *why)
{
	char bytes[128];
	struct text text = text_start(bytes, sizeof(bytes));

	if (w->reports || w->warned || !w->what.boots)
		return;
	w->warned = true;
	text_add(&text, ",\"why\":\"%s\",\"seconds\":%u", why, w->silence.seconds);
	run_log(w->what.log, w->vmm, "rom-silent", bytes);
	if (!strcmp(why, "ended"))
		say(w, "the VMM has ended, and no ROM had reported that the guest was told of its "
		       "holes");
	else
		say(w,
			"the guest has been running for %u s, and no ROM has reported: unless its "
			"firmware is still at work, it is NOT told of its holes, and stopped where "
			"the guard is in force if it uses them",
			w->silence.seconds);
}

/* Seconds of processor time that the VMM has used. False if it is not there, or may not be seen. */
static bool processor_time(pid_t pid, double *user, double *system)
{
	char path[64], line[1024], *after;
	uint64_t ticks_user = 0, ticks_system = 0;
	FILE *file;
	bool good;

	*user = *system = 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	good = fgets(line, sizeof(line), file);
	fclose(file);
	after = good ? strrchr(line, ')') : NULL;
	/* proc_pid_stat(5): fields 3 to 13 stand between. */
	if (!after || sscanf(after + 1,
			      " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
			      &ticks_user, &ticks_system) != 2)
		return false;
	*user = (double)ticks_user / (double)sysconf(_SC_CLK_TCK);
	*system = (double)ticks_system / (double)sysconf(_SC_CLK_TCK);
	return true;
}

static void tick(struct watcher *w)
{
	double user, system;
	bool known = processor_time(w->vmm, &user, &system);

	if (rom_silence_tick(&w->silence, known, user, system))
		silent(w, "time");
}

/* A capture of the VMM's output waits for all who hold it open. */
static void leave_stderr(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null >= 0)
		dup2(null, STDERR_FILENO);
}

static bool expects(const struct watcher *w)
{
	return w->what.boots && !w->reports && !w->warned;
}

static _Noreturn void watch(struct watcher *w)
{
	struct pollfd polled[] = {{.fd = CHANNEL, .events = POLLIN},
		{.fd = (int)syscall(SYS_pidfd_open, w->vmm, 0), .events = POLLIN}};
	char bytes[4096];

	for (;;) {
		int n = poll(polled, 2, expects(w) ? 1000 : -1);

		if (!n)
			tick(w);
		if (n <= 0)
			continue;
		if (polled[0].revents) {
			ssize_t got = read(CHANNEL, bytes, sizeof(bytes));

			if (got > 0)
				take_bytes(w, bytes, (size_t)got);
			else if (!got || errno != EINTR)
				break;
		}
		if (polled[1].revents & POLLIN) {
			/* What was in the background when it ended goes on. */
			if (!polled[0].revents)
				leave_stderr();
			polled[1].fd = polled[0].revents ? polled[1].fd : -1;
		}
	}
	silent(w, "ended");
	_exit(0);
}

/* Nothing of the VMM's stays open here but stderr. */
static void let_go(int channel)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	dup2(channel, CHANNEL);
	syscall(SYS_close_range, CHANNEL + 1, ~0u, 0);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "iovashim-rom");
	if (chdir("/"))
		return; /* then an unmount has to wait */
}

/* The watcher tells its process ID. */
static int spawn(const struct rom_watch *what, int channel)
{
	struct watcher watcher = {.what = *what, .vmm = getpid()};
	int result = orphan_fork();
	pid_t self;

	if (result)
		return result < 0 ? result : 0;
	let_go(channel);
	self = getpid();
	if (write(CHANNEL, &self, sizeof(self)) != (ssize_t)sizeof(self))
		_exit(1);
	watch(&watcher);
}

int rom_watch_start(const struct rom_watch *what, int *fd)
{
	int channel[2], high, err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel))
		return -errno;
	err = spawn(what, channel[1]);
	close(channel[1]);
	if (!err && read(channel[0], &started, sizeof(started)) != (ssize_t)sizeof(started))
		err = -ECHILD;
	/* Where it is in nobody's way, if numbers go that far; without close-on-exec. */
	high = err ? -1 : fcntl(channel[0], F_DUPFD, OUT_OF_THE_WAY);
	if (!err && high < 0)
		high = fcntl(channel[0], F_DUPFD, CHANNEL + 1);
	if (!err && high < 0) {
		err = -errno;
		rom_watch_cancel();
	}
	close(channel[0]);
	*fd = high;
	return err;
}

void rom_watch_cancel(void)
{
	if (started > 0)
		kill(started, SIGKILL);
	started = 0;
}
