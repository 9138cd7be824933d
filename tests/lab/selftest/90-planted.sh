# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What make lab-selftest runs: cases that pass, fail, or take their host with them.
# hosts: amd
# kernels: 6.12
# limit: 30

# What outlives the host: the directory that it shares with L0.
before() { # NAME: how often has this been run before?
    b_times=$(cat "/results/$1" 2>/dev/null || echo 0)
    echo $((b_times + 1)) >"/results/$1"
    sync
    return "$b_times"
}

panic() {
    echo c >/proc/sysrq-trigger
    sleep 60
}

case_passes() { note "as it should"; }

case_panics_once() { before panics_once && panic; note "as it should"; }

case_fails() {
    echo "what it saw last"
    fail "as it should"
}

case_hangs_once() {
    before hangs_once || return 0
    echo 0 >/proc/sys/kernel/panic
    panic
}

case_panics_always() { panic; }

case_overruns() { sleep 60; }

case_passes_too() { note "as it should"; }
