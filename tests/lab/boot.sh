#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boot one L1 host, have it run a plan of cases, and pass on what it says about them.
#
# usage: boot.sh KERNEL HOST PURPOSE DIRECTORY RESULTS
#
# KERNEL is 6.12 or 6.1, HOST amd or intel39, PURPOSE kvm (it runs Linux guests)
# or plain; DIRECTORY/plan has a line "FILE CASE LIMIT WAY" a case. The kernel's
# console ends up in DIRECTORY/console.log, what l1-init.sh says in
# DIRECTORY/lab.log, and the cases' files in RESULTS. Prints the host's "LAB"
# lines as they come, and "LAB died REASON" if it does not finish.
set -u
{ # Read whole before it runs, so that an edit does not disturb a run.

kernel=$1 host=$2 purpose=$3 dir=$4 results=$5
lab=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$lab/../../build/lab" && pwd)
boot_limit=180   # seconds from power-on to "LAB up"; usual is 6 to 15
silence_limit=45 # seconds without a tick: the host hangs; it ticks every 5

# The command under test, what it looks for beside it, and those of its libraries that the userland has not.
command_under_test() { # ROOT
    cp "$LAB_IOVASHIM" "$1/lab/iovashim"
    for beside in libiovamodel.so iovashim-reserve.rom; do
        beside=${LAB_IOVASHIM%/*}/$beside
        [ ! -e "$beside" ] || cp "$beside" "$1/lab/"
    done
    cpio --quiet -it <"$cache/userland.cpio" >"$dir/userland.list"
    ldd "$LAB_IOVASHIM" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p' |
        while read -r library; do
            ! grep -qxF "${library#/}" "$dir/userland.list" || continue
            mkdir -p "$1${library%/*}"
            cp -L "$library" "$1$library"
        done
    rm "$dir/userland.list"
}

tests_initrd() { # the small part: what changes from run to run
    local root=$dir/initrd.dir
    rm -rf "$root"
    mkdir -p "$root/lab/scenarios"
    cp "$lab"/l1-*.sh "$root/lab/"
    cp "$LAB_SCENARIOS"/*.sh "$root/lab/scenarios/"
    cp "$dir/plan" "$root/lab/plan"
    find "$cache/programs/" -maxdepth 1 -type f -exec cp {} "$root/lab/" ";"
    [ ! -e "$cache/../kernel_player" ] || cp "$cache/../kernel_player" "$root/lab/"
    [ ! -e "$LAB_SHIM" ] || cp "$LAB_SHIM" "$root/lab/libiovashim.so"
    [ ! -e "$LAB_IOVASHIM" ] || command_under_test "$root"
    {
        echo "LAB_KERNEL=$kernel LAB_HOST=$host LAB_PURPOSE=$purpose LAB_PATIENCE=$LAB_PATIENCE LAB_TRACE=${LAB_TRACE:-} LAB_SPLITS=${LAB_SPLITS:-}"
        echo "DISK_MD5=$(cat "$cache/disk-640M.md5") DISK_MD5_64=$(head -c 64M "$cache/disk-640M.img" | md5sum | cut -d' ' -f1)"
    } >"$root/lab/env"
    cp "$lab/l1-init.sh" "$root/init"
    chmod 755 "$root/init"
    (cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$dir/tests.cpio"
    rm -rf "$root"
}

tests_initrd
[ "$purpose" = kvm ] && guest=$cache/guest-$kernel.cpio || guest=
cat "$cache/userland.cpio" "$cache/kernel-$kernel.cpio" ${guest:+"$guest"} "$dir/tests.cpio" >"$dir/initrd"
rm "$dir/tests.cpio"

case $host in
amd) iommu=(-device amd-iommu) arg= ;;
intel39) iommu=(-device "intel-iommu,intremap=on,aw-bits=39") arg=intel_iommu=on ;;
*) echo "LAB died no such host: $host"; exit 1 ;;
esac

# Hosts that run guests under KVM have one CPU, and a timer that ticks by itself: with
# two CPUs they die of the emulation, and a lost tick would be their last (README.md).
case $purpose in
kvm) cpus=1 arg="$arg nohz=off highres=off" ;;
*) cpus=2 ;;
esac

# Emulated, "rep stos" goes one element at a time: without it (erms, fsrm,
# rep_good) clearing pages, and so pinning, is four times as quick.
# shellcheck disable=SC2054 # the commas are QEMU's
qemu=(qemu-system-x86_64 -accel tcg,thread=multi -machine q35,kernel-irqchip=split
    -cpu max,phys-bits=46,-erms,-fsrm -m 6G -smp "${LAB_CPUS:-$cpus}"
    -display none -nodefaults -no-user-config -no-reboot
    -kernel "$cache/kernel-$kernel/vmlinuz" -initrd "$dir/initrd"
    -append "console=ttyS0 panic=-1 loglevel=4 no_timer_check init_on_alloc=0 clearcpuid=rep_good $arg"
    "${iommu[@]}"
    -drive "file=$cache/disk-640M.img,if=none,id=nv,format=raw,snapshot=on" -device nvme,drive=nv,serial=x,addr=5
    -device e1000e,addr=6 -nic none
    -fsdev "local,id=results,path=$results,security_model=none"
    -device virtio-9p-pci,fsdev=results,mount_tag=results,addr=7
    -serial "file:$dir/console.log" -serial stdio)
printf '%q ' "${qemu[@]}" >"$dir/command"

exec {said}< <(exec "${qemu[@]}" </dev/null 2>&1)
pid=$!
trap 'kill "$pid" 2>/dev/null; rm -f "$dir/initrd"' EXIT
trap 'exit 130' INT TERM

# Seconds to wait for the next line: until the deadline, or what silence is allowed.
patience() {
    local left=$((deadline - SECONDS))
    [ -z "$up" ] || [ $left -lt $silence_limit ] || left=$silence_limit
    echo $left
}

# Read what the host says until it says that it is done. Each case gets a little more
# time here than the host itself gives it.
deadline=$((SECONDS + boot_limit)) up='' ended='' reason='it ended early'
while left=$(patience) && [ "$left" -gt 0 ]; do
    IFS= read -r -t "$left" -u "$said" line
    status=$?
    if [ $status -ne 0 ]; then
        [ $status -le 128 ] || reason="no sign of life for $left s" # else it is the end of the line
        break
    fi
    line=${line%$'\r'}
    [ "$line" != "LAB tick" ] || continue
    printf '%s\n' "$line" >>"$dir/lab.log"
    case $line in
    *"LAB "*)
        line="LAB ${line#*LAB }"
        printf '%s\n' "$line"
        ;;
    *) continue ;;
    esac
    case $line in
    "LAB run "*)
        id=${line#LAB run } id=${id%+*}
        limit=$(awk -v f="${id%%.*}.sh" -v c="${id#*.}" '$1 == f && $2 == c { print $3; exit }' "$dir/plan")
        deadline=$((SECONDS + ${limit:-60} + 60))
        ;;
    "LAB end") ended=yes deadline=$((SECONDS + 20)) ;;
    "LAB up"*) up=yes deadline=$((SECONDS + 60)) ;;
    "LAB ok"* | "LAB skip"* | "LAB fail"*) deadline=$((SECONDS + 60)) ;; # until the next one runs
    esac
done
[ -n "$ended" ] && exit 0
[ $((deadline - SECONDS)) -gt 0 ] || reason="it took too long"
echo "LAB died $reason; from its console:"
# What tells most: what the kernel calls the matter, or else where it stopped.
{ grep -aE 'sysrq:|BUG:|Oops|RIP: 0010|[Pp]anic|soft lockup|rcu.*stall' "$dir/console.log" ||
    tail -n 5 "$dir/console.log"; } 2>/dev/null | head -n 6 | tr -d '\r' | sed 's/^/LAB tail /'
exit 1
}
