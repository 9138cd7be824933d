# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The modes that map nothing around a hole: refuse, and observe.
# hosts: amd
# kernels: 6.12 6.1
# limit: 60
# via: preload seccomp

must_end_with_einval() {
    vmm_ends 40
    must_equal "the VMM's exit status" 1 "$REPLY"
    must_have "$W/stderr" "vfio_dma_map(.*, 0xfce0000000, 0x40000000, .*) = -22 (Invalid argument)"
}

case_refuse() {
    with_shim MODE=refuse
    dimm_guest 0xfce0000000 1G
    must_end_with_einval
    must_log '.event == "map" and .action == "refuse" and .iova == "0x000000fce0000000-0x000000fd1fffffff"
        and (.reason | length) > 0'
    must_not_log '.event == "guard"'
    note "refused: $(events 'select(.action == "refuse") | .reason' | head -n 1)"
}

# The kernel has the last word, and the shim says what it saw.
case_observe() {
    with_shim MODE=observe
    dimm_guest 0xfce0000000 1G
    must_end_with_einval
    must_log '.event == "map" and .action == "observe" and .iova == "0x000000fce0000000-0x000000fd1fffffff"
        and .result == "EINVAL"'
    must_not_log '.event == "guard"'
    note "passed to the kernel, which says EINVAL"
}
