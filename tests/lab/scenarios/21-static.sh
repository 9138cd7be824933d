# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The client in builds that no preloaded library reaches, under a supervisor: what the dynamic one has under the shim.
# hosts: amd
# kernels: 6.12 6.1
# limit: 240
# via: seccomp

# shellcheck source=tests/lab/scenarios/supervised.sh
. /lab/scenarios/supervised.sh

# shellcheck source=tests/lab/scenarios/client_sets.sh
. /lab/scenarios/client_sets.sh

# The bare kernel: that the builds are not at fault.
case_without() {
    without_shim
    huge_pages 8
    run_sets client-direct bare view map unmap
    run_sets client-musl bare view map unmap
    huge_pages 0
}

# Preloading does not reach them, and nothing says so: what all this is for.
case_preload_in_vain() {
    without_shim
    [ -e "$SHIM" ] || skip "no libiovashim.so was built"
    # shellcheck disable=SC2034
    preload=$SHIM
    export IOVASHIM_LOG="$W/events.jsonl"
    huge_pages 8
    run_sets client-glibc bare view
    huge_pages 0
    [ ! -e "$W/events.jsonl" ] || fail "it was reached, and logged"
}

case_view() {
    with_shim
    huge_pages 8
    run_sets client-glibc shim view
    huge_pages 0
    must_log '.event == "map" and .kind == "bar" and (.iova | startswith("0x00000000fedff000-"))'
}

case_map() {
    with_shim
    run_sets client-direct shim map
    must_log '.event == "map" and .kind == "bar" and .action == "observe" and .result == "EINVAL"
        and (.iova | startswith("0x00000000fedff000-"))'
}

case_unmap() {
    with_shim
    run_sets client-direct shim unmap
}

case_memory() {
    with_shim
    run_sets client-glibc shim memory
    must_log '.event == "map" and .action == "refuse" and .reason == "in-use"'
}

case_untouched() {
    with_shim
    run_sets client-glibc shim untouched
    ut_filled=$(events 'select(.event == "guard" and .set and .given_back > 0)' | wc -l)
    must_equal "guards over untouched memory that gave some back" 0 "$ut_filled"
}

case_hugetlb() {
    with_shim
    policy 'hole 0x40200000-0x403fffff name=fits' 'hole 0x50100000-0x501fffff name=cuts'
    huge_pages 12
    run_sets client-glibc shim hugetlb
    huge_pages 0
    must_log '.event == "map" and .action == "refuse" and .reason == "no-guard"'
}

case_owner() {
    with_shim
    run_sets client-direct shim owner
}

case_processes() {
    with_shim
    run_sets client-glibc shim fork exec foreign
}

case_dirty() {
    with_shim
    run_sets client-direct shim dirty
}

case_vaddr() {
    with_shim
    run_sets client-direct shim vaddr
}

case_musl() {
    with_shim
    run_sets client-musl shim map unmap dirty fork exec
}

# It need not be static.
case_dynamic() {
    with_shim
    run_sets client shim map unmap
}

case_inside_skip() {
    with_shim
    policy 'inside skip'
    run_sets client-direct skip skip
}

case_kernel_ranges() {
    with_shim
    policy 'source sysfs off'
    run_sets client-glibc shim unmap dirty
    must_log '.event == "container" and any(.holes[]; .from == "kernel")'
    must_not_log '.event == "container" and any(.holes[]; .from == "sysfs")'
}

case_reserved_regions() {
    with_shim
    policy 'source kernel off'
    run_sets client-glibc shim unmap dirty
    must_log '.event == "container" and any(.holes[]; .from == "sysfs")'
    must_not_log '.event == "container" and any(.holes[]; .from == "kernel")'
}

case_disabled() {
    with_shim DISABLE=1
    run_sets client-direct bare map unmap
    [ ! -s "$W/events.jsonl" ] || fail "a disabled supervisor wrote to its log"
    must_equal "what is said of it" "iovashim run: IOVASHIM_DISABLE is set: the VMM runs as without iovashim" \
        "$(sort -u "$W"/*.err)"
}

case_quiet() {
    with_shim QUIET=1
    run_sets client-glibc shim unmap
    must_equal "what a quiet supervisor says" "" "$(cat "$W"/*.err)"
    must_log '.event == "map" and .action == "split"'
}

# The program does not start, and one line says why.
case_wrong_policy() {
    with_shim
    policy 'hole 0x1x-0x2 name=wrong'
    run_set client-glibc shim first
    must_equal "the exit status" 125 "$client_status"
    must_equal "the output" "" "$(cat "$W/first.tap")"
    must_equal "the lines of the message" 1 "$(wc -l <"$W/first.err")"
    must_have "$W/first.err" "^iovashim run: $W/holes.conf:1:6: "
    note "$(cat "$W/first.err")"
    wait_for 10 "the supervisor's end" supervisor_gone
}
