/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows, and the time of one. */
#include "rows.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#define NS 1.0
#define US 1e3

/* What is held against each other is done as often in a batch: the first few are slow. */
const struct row rows[] = {
	{"kvm", "ioctl: `/dev/kvm`, KVM_GET_API_VERSION, ns", NS, 20000, ioctl_prepare_kvm, NULL,
		ioctl_kvm, NULL, false},
	{"pipe", "ioctl: a pipe, FIONREAD, ns", NS, 20000, ioctl_prepare, NULL, ioctl_pipe, NULL,
		false},
	{"null", "ioctl: `/dev/null`, refused, ns", NS, 20000, ioctl_prepare, NULL, ioctl_null,
		NULL, false},
	{"pty", "ioctl: a terminal, TIOCGWINSZ, ns", NS, 20000, ioctl_prepare, NULL, ioctl_pty,
		NULL, false},
	{"run", "KVM_RUN, to user space and back, µs", US, 200, kvm_prepare, NULL, kvm_run, NULL,
		false},
	{"signal", "a signal to itself, µs", US, 2000, signal_prepare, NULL, signal_raise, NULL,
		false},
	{"fork", "fork and wait, µs", US, 20, NULL, NULL, process_fork, NULL, false},
	{"start", "a program's start and end, µs", US, 10, NULL, NULL, process_start, NULL, false},
	{"attach", "a container: open, a group, SET_IOMMU, close, µs", US, 10, NULL, NULL,
		vfio_attach, NULL, false},
	{"passed", "a MAP that passes, to a stand-in, µs", US, 500, stand_in_prepare, NULL,
		stand_in_pass, NULL, false},
	{"two", "a MAP that takes two calls, to a stand-in, µs", US, 50, stand_in_prepare, NULL,
		stand_in_split, NULL, false},
	{"fstat", "fstat of the container, ns", NS, 2000, vfio_prepare, NULL, vfio_fstat, NULL,
		false},
	{"map", "MAP that crosses nothing, ns", NS, 2000, vfio_prepare, NULL, vfio_map, vfio_unmap,
		false},
	{"unmap", "UNMAP that crosses nothing, ns", NS, 2000, vfio_prepare, vfio_map, vfio_unmap,
		NULL, false},
	{"map-1", "MAP across 1 hole, µs", US, 50, vfio_prepare, NULL, vfio_map_1, vfio_unmap_1,
		true},
	{"unmap-1", "UNMAP of it, µs", US, 50, vfio_prepare, vfio_map_1, vfio_unmap_1, NULL, true},
	{"map-2", "MAP across 2 holes, µs", US, 50, vfio_prepare, NULL, vfio_map_2, vfio_unmap_2,
		true},
	{"unmap-2", "UNMAP of it, µs", US, 50, vfio_prepare, vfio_map_2, vfio_unmap_2, NULL, true},
	{"map-16", "MAP across 16 holes, µs", US, 50, vfio_prepare, NULL, vfio_map_16,
		vfio_unmap_16, true},
	{"unmap-16", "UNMAP of it, µs", US, 50, vfio_prepare, vfio_map_16, vfio_unmap_16, NULL,
		true},
	{"map-live", "MAP beside a split that is there, ns", NS, 2000, vfio_prepare_live, NULL,
		vfio_map, vfio_unmap, false},
	{"unmap-live", "UNMAP beside a split that is there, ns", NS, 2000, vfio_prepare_live,
		vfio_map, vfio_unmap, NULL, false},
	{NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, false},
};

const struct row *row_find(const char *key)
{
	const struct row *row = rows;

	while (row->key && strcmp(row->key, key) != 0)
		row++;
	return row->key ? row : NULL;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void each(void (*step)(int i), int count)
{
	for (int i = 0; step && i < count; i++)
		step(i);
}

static double time_one_by_one(const struct row *row, int count)
{
	double took = 0, began;

	for (int i = 0; i < count; i++) {
		if (row->before)
			row->before(i);
		began = now_ns();
		row->operation(i);
		took += now_ns() - began;
		if (row->after)
			row->after(i);
	}
	return took / count;
}

double row_time(const struct row *row, int count)
{
	double began, took;

	if (row->one_by_one)
		return time_one_by_one(row, count);
	each(row->before, count);
	began = now_ns();
	each(row->operation, count);
	took = now_ns() - began;
	each(row->after, count);
	return took / count;
}
