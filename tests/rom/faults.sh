#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What goes wrong is said, at the port and on the screen, and stops the machine.
#
# usage: faults.sh BUILD [all]
set -eu
# shellcheck source=tests/rom/lib.bash
. "$(dirname "$0")/lib.bash"
make_initrd
all=${2-}
stop="stop: this machine does not boot unless each hole is reserved"
wrong="error opt/iovashim/holes is wrong at byte"
no_file="error no file opt/iovashim/holes (QEMU's -fw_cfg)"

# given FILE: what is in it are the holes.
given() {
    printf '%s' "$1" >"$work/holes"
    holes=(-fw_cfg "name=opt/iovashim/holes,file=$work/holes")
}
# fault FIRMWARE HOLES LINE…: these holes are refused with these lines.
fault() {
    local firmware=$1
    given "$2"
    shift 2
    machine "$firmware" q35 '^iovashim-rom: stop' "${device[@]}" "${holes[@]}"
    reports "$firmware" "$@" "$stop"
}
# N holes that do not touch, all where there is no memory.
many() { for i in $(seq "$1"); do printf '0x%02x00000000-0x%02x00000fff,' $((i + 64)) $((i + 64)); done; }
range() { printf '0x%016x-0x%016x' "$1" "$2"; }

for f in bios uefi; do
    machine $f q35 '^iovashim-rom: stop' "${device[@]}"
    reports $f "$no_file" "done 0 of 0" "$stop"
    fault $f garbage "$wrong 1: no address of the form 0x110000000" "done 0 of 0"
    [ $f = bios ] || [ "$all" = all ] || continue
    fault $f "$(many 33)" "$wrong 833: more than 32 holes" "done 0 of 0"
    fault $f "$(printf '%2049s' x)" "error opt/iovashim/holes is longer than 2048 bytes" "done 0 of 0"
    fault $f " " "$wrong 2: there are none" "done 0 of 0"
done

# Below 1 MiB (the ROM itself is there), and where SeaBIOS has its tables; a good one all the same.
fault bios "0xc8000-0xcffff,$hole 0x7ffff000-0x7fffffff" \
    "hole $(range 0xc8000 0xcffff) not-reserved the firmware's own memory at 0x00000000000c8000" \
    "hole $(range 0x7ffff000 0x7fffffff) not-reserved the firmware's own memory at 0x000000007ffff000" \
    "hole $hole_long reserved" "done 1 of 3"
fault uefi "$hole 0x7ffff000-0x7fffffff" \
    "hole $(range 0x7ffff000 0x7fffffff) not-reserved the firmware's own memory at 0x000000007ffff000" \
    "hole $hole_long reserved" "done 1 of 2"

# IDs that are not the device's: the firmware does not start the ROM, and nothing is said.
cp "$rom" "$work/wrong.rom"
for at in 32 $((0x20 + $(od -An -tu1 -j 2 -N 1 "$rom") * 512)); do
    [ "$(od -An -tx2 -j "$at" -N 4 "$rom")" = ' 1b36 0005' ] || fail "no PCI IDs at $at"
    printf '\x86\x80' | dd of="$work/wrong.rom" bs=1 seek="$at" conv=notrunc status=none
done
given "$hole"
linux vmlinux
machine bios q35 '^guest up' -device "pci-testdev,romfile=$work/wrong.rom" "${holes[@]}" "${boot[@]}"
[ ! -s "$work/report" ] || fail "a ROM with wrong IDs was started"
shows '^100000000-13fffffff : System RAM'

# The machine goes off by itself, and the screen says why.
machines[q35]="q35,graphics=off -m 3G"
machine bios q35 '^guest up' "${device[@]}" "${boot[@]}"
shows "^iovashim-rom: error no file opt/iovashim/holes"
shows "^iovashim-rom: $stop"
shows_not '^guest up'
[ "$all" = all ] || { done_ faults; exit; }
# OVMF does not look at the IDs.
given "$hole"
machine uefi q35 '^iovashim-rom: done' -device "pci-testdev,romfile=$work/wrong.rom" "${holes[@]}"
reports uefi "hole $hole_long reserved" "done 1 of 1"
machine bios pc '^guest up' "${device[@]}" "${boot[@]}"
reports bios "$no_file" "done 0 of 0" "$stop"
linux vmlinuz
machine uefi q35 '^guest up' "${device[@]}" "${boot[@]}"
shows "iovashim-rom: error no file opt/iovashim/holes"
shows "^iovashim-rom: $stop"
shows_not '^guest up'

# Unless it is told to go on.
for f in bios uefi; do
    given "0x7ffff000-0x7fffffff,$hole"
    machine $f q35 '^guest up' "${device[@]}" "${holes[@]}" "${boot[@]}" -fw_cfg name=opt/iovashim/on-failure,string=boot
    reports $f \
        "hole $(range 0x7ffff000 0x7fffffff) not-reserved the firmware's own memory at 0x000000007ffff000" \
        "hole $hole_long reserved" "done 1 of 2" "the boot goes on, as opt/iovashim/on-failure says"
    linux_is_told
done

# Holes with no memory at all, with memory at their beginning, and as many as there can be.
for f in bios uefi; do
    given "0xfd00000000-0xffffffffff,0x130000000-0x14fffffff"
    machine $f q35 '^guest up' "${device[@]}" "${holes[@]}" "${boot[@]}"
    reports $f "hole $(range 0x130000000 0x14fffffff) reserved" \
        "hole $(range 0xfd00000000 0xffffffffff) empty" "done 2 of 2"
    shows '^100000000-12fffffff : System RAM'
    shows '^130000000-13fffffff : Reserved'

    given "$(for i in $(seq 0 31); do printf '0x1%02x00000-0x1%02xfffff\n' $((i * 2)) $((i * 2)); done)"
    machine $f q35 '^guest up' "${device[@]}" "${holes[@]}" "${boot[@]}"
    [ "$(grep -c 'hole .* reserved$' "$work/report")" = 32 ] || fail "not 32 holes reserved"
    for i in $(seq 0 31); do
        shows "$(printf '^1%02x00000-1%02xfffff : Reserved' $((i * 2)) $((i * 2)))"
    done
done

# Below 4 GiB, under a BIOS, where the firmware is not.
given "0x40000000-0x4fffffff"
machine bios q35 '^guest up' "${device[@]}" "${holes[@]}" "${boot[@]}"
reports bios "hole $(range 0x40000000 0x4fffffff) reserved" "done 1 of 1"
shows '^00100000-3fffffff : System RAM'
shows '^40000000-4fffffff : Reserved'
shows '^50000000-7ff.* : System RAM'
done_ faults
