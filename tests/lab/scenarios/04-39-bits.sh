# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A DIMM across the end of what a 39-bit IOMMU can address: no sysfs file says so, only the kernel's own ranges.
# hosts: intel39
# kernels: 6.12 6.1
# limit: 60
# via: preload seccomp

case_without() {
    without_shim
    dimm_guest 0x7fe0000000 1G
    vmm_ends 40
    must_equal "the VMM's exit status" 1 "$REPLY"
    must_have "$W/stderr" "vfio_dma_map(.*, 0x7fe0000000, 0x40000000, .*) = -22 (Invalid argument)"
    note "$(grep -o 'vfio_dma_map.*' "$W/stderr" | head -n 1)"
}

case_with() {
    with_shim
    dimm_guest 0x7fe0000000 1G
    vmm_answers 40
    vmm_must_run
    must_log '.event == "map" and .action == "split" and .iova == "0x0000007fe0000000-0x000000801fffffff"
        and ([.pieces[] | .iova + " " + .result] == ["0x0000007fe0000000-0x0000007fffffffff ok"])'
    must_log '.event == "guard" and .set == true and .iova == "0x0000008000000000-0x000000801fffffff"'
    vmm_quit
    note "runs: one piece below 2^39, the rest guarded"
}

# Wholly beyond: there is no piece to map, so it stays refused, with the reason.
case_beyond() {
    with_shim
    dimm_guest 0x8000000000 1G
    vmm_ends 40
    must_equal "the VMM's exit status" 1 "$REPLY"
    must_have "$W/stderr" "vfio_dma_map(.*, 0x8000000000, 0x40000000, .*) = -22 (Invalid argument)"
    must_log '.event == "map" and .action == "refuse" and .iova == "0x0000008000000000-0x000000803fffffff"'
    note "refused: $(events 'select(.action == "refuse") | .reason' | head -n 1)"
}
