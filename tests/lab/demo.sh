#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make demo: what goes wrong, what iovashim does about it, and what it says; on an emulated host, live.
set -u
lab=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$lab/../.." && pwd)/build/lab/run/6.12-amd/results
status=0

heading() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# Run cases as `make lab` does, showing its progress.
show() { SCENARIO="$*" KERNEL=6.12 "$lab/run.sh" || status=1; }

quote() { # FILE PATTERN WIDTH
    [ -e "$1" ] && grep -E "$2" "$1" | fold -s -w "${3:-100}" | sed 's/^/    | /'
}

heading "An AMD host reserves 12 GiB below 1 TiB. A guest whose memory crosses that does not start, and with iovashim does"
show 1.without 1.with
heading "What QEMU says without it"
quote "$out/01-dimm-lower-edge.without/stderr" vfio
heading "What iovashim says, on QEMU's standard error"
quote "$out/01-dimm-lower-edge.with/stderr" ^iovashim
heading "What it logged (IOVASHIM_LOG), the mapping's line"
jq -c 'select(.event == "map" or .event == "guard")' "$out/01-dimm-lower-edge.with/events.jsonl" | quote /dev/stdin .

heading "A Linux guest reads a passed-through disk of 640 MiB, with a hole in the middle of its memory"
echo "It is not told and not guarded; it is not told but guarded; it is told (memmap=256M\$0x110000000)."
show 5.guard_off 5.guard_on 5.guard_told
heading "What QEMU says when the guard stops a guest that was not told"
quote "$out/05-guard.guard_on/stderr" 'kvm run failed'
heading "What iovashim says to do"
quote "$out/05-guard.guard_on/stderr" ^iovashim
exit $status
