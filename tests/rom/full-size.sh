#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest of 1100 GiB with a passed-through device, under the shim, and AMD's hyper-transport range for
# a hole: its mapping is split and guarded, and Linux boots to user space without a touch of the guard.
#
# usage: full-size.sh BUILD
#
# The host is the model, which pins nothing, and the guest's memory is only promised: no page is there
# before it is touched. Linux is told to leave most of it alone, since to describe it alone would take
# 18 GiB; of the hole, nothing but the ROM tells it.
set -eu
# shellcheck source=tests/rom/lib.bash
. "$(dirname "$0")/lib.bash"
make_initrd
machines[big]="pc-q35-7.0,memory-backend=pm -m 1100G"
memory=(-object "memory-backend-ram,id=pm,size=1100G,reserve=off" -cpu "qemu64,phys-bits=46,+pdpe1gb")
holes=(-fw_cfg "name=opt/iovashim/holes,string=0xfd00000000-0xffffffffff,,0xfee00000-0xfeefffff")
passed=(-device "vfio-pci,host=0000:00:05.0")
on_model() { # PRELOADED…
    under=(env "LD_PRELOAD=$*" "IOVAMODEL_HOST=$top/src/model/hosts/amd.host"
        "IOVASHIM_LOG=$work/events" IOVASHIM_QUIET=1)
}
logged() { # JQ-FILTER
    jq -es "any(.[]; $1)" "$work/events" >/dev/null || fail "not logged: $1"
    checks=$((checks + 1))
}

# Without the shim, the kernel refuses the mapping.
on_model "$build/libiovamodel.so"
machine_command bios big "$work"
! "${command[@]}" "${memory[@]}" "${passed[@]}" >"$work/qemu" 2>&1 </dev/null || fail "it starts without the shim"
grep -q 'vfio_dma_map(.*, 0x100000000, 0x11280000000, .*) = -22 (Invalid argument)' "$work/qemu" ||
    fail "it ends for another reason"
checks=$((checks + 1))

on_model "$build/libiovashim.so" "$build/libiovamodel.so"
for f in bios uefi; do
    rm -f "$work/events"
    linux vmlinuz "memmap=1000G\$8G"
    machine $f big '^guest up' "${memory[@]}" "${device[@]}" "${holes[@]}" "${passed[@]}" "${boot[@]}"
    reports $f "hole 0x00000000fee00000-0x00000000feefffff empty" \
        "hole 0x000000fd00000000-0x000000ffffffffff reserved" "done 2 of 2"
    shows '^fd00000000-ffffffffff : Reserved'
    shows '^10000000000-1137fffffff : System RAM'
    logged '.event == "map" and .action == "split" and .result == "ok" and .guarded and
        .iova == "0x0000000100000000-0x000001137fffffff"'
    # None was refused, and QEMU was ended by us.
    logged '.event == "summary" and .guarded and .refusals == 0 and .failures == 0 and .unreachable == 12884901888'
done
done_ full-size
