# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the guard is for: a guest reads a disk through memory that the device cannot reach.
# hosts: amd
# kernels: 6.12
# needs: kvm
# limit: 400
# via: preload seccomp

hole() { policy 'hole 0x110000000-0x11fffffff name=test'; }

# Boot a guest with the disk passed through, told with the kernel arguments $1, and have it read all of it.
boot_and_read() {
    linux_guest "$1" -device "vfio-pci,host=$DISK"
    l2_up
    l2_disk_sum
}

case_without() {
    without_shim
    boot_and_read ""
    must_equal "the checksum" "$DISK_MD5" "$sum"
    note "no hole: checksum right"
}

case_guard_off() {
    with_shim GUARD=off
    hole
    boot_and_read ""
    [ "${#sum}" = 32 ] || fail "no checksum: $REPLY"
    [ "$sum" != "$DISK_MD5" ] || fail "the checksum is right: the guest did not use the hole, this proves nothing"
    must_not_log '.event == "guard"'
    ! l2 20 "dmesg | grep -i 'nvme.*error'" || fail "the guest did notice: $REPLY"
    note "not told, no guard: runs, checksum wrong, and not a word of it"
}

case_guard_on() {
    with_shim
    hole
    linux_guest "" -device "vfio-pci,host=$DISK"
    up_or_stopped() { guest_stopped || l2_ready; }
    wait_for 90 "the guest to come up" up_or_stopped
    guest_stopped || l2_send "md5sum /dev/nvme0n1"
    wait_for 240 "the guest to stop at its first touch of the hole" guest_stopped
    qmp '{"execute":"query-status"}'
    case $REPLY in
    *'"status": "internal-error"'*) ;;
    *) fail "the guest is not stopped: $REPLY" ;;
    esac
    must_not_have "$W/console" "L2 done"
    vmm_quit
    note "not told, guarded: $(grep -m 1 "kvm run failed" "$W/stderr"); nothing corrupted"
}

case_guard_told() {
    with_shim
    hole
    # shellcheck disable=SC2016 # a dollar for the kernel
    boot_and_read 'memmap=256M$0x110000000'
    must_equal "the checksum" "$DISK_MD5" "$sum"
    must_log '.event == "guard" and .set == true and .iova == "0x0000000110000000-0x000000011fffffff"'
    note "told, guarded: runs, checksum right"
}
