#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boot one L1 host, have it run a plan of cases, and pass on what it says about them.
#
# usage: boot.sh KERNEL HOST PLAN DIRECTORY
#
# KERNEL is 6.12 or 6.1, HOST amd or intel39, PLAN has a line "FILE CASE LIMIT"
# a case. The serial log and each case's files end up in DIRECTORY. Prints the
# host's "LAB" lines as they come, and "LAB hung REASON" if it does not finish.
set -u
{ # Read whole before it runs, so that an edit does not disturb a run.

kernel=$1 host=$2 plan=$3 dir=$4
lab=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$lab/../../build/lab" && pwd)
boot_limit=120 # seconds from power-on to "LAB up"; usual is 6 to 15

tests_initrd() { # the small part: what changes from run to run
    local root=$dir/initrd.dir
    rm -rf "$root"
    mkdir -p "$root/lab/scenarios"
    cp "$lab"/l1-*.sh "$root/lab/"
    cp "$lab"/scenarios/*.sh "$root/lab/scenarios/"
    cp "$plan" "$root/lab/plan"
    find "$cache/programs/" -maxdepth 1 -type f -exec cp {} "$root/lab/" ";"
    [ ! -e "$cache/../kernel_player" ] || cp "$cache/../kernel_player" "$root/lab/"
    [ ! -e "${LAB_SHIM:-}" ] || cp "$LAB_SHIM" "$root/lab/libiovashim.so"
    {
        echo "LAB_KERNEL=$kernel LAB_HOST=$host LAB_TRACE=${LAB_TRACE:-}"
        echo "DISK_MD5=$(cat "$cache/disk.md5") DISK_MD5_64=$(head -c 64M "$cache/disk.img" | md5sum | cut -d' ' -f1)"
    } >"$root/lab/env"
    cp "$lab/l1-init.sh" "$root/init"
    chmod 755 "$root/init"
    (cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$dir/tests.cpio"
    rm -rf "$root"
}

mkdir -p "$dir/results"
tests_initrd
cat "$cache/userland.cpio" "$cache/kernel-$kernel.cpio" "$dir/tests.cpio" >"$dir/initrd"

case $host in
amd) iommu=(-device amd-iommu) arg= ;;
intel39) iommu=(-device "intel-iommu,intremap=on,aw-bits=39") arg=intel_iommu=on ;;
*) echo "LAB hung no such host: $host"; exit 1 ;;
esac

# Emulated, "rep stos" goes one element at a time: without it (erms, fsrm,
# rep_good) clearing pages, and so pinning, is four times as quick.
# shellcheck disable=SC2054 # the commas are QEMU's
qemu=(qemu-system-x86_64 -accel tcg,thread=multi -machine q35,kernel-irqchip=split
    -cpu max,phys-bits=46,-erms,-fsrm -m 6G -smp "${LAB_CPUS:-2}" -display none -nodefaults -no-user-config -no-reboot
    -kernel "$cache/kernel-$kernel/vmlinuz" -initrd "$dir/initrd"
    -append "console=ttyS0 panic=-1 loglevel=4 no_timer_check init_on_alloc=0 clearcpuid=rep_good $arg"
    "${iommu[@]}"
    -drive "file=$cache/disk.img,if=none,id=nv,format=raw,snapshot=on" -device nvme,drive=nv,serial=x,addr=5
    -device e1000e,addr=6 -nic none
    -fsdev "local,id=results,path=$dir/results,security_model=none"
    -device virtio-9p-pci,fsdev=results,mount_tag=results,addr=7
    -serial stdio)
printf '%q ' "${qemu[@]}" >"$dir/command"

exec {serial}< <(exec "${qemu[@]}" </dev/null 2>&1)
pid=$!
trap 'kill "$pid" 2>/dev/null; rm -f "$dir/initrd"' EXIT
trap 'exit 130' INT TERM

# Read the serial line until the host says that it is done. Each case gets a
# little more time here than the host itself gives it.
deadline=$((SECONDS + boot_limit)) ended=
while left=$((deadline - SECONDS)) && [ "$left" -gt 0 ] && IFS= read -r -t "$left" -u "$serial" line; do
    line=${line%$'\r'}
    printf '%s\n' "$line" >>"$dir/serial.log"
    case $line in
    *"LAB "*)
        line="LAB ${line#*LAB }"
        printf '%s\n' "$line"
        ;;
    *) continue ;;
    esac
    case $line in
    "LAB run "*)
        id=${line#LAB run }
        limit=$(awk -v f="${id%%.*}.sh" -v c="${id#*.}" '$1 == f && $2 == c { print $3 }' "$plan")
        deadline=$((SECONDS + ${limit:-60} + 60))
        ;;
    "LAB end") ended=yes deadline=$((SECONDS + 20)) ;;
    *) [ "$line" = "${line#LAB up}" ] || deadline=$((SECONDS + 60)) ;;
    esac
done
[ -n "$ended" ] && exit 0
if [ $((deadline - SECONDS)) -gt 0 ]; then
    echo "LAB hung the host ended early; the end of its log:"
else
    echo "LAB hung no sign of life from the host for too long; the end of its log:"
fi
tail -n 15 "$dir/serial.log" 2>/dev/null | sed 's/^/LAB tail /'
exit 1
}
