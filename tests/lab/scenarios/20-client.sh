# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The client's further sets: every edge, UNMAP, backings, ownership, migration, hygiene, wrong policies.
# hosts: amd
# kernels: 6.12 6.1
# limit: 120

# shellcheck source=tests/lab/scenarios/client_sets.sh
. /lab/scenarios/client_sets.sh

case_without() {
    without_shim
    run_sets client bare map unmap memory owner fork exec dirty vaddr foreign first
}

case_map() {
    with_shim
    run_sets client shim map
    must_log '.event == "map" and .kind == "bar" and .action == "observe" and .result == "EINVAL"
        and (.iova | startswith("0x00000000fedff000-"))'
    must_not_log '.event == "guard" and .set and (.iova | startswith("0x00000000fee00000-0x00000000fee02"))'
}

case_unmap() {
    with_shim
    run_sets client shim unmap
}

# Either source of the host's holes is enough by itself.
case_kernel_ranges() {
    with_shim
    policy 'source sysfs off'
    run_sets client shim unmap dirty
    must_log '.event == "container" and any(.holes[]; .from == "kernel")'
    must_not_log '.event == "container" and any(.holes[]; .from == "sysfs")'
}

case_reserved_regions() {
    with_shim
    policy 'source kernel off'
    run_sets client shim unmap dirty
    must_log '.event == "container" and any(.holes[]; .from == "sysfs")'
    must_not_log '.event == "container" and any(.holes[]; .from == "kernel")'
}

case_memory() {
    with_shim
    run_sets client shim memory
    must_log '.event == "map" and .action == "refuse" and .reason == "in-use"'
}

# To prove that memory is unused must not fill it: behind a hole of 12 GiB that is 12 GiB.
case_untouched() {
    with_shim
    run_sets client shim untouched
    must_log '.event == "guard" and .set'
    ut_filled=$(events 'select(.event == "guard" and .set and .given_back > 0)' | wc -l)
    must_equal "guards over untouched memory that gave some back" 0 "$ut_filled"
}

case_hugetlb() {
    with_shim
    policy 'hole 0x40200000-0x403fffff name=fits' 'hole 0x50100000-0x501fffff name=cuts'
    huge_pages 12
    run_sets client shim hugetlb
    huge_pages 0
    must_log '.event == "map" and .action == "refuse" and .reason == "no-guard"'
}

case_owner() {
    with_shim
    run_sets client shim owner
}

case_fork() {
    with_shim
    run_sets client shim fork
}

case_exec() {
    with_shim
    run_sets client shim exec
}

case_dirty() {
    with_shim
    run_sets client shim dirty
}

case_vaddr() {
    with_shim
    run_sets client shim vaddr
}

case_foreign() {
    with_shim
    run_sets client shim foreign
}

case_inside_skip() {
    with_shim
    policy 'inside skip'
    run_sets client skip skip
}

case_disabled() {
    with_shim DISABLE=1
    run_sets client bare map unmap memory owner
    [ ! -s "$W/events.jsonl" ] || fail "a disabled shim wrote to its log"
    must_equal "what a disabled shim says" "" "$(cat "$W"/*.err)"
}

case_quiet() {
    with_shim QUIET=1
    run_sets client shim unmap memory
    must_equal "what a quiet shim says" "" "$(cat "$W"/*.err)"
    must_log '.event == "map" and .action == "refuse"'
}

# must_not_start MESSAGE: the client ends at its first request, with one line on its standard error.
must_not_start() {
    run_set client shim first
    must_equal "the exit status" 125 "$client_status"
    must_equal "the output" "# the first request" "$(cat "$W/first.tap")"
    must_equal "the lines of the message" 1 "$(wc -l <"$W/first.err")"
    must_have "$W/first.err" "^iovashim: $1"
    note "$(cat "$W/first.err")"
}

case_wrong_policy() {
    with_shim
    policy 'hole 0x1x-0x2 name=wrong'
    must_not_start "$W/holes.conf:1:6: "
}

case_policy_is_a_directory() {
    with_shim
    mkdir "$W/holes.conf"
    export IOVASHIM_CONF="$W/holes.conf"
    must_not_start "$W/holes.conf:1:1: .*directory"
}

case_policy_includes_itself() {
    with_shim
    policy "include $W/other.conf"
    echo "include $W/holes.conf" >"$W/other.conf"
    must_not_start "$W/other.conf:1:9: .*loop"
}

case_policy_is_missing() {
    with_shim
    export IOVASHIM_CONF="$W/none.conf"
    must_not_start "$W/none.conf:1:1: .*no such file"
}
