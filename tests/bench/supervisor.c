/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the supervisor costs on this machine, with a device that is there in the place of VFIO's. */
/*
 * usage: supervisor IOVASHIM
 *        supervisor measure
 *
 * IOVASHIM is built with CONTAINER_MINOR=229: it takes /dev/fuse, which knows no such requests
 * (ENOTTY), for a container. A mapping that crosses a hole then fails with its first piece, and the
 * engine asks once more whether something was in the way: two calls by the borrowed thread, as for
 * a mapping that is made in two pieces.
 * "Least" is what no supervisor goes below: a filter of one comparison, and a process that lets
 * everything go on. Times are lower quartiles of many batches.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Linux 6.6: whoever is woken by an answer runs at once on the same CPU. */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS	   SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

enum { BATCHES = 41, ROWS = 5 };

static char memory[65536] __attribute__((aligned(4096)));
static int nobody, stand_in;
static struct vfio_iommu_type1_dma_map plain = {.argsz = sizeof(plain), .flags = 3, .size = 4096};
static struct vfio_iommu_type1_dma_map crossing = {
	.argsz = sizeof(crossing), .flags = 3, .iova = 0x0fff8000, .size = sizeof(memory)};

static void unmatched(void)
{
	ioctl(nobody, 0x1234, &plain);
}

static void passed(void)
{
	ioctl(stand_in, VFIO_IOMMU_MAP_DMA, &plain);
}

static void split(void)
{
	ioctl(stand_in, VFIO_IOMMU_MAP_DMA, &crossing);
}

static void on_signal(int number)
{
	(void)number;
}

static void signalled(void)
{
	raise(SIGUSR1);
}

static void forked(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_time(void (*step)(void), int n)
{
	double times[BATCHES];

	for (int batch = 0; batch < BATCHES; batch++) {
		double began = now_ns();

		for (int i = 0; i < n; i++)
			step();
		times[batch] = (now_ns() - began) / n;
	}
	qsort(times, BATCHES, sizeof(*times), ascending);
	printf("%f\n", times[BATCHES / 4]);
}

static int measure(void)
{
	nobody = open("/dev/null", O_RDWR);
	stand_in = open("/dev/fuse", O_RDWR);
	plain.vaddr = crossing.vaddr = (uintptr_t)memory;
	if (nobody < 0 || stand_in < 0)
		return 2;
	signal(SIGUSR1, on_signal);
	print_time(unmatched, 20000);
	print_time(passed, 500);
	print_time(split, 50);
	print_time(signalled, 2000);
	print_time(forked, 20);
	return 0;
}

/* Lets everything go on, as quickly as can be. */
static _Noreturn void least_supervisor(int listener)
{
	struct seccomp_notif notification;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	for (;;) {
		struct seccomp_notif_resp answer = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

		memset(&notification, 0, sizeof(notification));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification))
			_exit(0);
		answer.id = notification.id;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

/* What any supervisor costs: a filter of one comparison, and somebody who does nothing. */
static void least(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VFIO_IOMMU_MAP_DMA, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	int listener;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		&program);
	if (listener >= 0 && !fork())
		least_supervisor(listener);
	close(listener);
}

static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* In the child: becomes "[iovashim run --via seccomp --] self measure". */
static void become(char *self, char *iovashim)
{
	char run[] = "run", via[] = "--via", seccomp[] = "seccomp", word[] = "measure";
	char *bare[] = {self, word, NULL};
	char *supervised[] = {iovashim, run, via, seccomp, self, word, NULL};

	execv(iovashim ? iovashim : self, iovashim ? supervised : bare);
	_exit(127);
}

static int column(double *times, char *self, char *iovashim, void (*prepare)(void))
{
	int ends[2], n = 0;
	pid_t child;
	FILE *out;

	if (pipe(ends))
		return 0;
	child = fork();
	if (!child) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		if (prepare)
			prepare();
		become(self, iovashim);
	}
	close(ends[1]);
	out = fdopen(ends[0], "r");
	while (out && n < ROWS && fscanf(out, "%lf", &times[n]) == 1)
		n++;
	if (out)
		fclose(out);
	waitpid(child, NULL, 0);
	return n;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		double unit;
	} rows[ROWS] = {{"an ioctl that matches nothing, ns", 1},
		{"a mapping that passes, us", 1e3}, {"one that takes two calls, us", 1e3},
		{"a signal, us", 1e3}, {"fork and wait, us", 1e3}};
	double times[4][ROWS];
	char self[256] = "";

	if (argc == 2 && !strcmp(argv[1], "measure"))
		return measure();
	if (argc != 2 || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0) {
		fputs("usage: supervisor IOVASHIM\n", stderr);
		return 2;
	}
	if (column(times[0], self, NULL, NULL) + column(times[1], self, NULL, least) +
			column(times[2], self, argv[1], NULL) +
			column(times[3], self, argv[1], stay_on_one_cpu) !=
		4 * ROWS) {
		fputs("supervisor: something did not run\n", stderr);
		return 1;
	}
	printf("%-34s %10s %14s %12s %12s\n", "", "bare", "least", "supervised", "on one CPU");
	for (int row = 0; row < ROWS; row++)
		printf("%-34s %10.2f %14.2f %12.2f %12.2f\n", rows[row].name,
			times[0][row] / rows[row].unit, times[1][row] / rows[row].unit,
			times[2][row] / rows[row].unit, times[3][row] / rows[row].unit);
	return 0;
}
