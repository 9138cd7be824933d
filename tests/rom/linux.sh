#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest's Linux, started directly with nothing on its command line, keeps off the hole.
#
# usage: linux.sh BUILD [all]
set -eu
# shellcheck source=tests/rom/lib.bash
. "$(dirname "$0")/lib.bash"
make_initrd
told=("hole $hole_long reserved" "done 1 of 1")

linux vmlinux # by its PVH entry
machine bios q35 '^guest up' "${device[@]}" "${holes[@]}" "${boot[@]}"
reports bios "${told[@]}"
linux_is_told
linux vmlinuz
machine uefi q35 '^guest up' "${device[@]}" "${holes[@]}" "${boot[@]}"
reports uefi "${told[@]}"
linux_is_told
[ "${2-}" = all ] || { done_ linux; exit; }

for f in bios uefi; do
    machine $f pc '^guest up' "${device[@]}" "${holes[@]}" "${boot[@]}"
    reports $f "${told[@]}"
    linux_is_told
done
machine bios q35 '^guest up' "${device[@]}" "${holes[@]}" "${boot[@]}" # by its real-mode entry
reports bios "${told[@]}"
linux_is_told

# Without the ROM, the hole is memory like any other.
linux vmlinux
machine bios q35 '^guest up' "${holes[@]}" "${boot[@]}"
shows '^100000000-13fffffff : System RAM'

# No device, but QEMU's -option-rom; behind a root port; both.
machine bios q35 '^guest up' -option-rom "$rom" "${holes[@]}" "${boot[@]}"
reports bios "${told[@]}"
linux_is_told
port=(-device "pcie-root-port,id=root1,chassis=1" -device "pci-testdev,bus=root1,romfile=$rom")
machine bios q35 '^guest up' "${port[@]}" "${holes[@]}" "${boot[@]}"
reports bios "${told[@]}"
linux_is_told
linux vmlinuz
machine uefi q35 '^guest up' "${port[@]}" "${holes[@]}" "${boot[@]}"
reports uefi "${told[@]}"
linux_is_told
for f in bios uefi; do
    machine $f q35 '^guest up' "${device[@]}" "${device[@]}" "${holes[@]}" "${boot[@]}"
    reports $f "${told[@]}" "another copy is at work, this one does nothing"
    linux_is_told
done

# Over starts of the machine: each reports anew.
times=2
for f in bios uefi; do
    linux vmlinuz do=reboot
    machine $f q35 '^guest up' "${device[@]}" "${holes[@]}" "${boot[@]}"
    [ "$(grep -c '^iovashim-rom: version' "$work/report")" = 2 ] || fail "not two reports"
    reports $f "${told[@]}"
    [ "$(grep -ca '^110000000-11fffffff : Reserved' "$work/serial.text")" = 2 ] || fail "not kept by a reboot"
done
# OVMF plans for as much memory of a kind as was used before: a hole is not to count.
! strings -el "$work/vars" | grep -q MemoryTypeInformation || fail "OVMF takes note of reserved memory"
checks=$((checks + 1))
done_ linux
