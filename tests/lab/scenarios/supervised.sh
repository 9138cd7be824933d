# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the scenarios of `iovashim run --via seccomp` share. No scenario itself.

# The policy of the programs that map areas: a hole in each of them (area.h).
area_holes() {
    set --
    for ah_n in 0 1 2 3 4 5 6 7; do
        set -- "$@" "hole 0x20${ah_n}10000-0x20${ah_n}1ffff name=area$ah_n"
    done
    policy "$@"
}

# says_ok FILE STATUS: the last line of what a program printed is its verdict.
says_ok() {
    if [ "$2" != 0 ] || ! grep -q '^ok: ' "$1"; then
        fail "status $2: $(grep '^not ok' "$1" | head -n 5 | tr '\n' ';') $(tail -n 2 "$W/stderr")"
    fi
    note "$(sed -n 's/^ok: //p' "$1")"
}

# Nothing of iovashim's runs any more.
supervisor_gone() {
    for sg_exe in /proc/[0-9]*/exe; do
        [ "$(readlink "$sg_exe")" != /lab/iovashim ] || return 1
    done
}
