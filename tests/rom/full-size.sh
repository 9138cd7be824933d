#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest of 1100 GiB, with AMD's hyper-transport range for a hole, boots to user space.
#
# usage: full-size.sh BUILD
#
# Its memory is only promised: no page is there before it is touched. Linux is told to leave most of it
# alone, since to describe it alone would take 18 GiB.
set -eu
# shellcheck source=tests/rom/lib.bash
. "$(dirname "$0")/lib.bash"
make_initrd
machines[big]="pc-q35-7.0,memory-backend=pm -m 1100G"
memory=(-object "memory-backend-ram,id=pm,size=1100G,reserve=off" -cpu "qemu64,phys-bits=46,+pdpe1gb")
holes=(-fw_cfg "name=opt/iovashim/holes,string=0xfd00000000-0xffffffffff,,0xfee00000-0xfeefffff")

for f in bios uefi; do
    linux vmlinuz "memmap=1000G\$8G"
    machine $f big '^guest up' "${memory[@]}" "${device[@]}" "${holes[@]}" "${boot[@]}"
    reports $f "hole 0x00000000fee00000-0x00000000feefffff empty" \
        "hole 0x000000fd00000000-0x000000ffffffffff reserved" "done 2 of 2"
    shows '^fd00000000-ffffffffff : Reserved'
    shows '^10000000000-1137fffffff : System RAM'
done
done_ full-size
