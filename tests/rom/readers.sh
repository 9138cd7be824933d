#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Others than Linux read the cut map: GRUB from a disk, which then boots Linux, and memtest86+.
#
# usage: readers.sh BUILD
set -eu
# shellcheck source=tests/rom/lib.bash
. "$(dirname "$0")/lib.bash"
make_initrd
told=("hole $hole_long reserved" "done 1 of 1")

# grub PLATFORM LINUX-COMMAND INITRD-COMMAND MODULE…: a core image that shows the map, boots Linux.
grub() {
    local platform=$1 linux=$2 initrd=$3
    shift 3
    cat >"$work/grub.cfg" <<END
serial --unit=0
terminal_output serial
lsmmap
set root=(hd0,msdos1)
$linux /vmlinuz console=ttyS0 quiet
$initrd /initrd
boot
END
    grub-mkimage -O "$platform" -p /grub -c "$work/grub.cfg" -o "$work/core" \
        normal serial terminal lsmmap part_msdos fat linux "$@"
}

# A disk with one partition: a BIOS starts GRUB's first stages, which lie before it, and UEFI the file
# in it that it looks for. The commands are the BIOS's.
make_disk() { # LINUX-COMMAND INITRD-COMMAND
    local start=2048 sectors=65536 fat=$work/fat
    grub i386-pc "$1" "$2" biosdisk linux16
    cat /usr/lib/grub/i386-pc/boot.img "$work/core" >"$work/disk"
    [ "$(stat -c %s "$work/disk")" -lt $((start * 512)) ] || fail "GRUB does not fit before the partition"
    truncate -s $(((start + sectors) * 512)) "$work/disk"
    # The table's first entry: active, type 0x0c, where, how long; no others.
    { printf '\x80\xff\xff\xff\x0c\xff\xff\xff\x00\x08\x00\x00\x00\x00\x01\x00'
        head -c 48 /dev/zero; } | dd of="$work/disk" bs=1 seek=446 conv=notrunc iflag=fullblock status=none
    grub x86_64-efi linux initrd
    rm -f "$fat"
    truncate -s $((sectors * 512)) "$fat"
    mformat -i "$fat" -h 16 -s 63 -T $sectors -H $start ::
    mmd -i "$fat" ::/EFI ::/EFI/BOOT
    mcopy -i "$fat" "$work/core" ::/EFI/BOOT/BOOTX64.EFI
    mcopy -i "$fat" "$kernel/vmlinuz" "$work/initrd" ::/
    dd if="$fat" of="$work/disk" bs=512 seek=$start conv=notrunc status=none
}
disk=(-drive "if=none,id=disk,format=raw,file=$work/disk" -device "virtio-blk-pci,drive=disk")

# By GRUB's protected-mode entry of Linux, by its real-mode one (a BIOS's alone), by UEFI's.
for way in "bios linux initrd" "bios linux16 initrd16" "uefi linux initrd"; do
    read -r firmware command initrd_command <<<"$way"
    make_disk "$command" "$initrd_command"
    machine "$firmware" q35 '^guest up' "${device[@]}" "${holes[@]}" "${disk[@]}"
    reports "$firmware" "${told[@]}"
    shows 'base_addr = 0x100000000, length = 0x10000000, available RAM'
    shows 'base_addr = 0x110000000, length = 0x10000000, reserved RAM'
    shows 'base_addr = 0x120000000, length = 0x20000000, available RAM'
    linux_is_told
done

# It shows how much memory it found, a little less than 3 GiB, and 256 MiB less with the hole. Under
# a BIOS it sums up four gigabytes of nothing first, which takes it most of a minute.
for f in uefi bios; do
    file=/boot/memtest86+x64.bin
    [ $f = bios ] || file=/boot/memtest86+x64.efi
    memtest=(-device VGA -kernel "$file" -append "console=ttyS0,115200")
    machine $f q35 'Memory  : +[0-9]' "${holes[@]}" "${memtest[@]}"
    shows 'Memory  : +(2.99|3.00)GB'
    machine $f q35 'Memory  : +[0-9]' "${device[@]}" "${holes[@]}" "${memtest[@]}"
    reports $f "${told[@]}"
    shows 'Memory  : +(2.74|2.75)GB'
done
done_ readers
