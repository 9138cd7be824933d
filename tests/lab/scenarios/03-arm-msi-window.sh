# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An Arm guest, whose RAM has no gap where an x86 host has its MSI window.
# hosts: amd
# kernels: 6.12 6.1
# limit: 90
# via: preload seccomp

arm_guest() {
    vmm qemu-system-aarch64 -M virt -cpu cortex-a57 -m 3G -device "vfio-pci,host=$DISK"
}

case_without() {
    without_shim
    arm_guest
    vmm_ends 60
    must_equal "the VMM's exit status" 1 "$REPLY"
    must_have "$W/stderr" "vfio_dma_map(.*, 0x40000000, 0xc0000000, .*) = -22 (Invalid argument)"
    note "$(grep -o 'vfio_dma_map.*' "$W/stderr" | head -n 1)"
}

case_with() {
    with_shim
    arm_guest
    vmm_answers 60
    vmm_must_run
    must_log '.event == "map" and .action == "split" and .iova == "0x0000000040000000-0x00000000ffffffff"
        and ([.pieces[] | .iova + " " + .result] == ["0x0000000040000000-0x00000000fedfffff ok",
            "0x00000000fef00000-0x00000000ffffffff ok"])'
    must_log '.event == "guard" and .set == true and .iova == "0x00000000fee00000-0x00000000feefffff"'
    vmm_quit
    note "runs: $(events 'select(.action == "split") | [.pieces[].iova]' | head -n 1)"
}
