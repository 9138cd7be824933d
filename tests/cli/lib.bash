# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of the command are written in: run it, look at its status and its words.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0

fail() {
    echo "not ok ${0##*/}: $*" >&2
    exit 1
}

# expect STATUS COMMAND…: run it; what it prints, stderr too, is in $work/out.
expect() {
    local wanted=$1 status=0
    shift
    "$@" >"$work/out" 2>&1 </dev/null || status=$?
    [ "$status" = "$wanted" ] || fail "$* ended with $status, not $wanted: $(head -c 2000 "$work/out")"
    checks=$((checks + 1))
}

# has_line REGEX, has_no_line REGEX: of what the last command printed.
has_line() {
    grep -qE -- "$1" "$work/out" || fail "no line like: $1, in: $(head -c 2000 "$work/out")"
    checks=$((checks + 1))
}
has_no_line() {
    ! grep -qE -- "$1" "$work/out" || fail "a line like: $1, in: $(head -c 2000 "$work/out")"
    checks=$((checks + 1))
}

# within TENTHS COMMAND…: until it succeeds. The name says how often that is tried, every 0.1 s.
within() {
    local tenths=$1
    shift
    until "$@"; do
        [ $((tenths -= 1)) -ge 0 ] || return 1
        sleep 0.1
    done
}

# Does nothing run of the copy of iovashim in $work?
nobody() {
    local exe
    for exe in /proc/[0-9]*/exe; do
        [ "$(readlink "$exe" 2>/dev/null)" != "$work/iovashim" ] || return 1
    done
}

done_() { echo "ok $1: $checks checks"; }
