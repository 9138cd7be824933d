#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boot loaders and kernels besides GRUB and Linux read the cut map: Xen, Syslinux, iPXE, memtest86+.
#
# usage: others.sh BUILD
set -eu
# shellcheck source=tests/rom/lib.bash
. "$(dirname "$0")/lib.bash"
make_initrd
told=("hole $hole_long reserved" "done 1 of 1")
packages=$build/rom/packages
"$top/tests/rom/fetch.sh" "$packages" xen-hypervisor-4.17-amd64 syslinux syslinux-common
disk=(-drive "if=none,id=disk,format=raw,file=$work/disk" -device "virtio-blk-pci,drive=disk")

# Xen, by GRUB: under a BIOS it goes by GRUB's map, under UEFI it asks the firmware.
zcat "$packages"/xen-hypervisor-4.17-amd64/boot/xen-4.17-amd64.gz >"$work/xen"
"$top/tests/rom/grub_disk.sh" "$work/disk" "$work/xen" "$work/initrd" \
    "console=com1 com1=115200,8n1 noreboot" multiboot2 module2
for f in bios uefi; do
    machine $f q35 '^\(XEN\) ACPI: RSDP' "${device[@]}" "${holes[@]}" "${disk[@]}"
    reports $f "${told[@]}"
    shows '^\(XEN\) (Xen-e820|EFI) RAM map:'
    shows '^\(XEN\)  \[0000000100000000, 000000010fffffff\] \(usable\)'
    shows '^\(XEN\)  \[0000000110000000, 000000011fffffff\] \(reserved\)'
    shows '^\(XEN\)  \[0000000120000000, 000000013fffffff\] \(usable\)'
done

# Syslinux, which asks the BIOS itself: type 2 is reserved.
truncate -s 16M "$work/disk"
mformat -i "$work/disk" -h 16 -s 63 -T 32768 ::
"$packages/syslinux/usr/bin/syslinux" --install "$work/disk"
modules=$packages/syslinux-common/usr/lib/syslinux/modules/bios
printf 'SERIAL 0 115200\nDEFAULT meminfo.c32\n' >"$work/syslinux.cfg"
mcopy -i "$work/disk" "$work/syslinux.cfg" "$modules/meminfo.c32" "$modules/libcom32.c32" ::/
entry() { printf ' %016xx %016xx %016xx %u ' "$1" $(($2 - $1 + 1)) $(($2 + 1)) "$3"; } # FIRST LAST TYPE
machine bios q35 '^boot:' "${device[@]}" "${holes[@]}" "${disk[@]}"
reports bios "${told[@]}"
shows "$(entry 0x100000000 0x10fffffff 1)"
shows "$(entry 0x110000000 0x11fffffff 2)"
shows "$(entry 0x120000000 0x13fffffff 1)"
# Its other functions of old are as they were.
shows 'INT 15 88: 0xfc00 .* INT 15 E801: 0x3c00 .* 0x7efd '
machine bios q35 '^boot:' "${holes[@]}" "${disk[@]}"
shows "$(entry 0x100000000 0x13fffffff 1)"
shows 'INT 15 88: 0xfc00 .* INT 15 E801: 0x3c00 .* 0x7efd '

# iPXE, from the network card's ROM: it hooks INT 15h too, and boots Linux by what it finds.
mkdir "$work/tftp"
cp "$kernel/vmlinuz" "$work/initrd" "$work/tftp/"
printf '#!ipxe\nkernel vmlinuz console=ttyS0 quiet\ninitrd initrd\nboot\n' >"$work/tftp/boot.ipxe"
machine bios q35 '^guest up' "${device[@]}" "${holes[@]}" \
    -netdev "user,id=net,restrict=on,tftp=$work/tftp,bootfile=boot.ipxe" -device "e1000,netdev=net,bootindex=0"
reports bios "${told[@]}"
linux_is_told

# memtest86+ shows how much memory it found, a little less than 3 GiB, and 256 MiB less with the hole.
# Under a BIOS it sums up four gigabytes of nothing first, which takes it most of a minute.
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
done_ others
