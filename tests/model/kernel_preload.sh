#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libiovamodel.so under real programs: descriptors, sysfs, and QEMU with and without the shim.
#
# usage: kernel_preload.sh BUILD
#
# Prints a line a test, "ok" or "not ok"; the exit status is 1 if one failed.
# The guest's RAM may be larger than the machine's: TCG touches little of it.
set -u

build=$(cd "$1" && pwd)
hosts=$(cd "$(dirname "$0")/../../src/model/hosts" && pwd)
model=$build/libiovamodel.so
shim=$build/libiovashim.so
qemu="qemu-system-x86_64"
failed=0

result() { # STATUS NAME
    if [ "$1" -eq 0 ]; then echo "ok $2"; else echo "not ok $2"; failed=1; fi
}

on_host() { # HOST COMMAND…
    local host=$hosts/$1.host
    shift
    env IOVAMODEL_HOST="$host" LD_PRELOAD="$model" "$@"
}

same() { # NAME WANTED GOT
    [ "$2" = "$3" ]
    result $? "$1"
    [ "$2" = "$3" ] || printf '  wanted %s\n  got %s\n' "$2" "$3"
}

on_host amd "$build/tests/kernel_descriptors"
result $? "descriptors"

same "reserved regions" "0x00000000fee00000 0x00000000feefffff msi
0x000000fd00000000 0x000000ffffffffff reserved" \
    "$(on_host amd cat /sys/bus/pci/devices/0000:00:05.0/iommu_group/reserved_regions)"
same "links" /sys/kernel/iommu_groups/4 \
    "$(on_host amd realpath /sys/bus/pci/devices/0000:00:06.0/iommu_group)"
same "kernel" 6.12.0-iovamodel "$(on_host amd uname -r)"
same "nothing without a host" "$(uname -r)" "$(LD_PRELOAD=$model uname -r)"
same "bad description" "iovamodel: /dev/stdin:1:1: 'grup' is not a keyword" "$(
    echo grup 1 | env IOVAMODEL_HOST=/dev/stdin LD_PRELOAD="$model" true 2>&1 | cut -d: -f1-5
)"

# start HOST PRELOAD MEMORY: what QEMU says, with the status it reached if it starts.
start() {
    echo '{"execute":"qmp_capabilities"}{"execute":"query-status"}{"execute":"quit"}' |
        env IOVAMODEL_HOST="$hosts/$1.host" LD_PRELOAD="$2" timeout 60 "$qemu" \
        -M pc-q35-7.0 -cpu qemu64,phys-bits=44 -nodefaults -display none -qmp stdio \
        -object "memory-backend-ram,id=pm,size=$3,reserve=off" -machine memory-backend=pm \
        -m "$3" -device vfio-pci,host=0000:00:05.0 2>&1
}

says() { # NAME PATTERN OUTPUT
    grep -qE "$2" <<<"$3"
    result $? "$1"
    grep -qE "$2" <<<"$3" || printf "  %s\n" "$3"
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkfifo "$dir/fifo"
on_host amd env IOVAMODEL_REHEARSAL=1 sh -c "echo x >$dir/fifo" 2>/dev/null
same "no FIFO in a rehearsal" 2 $?

if ! command -v "$qemu" >/dev/null; then
    echo "ok QEMU # skipped: not installed"
    exit $failed
fi
says "QEMU, 1100G, no hole: running" '"status": "running"' "$(start intel48 "$model" 1100G)"
says "QEMU, 1100G, AMD, no shim: EINVAL" \
    'vfio_dma_map\(0x[0-9a-f]+, 0x100000000, 0x11280000000, 0x[0-9a-f]+\) = -22 \(Invalid argument\)' \
    "$(start amd "$model" 1100G)"
says "QEMU, the guest of 2021: the words of 2021" \
    'vfio_dma_map\(0x[0-9a-f]+, 0x100000000, 0xff30000000, 0x[0-9a-f]+\) = -22 \(Invalid argument\)' \
    "$(start amd "$model" 1047296M)"
# Plain -m, and what the model logs of it.
echo '{"execute":"qmp_capabilities"}{"execute":"cont"}' |
    env IOVAMODEL_HOST="$hosts/intel48.host" IOVAMODEL_LOG="$dir/log" LD_PRELOAD="$model" timeout 8 "$qemu" \
    -M pc-q35-7.0 -cpu qemu64,phys-bits=44 -nodefaults -display none -qmp stdio -m 1100G \
    -device vfio-pci,host=0000:00:05.0 >"$dir/out" 2>&1 &
for _ in $(seq 60); do
    grep -q ':05.0:0$' "$dir/log" 2>/dev/null && break
    sleep 0.1
done
kill %1
wait
says "log: the group" '^group [0-9]+ 3 0$' "$(cat "$dir/log")"
says "log: RAM, of a guest larger than this machine" '^map [0-9]+ 0x100000000 0x11280000000 0x3 0 ram$' "$(cat "$dir/log")"
says "log: the device" '^device 3 0000:00:05.0 1$' "$(cat "$dir/log")"
says "log: where firmware put its BAR" '^map [0-9]+ 0x[0-9a-f]+ 0x3000 0x3 0 0000:00:05.0:0$' "$(cat "$dir/log")"
says "log: what was unmapped" '^unmap [0-9]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x0 0$' "$(cat "$dir/log")"
if [ -e "$shim" ]; then
    says "QEMU, 1100G, AMD, with the shim: running" '"status": "running"' \
        "$(start amd "$shim $model" 1100G)"
else
    echo "ok QEMU with the shim # skipped: libiovashim.so is not built"
fi
exit $failed
