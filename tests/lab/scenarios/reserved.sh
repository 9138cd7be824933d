# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the scenarios of guests share whom `iovashim run --reserve` has told of the hole. No scenario itself.

hole() { policy 'hole 0x110000000-0x11fffffff name=test'; }

# What start starts has SeaBIOS, unless the case says under_uefi first: OVMF, which takes minutes (README.md).
firmware=bios up_within=150
under_uefi() { firmware=uefi up_within=400; }

# start BOOT: a guest with the disk passed through. BOOT is elf (-kernel, by its PVH entry; SeaBIOS only),
# bzimage (-kernel), or disk (GRUB). Nothing in any of it says a word of the hole.
start() {
    case $1 in
    elf) set -- -kernel /guest/vmlinux -initrd /guest/initrd -append "$(cat /guest/words)" ;;
    bzimage) set -- -kernel /guest/vmlinuz -initrd /guest/initrd -append "$(cat /guest/words)" ;;
    disk)
        set -- -drive "if=none,id=boot,format=raw,readonly=on,file=/guest/disk" \
            -device "virtio-blk-pci,drive=boot,bootindex=0"
        ;;
    esac
    if [ $firmware = uefi ]; then
        cp /guest/ovmf "$W/flash"
        # An interrupt controller of QEMU's own, which the emulated KVM survives (README.md). It has not what
        # KVM's own CPU features take.
        set -- -drive "if=pflash,format=raw,file=$W/flash" \
            -machine kernel-irqchip=off -cpu host,-xsave,-kvm,phys-bits=44 "$@"
    fi
    guest_machine -action reboot=reset -device "vfio-pci,host=$DISK" "$@"
}

# The guest came up for the $l2_starts-th time, and keeps off the hole.
must_be_told() {
    l2_up $up_within
    must_equal "starts that the ROM reports" "$l2_starts" "$(events 'select(.event == "rom")' | wc -l)"
    must_equal "what it reports" "[true,\"$firmware\",[{\"range\":\"0x0000000110000000-0x000000011fffffff\",\"state\":\"reserved\"}]]" \
        "$(events 'select(.event == "rom") | [.told, .firmware, .holes]' | tail -n 1)"
    l2 20 "cat /proc/iomem" || fail "the guest cannot tell where its memory is: $REPLY"
    echo "$REPLY" >"$W/iomem"
    must_have "$W/iomem" '^110000000-11fffffff : Reserved'
    must_have "$W/iomem" '^100000000-10fffffff : System RAM'
    must_have "$W/iomem" '^120000000-12fffffff : System RAM'
    l2 20 "cat /proc/cmdline" || fail "$REPLY"
    case $REPLY in *memmap=*) fail "the guest was told by other means: $REPLY" ;; esac
    must_match_guards 200
    must_equal "the guards in force" 1 "$(logged_guards | wc -l)"
    must_log '.event == "guard" and .set == true and .iova == "0x0000000110000000-0x000000011fffffff"'
}

# It reads more than there is room for but in the hole, and is neither stopped nor misled.
must_read_right() {
    rr_begun=$(uptime_s)
    l2_disk_sum
    must_equal "the checksum" "$DISK_MD5" "$sum"
    vmm_must_run
    b_note="$b_note, read in $(seconds_since "$rr_begun") s"
}

# without BOOT: started without --reserve, the guest is stopped at its first touch of the hole.
without() {
    with_shim
    hole
    start "$1"
    up_or_stopped() { guest_stopped || l2_ready; }
    wait_for $up_within "the guest to come up" up_or_stopped
    guest_stopped || l2_send "md5sum /dev/nvme0n1"
    wait_for 240 "the guest to stop at its first touch of the hole" guest_stopped
    must_not_have "$W/console" "L2 done"
    note "without --reserve: $(grep -m 1 "kvm run failed" "$W/stderr")"
    vmm_quit
}

seconds_since() { echo $(($(uptime_s) - $1)); }

# by BOOT [before]: all that is promised, and after a reboot again; the disk is read only before that, or both times.
by() {
    with_reserve
    hole
    b_begun=$(uptime_s)
    start "$1"
    must_be_told
    b_note="up after $(seconds_since "$b_begun") s"
    must_read_right
    b_begun=$(uptime_s)
    l2_reboot $up_within
    must_be_told
    b_note="$b_note; up again after $(seconds_since "$b_begun") s"
    [ "${2-}" = before ] || must_read_right
    note "told by --reserve alone, checksum right; $b_note"
    vmm_quit
}
