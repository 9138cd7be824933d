# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a supervisor costs, as a table; under emulation the times say little, so that nothing is judged.
# hosts: amd
# kernels: 6.12 6.1
# limit: 120
# via: seccomp
# when: all

# shellcheck source=tests/lab/scenarios/supervised.sh
. /lab/scenarios/supervised.sh

# Without the guard, whose cost is the same as under the preload.
case_table() {
    with_shim QUIET=1 GUARD=off
    unset IOVASHIM_LOG
    area_holes
    # shellcheck disable=SC2086 # words
    /lab/bench_supervisor "$(group "$DISK")" ${runner-} >"$W/table" 2>"$W/stderr" ||
        fail "no table: $(tail -n 2 "$W/stderr")"
    must_equal "lines of the table" 8 "$(wc -l <"$W/table")"
    while IFS= read -r line; do say "$line"; done <"$W/table"
}
