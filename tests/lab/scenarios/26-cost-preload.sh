# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the preload costs on a real kernel with real VFIO, as a table (tests/bench); under emulation the
# times say little, the ratios more, so that nothing is judged but that all of it was measured.
# hosts: amd
# kernels: 6.12 6.1
# limit: 240
# when: all

# shellcheck source=tests/lab/scenarios/supervised.sh
. /lab/scenarios/supervised.sh

# Holes as rows_vfio.c wants them.
bench_holes() {
    awk 'BEGIN { for (i = 0; i < 32; i++) {
        first = 536870912 + i * 65536
        printf "hole 0x%x-0x%x name=h%d\n", first, first + 4095, i
    } }' >"$W/holes.conf"
}

# side_by_side FILE ROWS GUARD: each of the two has a group of its own. They take turns, on one CPU.
side_by_side() {
    taskset -c 0 /lab/bench table 15 "$2" "bare=env BY_HAND=1 GROUP=$(group "$NIC")" \
        "preload=env GROUP=$(group "$DISK") LD_PRELOAD=/lab/libiovashim.so IOVASHIM_CONF=$W/holes.conf IOVASHIM_GUARD=$3" \
        >"$1" 2>"$W/stderr" || fail "no table: $(tail -n 2 "$W/stderr")"
    # shellcheck disable=SC2086 # words
    set -- "$1" $2
    must_equal "lines of the table" $(($# + 1)) "$(wc -l <"$1")"
    must_equal "figures that are missing" 0 "$(grep -c ' – ' "$1")"
    while IFS= read -r line; do say "$line"; done <"$1"
}

case_table() {
    with_shim QUIET=1
    unset IOVASHIM_LOG IOVASHIM_CONF IOVASHIM_GUARD
    bench_holes
    crossing="map-1 unmap-1 map-2 unmap-2 map-16 unmap-16"
    side_by_side "$W/table" "pipe null fstat map unmap map-live unmap-live $crossing" off
    side_by_side "$W/guarded" "$crossing" on
}
