# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Many splits by threads at once, under storms of signals, stops and children: none lost, doubled or left behind.
# hosts: amd
# kernels: 6.12 6.1
# limit: 240
# via: seccomp

# shellcheck source=tests/lab/scenarios/supervised.sh
. /lab/scenarios/supervised.sh

# torture ARGS…: what it says is in $W/torture, what is said of it in $W/stderr.
torture() {
    shimmed /lab/torture "$@" "$(group "$DISK")" >"$W/torture" 2>"$W/stderr"
    torture_status=$?
}

# That it finds nothing where all is well.
case_without() {
    without_shim
    torture --bare --splits 1000
    says_ok "$W/torture" $torture_status
}

# And that it would find it: nothing is split here.
case_unsplit() {
    without_shim
    torture --splits 8
    must_equal "its status" 1 $torture_status
    must_have "$W/torture" "^not ok: thread .*mapped: "
    note "$(grep -m 1 '^not ok' "$W/torture")"
}

# Under emulation all takes some thirty times as long, and so does what goes on around the splits.
# LAB_SPLITS says how many of them.
case_storm() {
    with_shim QUIET=1
    unset IOVASHIM_LOG # it would be longer than the test
    area_holes
    torture --splits "${LAB_SPLITS:-400}" --pause 5000
    says_ok "$W/torture" $torture_status
    wait_for 10 "the supervisor's end" supervisor_gone
    must_equal "what a quiet supervisor says" "" "$(cat "$W/stderr")"
}
