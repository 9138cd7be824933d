#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Make a disk from which GRUB, under a BIOS and under UEFI, shows the memory map and boots a kernel.
#
# usage: grub_disk.sh DISK KERNEL INITRD WORDS [COMMAND INITRD-COMMAND]
#
# WORDS are the kernel's command line, COMMAND and INITRD-COMMAND those of GRUB that load it: linux and
# initrd (if nothing is said), linux16 and initrd16, multiboot2 and module2. One partition, FAT: a BIOS
# starts GRUB's first stages, which lie before it, and UEFI the file in it that it looks for. No root.
set -eu
disk=$1 kernel=$2 initrd=$3 words=$4 command=${5-linux} initrd_command=${6-initrd}
start=2048 # sectors of 512 bytes, as all here
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

die() { echo "grub_disk.sh: $*" >&2; exit 1; }

cat >"$work/grub.cfg" <<END
serial --unit=0
terminal_output serial
lsmmap
search --no-floppy --file --set=root /kernel
$command /kernel $words
$initrd_command /initrd
boot
END
core() { # PLATFORM MODULE…
    platform=$1
    shift
    grub-mkimage -O "$platform" -p /grub -c "$work/grub.cfg" -o "$work/core" \
        normal serial terminal lsmmap search search_fs_file part_msdos fat linux multiboot multiboot2 "$@"
}

core i386-pc biosdisk linux16
cat /usr/lib/grub/i386-pc/boot.img "$work/core" >"$disk"
[ "$(stat -c %s "$disk")" -le $((start * 512)) ] || die "GRUB does not fit before the partition"
files=$(($(stat -Lc %s "$kernel") + $(stat -Lc %s "$initrd")))
sectors=$(((files / 512 + 8192) / 2048 * 2048)) # the files, and 3 MiB or more for all else
truncate -s $(((start + sectors) * 512)) "$disk"
# The table's first entry: active, type 0x0c, where, how long; no others.
{
    printf '\200\377\377\377\014\377\377\377'
    for n in $start $sectors; do
        # shellcheck disable=SC2059 # octal, made here
        printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $((n & 255)) $((n >> 8 & 255)) $((n >> 16 & 255)) $((n >> 24)))"
    done
    head -c 48 /dev/zero
} >"$work/table"
dd if="$work/table" of="$disk" bs=1 seek=446 conv=notrunc status=none

core x86_64-efi
mkdir -p "$work/EFI/BOOT"
mv "$work/core" "$work/EFI/BOOT/BOOTX64.EFI"
truncate -s $((sectors * 512)) "$work/fat"
mformat -i "$work/fat" -h 16 -s 63 -T $sectors -H $start ::
mcopy -i "$work/fat" -s "$work/EFI" ::/
mcopy -i "$work/fat" "$kernel" ::/kernel
mcopy -i "$work/fat" "$initrd" ::/initrd
dd if="$work/fat" of="$disk" bs=512 seek=$start conv=notrunc status=none
