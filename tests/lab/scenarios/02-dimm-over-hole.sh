# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A 12.5 GiB DIMM over the whole of the hyper-transport hole: a piece on either side, and only they are pinned.
# hosts: amd
# kernels: 6.12 6.1
# limit: 60
# via: preload seccomp

case_without() {
    without_shim
    dimm_guest 0xfcf0000000 12800M
    vmm_ends 40
    must_equal "the VMM's exit status" 1 "$REPLY"
    must_have "$W/stderr" "vfio_dma_map(.*, 0xfcf0000000, 0x320000000, .*) = -22 (Invalid argument)"
    note "$(grep -o 'vfio_dma_map.*' "$W/stderr" | head -n 1)"
}

# What is pinned while the guest stands still: as it runs, its firmware has memory unmapped and mapped again.
locked_at_rest() {
    qmp '{"execute":"stop"}'
    locked=$(vmm_locked)
    qmp '{"execute":"cont"}'
}

case_with() {
    with_shim
    # The same guest without the DIMM's half GiB of reachable memory: what is pinned anyway.
    vmm qemu-system-x86_64 -M pc-q35-7.0 -accel tcg -cpu qemu64,phys-bits=44 -m 512M -device "vfio-pci,host=$DISK"
    vmm_answers 40
    locked_at_rest
    base=$locked
    vmm_quit
    rm -f "$W/events.jsonl"

    dimm_guest 0xfcf0000000 12800M
    vmm_answers 40
    vmm_must_run
    must_log '.event == "map" and .action == "split" and .iova == "0x000000fcf0000000-0x000001000fffffff"
        and ([.pieces[] | .iova + " " + .result] == ["0x000000fcf0000000-0x000000fcffffffff ok",
            "0x0000010000000000-0x000001000fffffff ok"])'
    must_log '.event == "guard" and .set == true and .iova == "0x000000fd00000000-0x000000ffffffffff"'
    locked_at_rest
    # The two pieces are 512 MiB; the guest's firmware may have a few pages more or less mapped.
    extra=$(((locked - base) / 1024))
    [ $extra -ge 510 ] && [ $extra -le 514 ] || fail "the DIMM has $extra MiB pinned, not the 512 MiB outside the hole"
    vmm_quit
    note "runs: two pieces, and of the DIMM's 12800 MiB $extra are pinned"
}
