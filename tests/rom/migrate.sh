#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that is migrated keeps the map it started with; what the destination was given counts when it
# starts anew. Without the same ROM the destination takes no guest, and the source goes on.
#
# usage: migrate.sh BUILD
set -eu
# shellcheck source=tests/rom/lib.bash
. "$(dirname "$0")/lib.bash"
make_initrd
declare -A pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null || :; cleanup' EXIT

# start NAME FIRMWARE ARGS…: a machine in $work/NAME, whose monitor takes what tell says.
start() {
    local name=$1 dir=$work/$1 command
    rm -rf "$dir"
    mkdir "$dir"
    mkfifo "$dir/monitor"
    machine_command "$2" q35 "$dir"
    shift 2
    "${command[@]}" -monitor stdio "$@" <>"$dir/monitor" >"$dir/said" 2>&1 &
    pids[$name]=$!
}
tell() { echo "$2" >"$work/$1/monitor"; } # NAME COMMAND
end() {
    kill "${pids[$1]}" 2>/dev/null || :
    wait "${pids[$1]}" 2>/dev/null || :
}

broken() { # NAME TEXT
    cp "$work/$1/said" "$work/qemu"
    cp "$work/$1/report" "$work/$1/serial" "$work/"
    fail "$1: $2"
}
has() { [ "$(tr '\r' '\n' <"$work/$1/$2" | grep -caE -- "$4")" -ge "$3" ]; } # NAME FILE N REGEX
soon() { # NAME WHAT COMMAND…: until it succeeds
    local name=$1 what=$2 tries=0
    shift 2
    until "$@"; do
        [ $((tries += 1)) -lt $((seconds * 10)) ] || broken "$name" "no $what after $seconds seconds"
        sleep 0.1
    done
}
# within NAME FILE N REGEX: that file of the machine's has N lines like REGEX, soon.
within() { soon "$1" "$3 lines like $4 in $2" has "$@"; }
lines() { tr -d '\r' <"$work/$1/serial" | grep -caE -- "$2" || :; } # NAME REGEX

# migrate FIRMWARE TO-ARGS…: a guest that was told of $hole comes to a machine with these arguments.
migrate() {
    local firmware=$1
    shift
    linux vmlinuz do=stay
    start from "$firmware" "${device[@]}" "${holes[@]}" "${boot[@]}"
    within from serial 1 '^guest is here'
    rm -f "$work/socket"
    start to "$firmware" "$@" "${boot[@]}" -incoming "unix:$work/socket"
    soon to "socket" test -S "$work/socket"
    tell from "migrate unix:$work/socket"
}
arrives() {
    within to serial 2 '^guest is here'
    [ "$(lines to '^110000000-11fffffff : Reserved')" -ge 1 ] || broken to "the hole is not reserved any more"
    [ "$(lines to '^100000000-10fffffff : System RAM')" -ge 1 ] || broken to "the memory below it is not there"
    # The ROM has no part in it.
    [ ! -s "$work/to/report" ] || broken to "the ROM ran"
    tell from "info migrate"
    within from said 1 'Migration status: completed'
    end from
    checks=$((checks + 1))
}
# anew LINE…: the guest is reset where it is now, and the ROM reports this.
anew() { # FIRMWARE LINE…
    tell to system_reset
    within to report 1 '^iovashim-rom: done'
    cp "$work/to/report" "$work/report"
    reports "$@"
}
ended() { ! kill -0 "${pids[$1]}" 2>/dev/null; } # NAME
stays() { # REGEX: why
    local before
    soon to "end" ended to
    ! wait "${pids[to]}" || broken to "it took the guest"
    has to said 1 "$1" || broken to "it ends for another reason"
    before=$(lines from '^guest is here')
    within from serial $((before + 2)) '^guest is here'
    checks=$((checks + 1))
}
ends() { end from; end to; }

for f in bios uefi; do
    # The same ROM and holes: nothing changes, not by a new start either.
    migrate $f "${device[@]}" "${holes[@]}"
    arrives
    anew $f "hole $hole_long reserved" "done 1 of 1"
    within to serial 1 '^guest up'
    [ "$(lines to '^110000000-11fffffff : Reserved')" -ge 3 ] || broken to "not reserved after a new start"
    ends

    # Other holes: they count from the next start on.
    migrate $f "${device[@]}" -fw_cfg name=opt/iovashim/holes,string=0x120000000-0x12fffffff
    arrives
    anew $f "hole 0x0000000120000000-0x000000012fffffff reserved" "done 1 of 1"
    within to serial 1 '^120000000-12fffffff : Reserved'
    ends

    # No holes: the guest goes on, and does not start again.
    migrate $f "${device[@]}"
    arrives
    tell to system_reset
    within to report 1 '^iovashim-rom: stop'
    cp "$work/to/report" "$work/report"
    reports $f "error no file opt/iovashim/holes (QEMU's -fw_cfg)" "done 0 of 0" \
        "stop: this machine does not boot unless each hole is reserved"
    ends

    # No such device, or a ROM of another size: the destination ends, and the guest stays where it was.
    migrate $f "${holes[@]}"
    stays 'Unknown ramblock ".*/pci-testdev.rom", cannot accept migration'
    ends
    { cat "$rom"; head -c 65536 /dev/zero; } >"$work/larger.rom"
    migrate $f -device "pci-testdev,romfile=$work/larger.rom" "${holes[@]}"
    stays 'Size mismatch: .*/pci-testdev.rom'
    ends
done
done_ migrate
