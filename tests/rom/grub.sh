#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# GRUB from a disk shows the cut map, and Linux that it boots keeps off the hole.
#
# usage: grub.sh BUILD
set -eu
# shellcheck source=tests/rom/lib.bash
. "$(dirname "$0")/lib.bash"
make_initrd
told=("hole $hole_long reserved" "done 1 of 1")
disk=(-drive "if=none,id=disk,format=raw,file=$work/disk" -device "virtio-blk-pci,drive=disk")

# By GRUB's protected-mode entry of Linux, by its real-mode one (a BIOS's alone), by UEFI's.
for way in "bios linux initrd" "bios linux16 initrd16" "uefi linux initrd"; do
    read -r firmware command initrd_command <<<"$way"
    "$top/tests/rom/grub_disk.sh" "$work/disk" "$kernel/vmlinuz" "$work/initrd" "console=ttyS0 quiet" \
        "$command" "$initrd_command"
    machine "$firmware" q35 '^guest up' "${device[@]}" "${holes[@]}" "${disk[@]}"
    reports "$firmware" "${told[@]}"
    shows 'base_addr = 0x100000000, length = 0x10000000, available RAM'
    shows 'base_addr = 0x110000000, length = 0x10000000, reserved RAM'
    shows 'base_addr = 0x120000000, length = 0x20000000, available RAM'
    linux_is_told
done
done_ grub
