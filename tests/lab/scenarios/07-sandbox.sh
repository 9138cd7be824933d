# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU in its own seccomp sandbox: the shim must not be what it kills QEMU for.
# hosts: amd
# kernels: 6.12 6.1
# limit: 60
# via: preload seccomp

sandboxed_guest() {
    dimm_guest 0xfce0000000 1G \
        -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
}

case_without() {
    without_shim
    sandboxed_guest
    vmm_ends 40
    must_equal "the VMM's exit status" 1 "$REPLY"
    must_have "$W/stderr" "vfio_dma_map(.*, 0xfce0000000, 0x40000000, .*) = -22 (Invalid argument)"
    note "$(grep -o 'vfio_dma_map.*' "$W/stderr" | head -n 1)"
}

case_with() {
    with_shim
    sandboxed_guest
    vmm_answers 40
    vmm_must_run
    must_equal "the VMM's seccomp mode" 2 "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$(vmm_pid)/status")"
    must_log '.event == "map" and .action == "split"'
    must_log '.event == "guard" and .set == true'
    vmm_quit
    note "runs, filtered"
}
