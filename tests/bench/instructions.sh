#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the shim adds to a request, in instructions and calls: the same on every machine, whatever else
# it does. Counted by callgrind, over a kernel of a few instructions (null_kernel.c).
#
# usage: instructions.sh BUILD
set -eu

build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
bench=$build/bench/bench
shim=$build/libiovashim.so
null=$build/bench/libnull_kernel.so
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset LD_PRELOAD IOVASHIM_CONF IOVASHIM_MODE IOVASHIM_LOG IOVASHIM_GUARD IOVASHIM_DISABLE
export IOVASHIM_QUIET=1 IOVASHIM_GUARD=off GROUP=/dev/vfio/3
declare -A bare few many
times=200 checks=0

fail() {
    echo "not ok instructions: $*" >&2
    exit 1
}

# count ARRAY ROWS VARIABLE=VALUE…: instructions of each row's operation, at an average.
count() {
    local -n into=$1
    local rows=$2 dump key n
    shift 2
    rm -f "$work"/dump*
    env "$@" valgrind -q --tool=callgrind --collect-atstart=no --callgrind-out-file="$work/dump" \
        "$bench" count "$rows" $times 2>"$work/stderr" || fail "$(cat "$work/stderr")"
    for dump in "$work"/dump.*; do
        read -r key n < <(awk '/^desc: Trigger: Client Request: / { key = $NF }
            /^totals:/ { print key, $2 }' "$dump")
        into[$key]=$((n / times))
    done
}

# at_most WHAT NUMBER LIMIT
at_most() {
    echo "    $1: $2 (at most $3)"
    [ "$2" -le "$3" ] || fail "$1: $2, more than $3"
    checks=$((checks + 1))
}

"$here/holes.sh" 32 >"$work/few.conf"
"$here/holes.sh" 10000 >"$work/many.conf"
others="pipe null pty"
[ ! -w /dev/kvm ] || others="kvm $others"
maps="fstat map unmap map-live unmap-live map-1 map-2 map-16"
count bare "$others" A=
count few "$others" LD_PRELOAD="$shim"
for row in $others; do
    at_most "ioctl that is not ours ($row)" $((few[$row] - bare[$row])) 11
done
count bare "$maps" BY_HAND=1 LD_PRELOAD="$null"
count few "$maps" IOVASHIM_CONF="$work/few.conf" LD_PRELOAD="$shim:$null"
count many "$maps" IOVASHIM_CONF="$work/many.conf" LD_PRELOAD="$shim:$null"

# The one fstat is in it. Of a processor of 3 GHz, 50 ns are some 400 instructions.
for row in map unmap; do
    at_most "$row that crosses nothing" $((few[$row] - bare[$row] - bare[fstat])) 400
    at_most "$row beside a split" $((few[$row-live] - bare[$row-live] - bare[fstat])) 400
done
# 2^8.3 times as many holes: as many steps more, of nine instructions each.
at_most 'map that crosses nothing, with 10,000 holes, more' $((many[map] - few[map])) 100
at_most 'unmap that crosses nothing, with 10,000 holes, more' $((many[unmap] - few[unmap])) 0
# A hole more in a mapping: a piece and a gap more.
at_most 'each hole more of 16' $(((few[map-16] - few[map-2] - bare[map-16] + bare[map-2]) / 14)) 1500
at_most 'each hole more of 16, with 10,000 holes' \
    $(((many[map-16] - many[map-2] - bare[map-16] + bare[map-2]) / 14)) 2000

# calls GUARD TIMES: system calls of the program with so many splits in two and UNMAPs; reads aside, of
# which /proc/self/maps takes as many as there are mappings below.
calls() {
    IOVASHIM_GUARD=$1 IOVASHIM_CONF=$work/few.conf strace -E LD_PRELOAD="$shim:$null" -o "$work/calls" \
        "$bench" count map-1 "$2" 2>"$work/stderr" || fail "$(cat "$work/stderr")"
    grep -vc '^read(' "$work/calls"
}

# The MAP: fstat; signals kept out and let in; maps opened and closed. The UNMAP: fstat, signals.
at_most 'system calls of a split in two and its UNMAP' $((($(calls off 3) - $(calls off 1)) / 2)) 8
# More: maps, and maps again for the UNMAP; the page map, read twice; SIGSEGV's handler looked at; access
# taken away and given back.
at_most 'the same, guarded' $((($(calls on 3) - $(calls on 1)) / 2)) 19

# n pieces are n calls, and an UNMAP is one; seen from the kernel's side. Each row is done twice.
IOVAMODEL_HOST=$here/../../src/model/hosts/amd.host IOVAMODEL_LOG=$work/log \
    IOVASHIM_CONF=$work/few.conf LD_PRELOAD="$shim:$build/libiovamodel.so" \
    "$bench" count "map-16 unmap-16" 1 || fail 'over the model'
[ "$(grep -c '^map ' "$work/log")" = $((4 * 17)) ] || fail "$(grep -c '^map ' "$work/log") MAPs for 4 times 17 pieces"
[ "$(grep -c '^unmap ' "$work/log")" = 4 ] || fail "$(grep -c '^unmap ' "$work/log") UNMAPs for 4"
echo "ok instructions: $((checks + 2)) checks"
