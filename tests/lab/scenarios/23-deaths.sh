# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The program killed, or its supervisor, at random moments: nothing stays behind, nothing half done passes for whole.
# hosts: amd
# kernels: 6.12 6.1
# limit: 180
# via: seccomp

# shellcheck source=tests/lab/scenarios/supervised.sh
. /lab/scenarios/supervised.sh

deaths() { # WHOSE ROUNDS
    with_shim
    area_holes
    # shellcheck disable=SC2086 # words
    /lab/deaths "$1" "$2" "$(group "$DISK")" ${runner-} >"$W/deaths" 2>"$W/stderr"
    says_ok "$W/deaths" $?
}

case_program_killed() {
    unset IOVASHIM_LOG
    deaths vmm 50
    must_not_have "$W/stderr" "supervisor was killed"
}

case_supervisor_killed_at_work() {
    deaths supervisor 30
    must_equal "times that it was told" 30 "$(grep -c "^iovashim: .*supervisor was killed" "$W/stderr")"
}

# Between requests: what is mapped stays, and every later request fails.
case_supervisor_killed_idle() {
    deaths idle 5
    must_equal "times that it was told" 5 "$(grep -c "^iovashim: .*supervisor was killed" "$W/stderr")"
    must_equal "times that it was logged" 5 "$(events 'select(.event == "fault" and (.what | test("supervisor was killed")))' | wc -l)"
    must_have "$W/deaths" "a plain MAP: Function not implemented"
    note "$(grep -m 1 "^# with" "$W/deaths" | cut -c 3-)"
}

# Who is to tell of the supervisor's death is killed itself: nothing else changes.
case_watcher_killed() {
    deaths watcher 3
}
