#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iovashim run --via seccomp without VFIO: threads borrowed under signals, ends, daemons, terminals.
#
# usage: supervisor.sh BUILD
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/cli/lib.bash
. "$here/lib.bash"
unset LD_PRELOAD IOVASHIM_CONF IOVASHIM_MODE IOVASHIM_LOG IOVASHIM_GUARD IOVASHIM_DISABLE
"$here/../lab/programs.sh" "$build/programs" torture neighbour terminal bench_supervisor
programs=$build/programs
cp "$build/iovashim" "$work"
cd "$work"
[ "$(id -u)" = 0 ] || export IOVASHIM_QUIET=1 # it tells what only root may do
supervised() { ./iovashim run --via seccomp -- "$@"; }
soon() { within 100 "$@" || fail "waited in vain: $*"; }

# 4 threads, each borrowed again and again, amid signals, stops, children and other threads.
supervised "$programs/torture" --splits 4000 - >torture 2>said || fail "$(grep '^not ok' torture)"
grep -q '^ok: 4000 splits' torture || fail "$(cat torture)"
[ ! -s said ] || fail "said: $(cat said)"

# The end of a program is its own.
for status in 0 1 3 255; do
    expect $status supervised "$programs/neighbour" exit $status
done
for signal in 2 6 9 15; do
    expect $((128 + signal)) supervised "$programs/neighbour" signal $signal
done

# A daemon: the end of its starter is seen before its own, and its output's; even if it has ended
# before the supervisor has read its policy.
"$here/../bench/holes.sh" 10000 >many.conf
status=0
said=$(IOVASHIM_CONF=many.conf supervised "$programs/neighbour" daemon - "$work/daemon" 2>&1) || status=$?
[ "$status:$said" = 7: ] || fail "a daemon's starter: status $status, said: $said"
touch daemon.go
soon test -s daemon
[ "$(cat daemon)" = 'ok: the daemon split' ] || fail "$(cat daemon)"

# Ctrl-C, Ctrl-Z and what is typed reach the program, and nobody else.
"$programs/terminal" ./iovashim run --via seccomp -- "$programs/terminal" program >terminal ||
    fail "$(cat terminal)"

soon nobody
done_ supervisor
