# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A DIMM across the lower edge of the hyper-transport hole; it stands for a guest of 1 TiB.
# hosts: amd
# kernels: 6.12 6.1
# limit: 60
# via: preload seccomp

case_without() {
    without_shim
    dimm_guest 0xfce0000000 1G
    vmm_ends 40
    must_equal "the VMM's exit status" 1 "$REPLY"
    must_have "$W/stderr" "vfio_dma_map(.*, 0xfce0000000, 0x40000000, .*) = -22 (Invalid argument)"
    note "$(grep -o 'vfio_dma_map.*' "$W/stderr" | head -n 1)"
}

case_with() {
    with_shim
    dimm_guest 0xfce0000000 1G
    vmm_answers 40
    vmm_must_run
    must_log '.event == "start" and .mode == "split" and .guard == true'
    must_log '.event == "container" and (.holes | tostring | contains("0x000000fd00000000-0x000000ffffffffff"))'
    must_log '.event == "map" and .kind == "ram" and .action == "split"
        and .iova == "0x000000fce0000000-0x000000fd1fffffff" and .size == 1073741824
        and (.pieces | length) == 1 and .pieces[0].iova == "0x000000fce0000000-0x000000fcffffffff"
        and .pieces[0].result == "ok"'
    must_log '.event == "guard" and .set == true and .iova == "0x000000fd00000000-0x000000fd1fffffff"'
    must_have "$W/stderr" "^iovashim: "
    vmm_quit
    must_log '.event == "summary"'
    note "runs: $(events 'select(.event == "map" and .action == "split") | .pieces' | head -n 1)"
}
