#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The library in a program that has nothing to do with VFIO: nothing is opened, written or left,
# and between two marks the program's system calls are its own alone.
# Usage: tests/inert.sh BUILD-DIRECTORY
set -u

[ $# -eq 1 ] || { echo "usage: $0 BUILD-DIRECTORY" >&2; exit 2; }
library=$(realpath "$1")/libiovashim.so
[ -e "$library" ] || { echo "inert: $library: not built" >&2; exit 2; }
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failures=0

fail()
{
	echo "inert: $*" >&2
	failures=$((failures + 1))
}

# plain: ioctls and descriptors as any program has them. vfio: VFIO's numbers on what is none.
cat >"$work/program.c" <<'END'
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void report(const char *what, int result)
{
	printf("%s %d %d\n", what, result, result < 0 ? errno : 0);
	errno = 0;
}

static void plain(int null, int kvm)
{
	int size;

	report("tty", ioctl(null, TIOCGPGRP, &size));
	report("bytes", ioctl(null, FIONREAD, &size));
	report("closed", ioctl(-1, TIOCGPGRP, &size));
	report("kvm", kvm < 0 ? 0 : ioctl(kvm, 0xae00, 0));
	report("dup2", dup2(null, 50));
	report("fcntl", fcntl(50, F_GETFD));
	report("close", close(50));
	report("again", close(50));
}

static void vfio(int null)
{
	char room[256] = "";

	for (int number = 0x3b64; number < 0x3b80; number++)
		report("vfio", ioctl(null, number, room));
	report("wide", ioctl(null, 0xffffffff00003b71, room));
	report("closed", ioctl(-1, 0x3b71, room));
}

static void descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	printf("%d descriptors\n", n);
}

int main(int argc, char **argv)
{
	int null = open("/dev/null", O_RDWR), kvm = open("/dev/kvm", O_RDWR), status = 0;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	access("/mark", 0);
	if (argc > 1 && !strcmp(argv[1], "vfio"))
		vfio(null);
	else
		plain(null, kvm);
	access("/mark", 0);
	if (!fork()) {
		plain(null, kvm);
		return 0;
	}
	wait(&status);
	descriptors();
	return status != 0;
}
END
${CC:-cc} -D_GNU_SOURCE -o "$work/program" "$work/program.c" || { echo 'inert: no compiler' >&2; exit 2; }

strace=$(command -v strace) && "$strace" -o /dev/null /bin/true 2>/dev/null || strace=
[ -n "$strace" ] || echo 'inert: strace is not there or may not trace: its part is left out'

# run NAME SETTING… -- COMMAND…: its output, and its system calls if they can be seen.
run()
{
	name=$1
	shift
	settings=
	while [ "$1" != -- ]; do
		settings="$settings $1"
		shift
	done
	shift
	# shellcheck disable=SC2086
	if [ -n "$strace" ]; then
		"$strace" -f -qq -o "$work/$name.trace" env $settings "$@"
	else
		env $settings "$@"
	fi >"$work/$name.out" 2>"$work/$name.err"
	echo "exit $?" >>"$work/$name.out"
}

# Names of the files that were opened, before the program was started left out.
opened()
{
	sed -n '/execve.*= 0$/,$p' "$1" | sed -n 's/.*open[a-z0-9]*(.*"\([^"]*\)".*= [0-9]*$/\1/p' |
		LC_ALL=C sort -u
}

# The system calls between the marks, with what differs from run to run left out.
marked()
{
	sed -n '/\/mark/,/\/mark/p' "$1" | sed 's/^[0-9]* *//; s/0x[0-9a-f]*/ADDRESS/g'
}

compare()
{
	cmp -s "$work/$1.$3" "$work/$2.$3" ||
		fail "$2: other $3 than without the library:" "$(diff "$work/$1.$3" "$work/$2.$3")"
}

check()
{
	compare "$1" "$2" out
	compare "$1" "$2" err
	[ -n "$strace" ] || return
	for file in "$1" "$2"; do
		opened "$work/$file.trace" >"$work/$file.opened"
		marked "$work/$file.trace" >"$work/$file.marked"
	done
	grep -vxF "$library" "$work/$2.opened" >"$work/$2.rest"
	grep -qxF "$library" "$work/$2.opened" || fail "$2: the library was not loaded"
	LC_ALL=C comm -13 "$work/$1.opened" "$work/$2.rest" >"$work/$2.more"
	[ ! -s "$work/$2.more" ] || fail "$2: opens" "$(cat "$work/$2.more")"
	[ "$3" = vfio ] || compare "$1" "$2" marked
}

program=$work/program
# shellcheck disable=SC2086
for what in plain vfio true; do
	command="$program $what"
	[ "$what" = true ] && command=/bin/true
	run bare -- $command
	run preloaded "LD_PRELOAD=$library" -- $command
	check bare preloaded "$what"
	run disabled "LD_PRELOAD=$library" IOVASHIM_DISABLE=1 -- $command
	check bare disabled "$what"
	# neither is looked at before there is a container
	run set "LD_PRELOAD=$library" IOVASHIM_CONF=/absent "IOVASHIM_LOG=$work/log" \
		IOVASHIM_MODE=nonsense -- $command
	check bare set "$what"
	[ ! -e "$work/log" ] || fail "$what: a log was made"
done
[ -z "$strace" ] || [ -s "$work/set.trace" ] || fail 'nothing was traced'

[ "$failures" -eq 0 ] || { echo "inert: $failures failed" >&2; exit 1; }
echo 'inert: ok'
