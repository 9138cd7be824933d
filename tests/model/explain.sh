#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Failing situations, each with what the log has to say of it: cause, what it means to the VMM, and
# the change that mends it. Changes that can be carried out are, and have to help.
#
# usage: explain.sh BUILD     where libiovashim.so and libiovamodel.so are; QEMU's part is skipped
#                             where it is not installed
#
# Prints a line a test, "ok" or "not ok"; the exit status is 1 if one failed.
set -u

build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
hosts=$here/../../src/model/hosts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
situations=0

result() { # STATUS NAME
    if [ "$1" -eq 0 ]; then echo "ok $2"; else echo "not ok $2"; failed=1; fi
}

${CC:-cc} -Wall -Wextra -O1 -o "$work/client" "$here/explain.c" || exit 1
echo 'crossing observe
inside observe' >"$work/observe.conf"
echo 'hole 0x110000000-0x11fffffff name=site crossing=refuse' >"$work/rule.conf"
echo 'hole 0x110000000-0x11fffffff crossing=observe' >"$work/site.conf"
echo 'crossing refuse' >"$work/refuse.conf"
echo '# as built in' >"$work/plain.conf"

# host NAME [LINE…]: $work/NAME.host, like the NAME before the dash, with lines that replace or follow.
host() {
    local name=$1 line
    shift
    cp "$hosts/${name%%-*}.host" "$work/$name.host"
    for line; do
        if grep -q "^${line%% *} " "$work/$name.host"; then
            sed -i "s|^${line%% *} .*|$line|" "$work/$name.host"
        else
            echo "$line" >>"$work/$name.host"
        fi
    done
}
host amd
host intel39
host amd-few 'entries 2'
host amd-locked 'memlock 64K'
host amd-fault 'fail map 1 EFAULT'
host amd-fault3 'fail map 3 EFAULT'
host amd-poor 'fail map 1 ENOMEM'
host amd-odd 'fail map 1 EPERM'
host amd-old 'kernel 5.3'
printf 'kernel 6.12\ngroup 3 noiommu\n  device 0000:00:05.0 1b36:0010\n' >"$work/none.host"
sed 's/^group 3$/&\n  reserved 0x0000000080000000-0x00000000800fffff direct/' "$hosts/amd.host" >"$work/direct.host"

# play HOST CONF VMM OPERATIONS [LAST-ERRNO]: VMM is the name and the arguments that it was started
# with; the log is in $work/log, what was said in $work/said.
play() {
    local words # the program is known by its own name: a copy, no link
    read -ra words <<<"$3"
    [ -e "$work/${words[0]}" ] || cp "$work/client" "$work/${words[0]}"
    rm -f "$work/log"
    (cd "$work" && env IOVAMODEL_HOST="$work/$1.host" IOVASHIM_CONF="$work/$2.conf" \
        IOVASHIM_LOG="$work/log" EXPLAIN="$4" ${5:+EXPLAIN_LAST=$5} \
        LD_PRELOAD="$build/libiovashim.so $build/libiovamodel.so" \
        "$work/${words[0]}" "${words[@]:1}") >"$work/said" 2>&1
}

# The last mapping in the log: its cause, effect, and the changes, one a line.
last() { jq -s -r "map(select(.event == \"map\")) | last | $1" "$work/log"; }
advice() { last '.advice[]? | .to + ": " + .change'; }

# situation NAME HOST CONF VMM OPERATIONS CAUSE EFFECT ADVICE [FILTER]: ADVICE is a whole line that
# has to be among the changes, or - for none; FILTER is jq's, over the mapping, and has to be true.
situation() {
    local name=$1 wrong=
    situations=$((situations + 1))
    played=("$2" "$3" "$4" "$5")
    play "${played[@]}" || wrong="the client failed"
    [ -n "$wrong" ] || [ "$(last '.cause + " " + .effect')" = "$6 $7" ] ||
        wrong="cause and effect: wanted $6 $7, found $(last '.cause + " " + .effect')"
    [ -n "$wrong" ] || [ "$8" = - ] || advice | grep -qxF -- "$8" || wrong="no advice '$8' in: $(advice)"
    [ -n "$wrong" ] || [ "$8" != - ] || [ -z "$(advice)" ] || wrong="advice: $(advice)"
    [ -n "$wrong" ] || [ -z "${9-}" ] || [ "$(last "$9")" = true ] || wrong="not so: $9: $(last .)"
    [ -z "$wrong" ]
    result $? "$name: $6, $7"
    [ -z "$wrong" ] || { echo "  $wrong" && sed 's/^/  /' "$work/said"; }
}

# helps NAME [HOST [CONF [VMM]]]: with what was changed, the last request succeeds.
helps() {
    play "${2:-${played[0]}}" "${3:-${played[1]}}" "${4:-${played[2]}}" "${played[3]}" 0
    result $? "  and with $1 it succeeds"
}

# --- the request itself --------------------------------------------------------------------------

situation "before VFIO_SET_IOMMU" amd plain "vfio-test" "map:0x100000:0x1000:ram:rw:22" no-iommu unknown \
    "program: call VFIO_SET_IOMMU before VFIO_IOMMU_MAP_DMA"
situation "a struct that is too short" amd plain vfio-test "iommu map:0x100000:0x1000:ram:rws:22" argsz unknown \
    "program: mend the request"
situation "no protection" amd plain vfio-test "iommu map:0x100000:0x1000:ram:0:22" flags unknown "program: mend the request"
situation "a flag that the kernel does not know" amd plain vfio-test "iommu map:0x100000:0x1000:ram:rwx:22" \
    flags unknown "program: mend the request"
situation "size 0" amd plain vfio-test "iommu map:0x100000:0:ram:rw:22" size unknown "program: mend the request" '.size == 0'
situation "past 2^64" amd plain vfio-test "iommu map:0xfffffffffffff000:0x2000:ram:rw:22" wrap unknown "program: mend the request" \
    '.size == 8192 and .iova == "0xfffffffffffff000-0xffffffffffffffff"'
situation "IOVA and size misaligned" amd plain vfio-test "iommu map:0x100800:0x1800:ram:rw:22" misaligned unknown \
    "program: align the IOVA and the size to 4K" '.misaligned == ["iova", "size"]'
situation "address misaligned" amd plain vfio-test "iommu map:0x100000:0x1000:odd:rw:22" misaligned unknown \
    "program: align the address to 4K" '.misaligned == ["vaddr"]'
situation "a new address for no mapping" amd plain vfio-test "iommu map:0x100000:0x1000:ram:v:2" \
    live-update unknown "program: mend the request"
situation "no IOMMU at all" none plain vfio-test "noiommu map:0x100000:0x1000:ram:rw:25" no-type1 unknown \
    "host: turn the IOMMU on"

# --- what is there already -----------------------------------------------------------------------

twice="iommu map:0x100000:0x1000:ram:rw:0 map:0x100000:0x1000:ram:rw:17"
situation "overlap, any program" amd plain vfio-test "$twice" overlap unknown "program: unmap what is there first" \
    'has("overlaps") | not'
situation "overlap, DPDK" amd plain dpdk-testpmd "$twice" overlap harmless \
    "program: unmap what is there first"
situation "overlap with a split mapping" amd plain vfio-test \
    "iommu map:0xfcfff00000:0x300200000:ram:rw:0 map:0xfcfff00000:0x1000:ram:rw:17" overlap unknown "program: unmap what is there first" \
    '.overlaps == "0x000000fcfff00000-0x00000100000fffff" and .action == "refuse"'
situation "overlap, and nothing may be looked at" amd plain vfio-test \
    "iommu map:0x100000:0x1000:ram:rw:0 sandbox map:0x100000:0x1000:ram:rw:17" overlap unknown \
    "program: unmap what is there first" '.kind == "unknown"'

# --- limits --------------------------------------------------------------------------------------

situation "no entry left" amd-few plain "qemu-system-x86_64 -m 8M" \
    "iommu map:0x100000:0x1000:ram:rw:0 map:0x200000:0x1000:ram:rw:0 map:0x800000:0x800000:ram:rw:28" entries fatal \
    "host: echo 8 >/sys/module/vfio_iommu_type1/parameters/dma_entry_limit" '.entries == 2'
host amd-more "entries $(advice | sed -n 's/^host: echo \([0-9]*\) .*/\1/p')"
helps "that limit" amd-more
situation "no entry left, DPDK" amd-few plain dpdk-testpmd \
    "iommu map:0x100000:0x1000:ram:rw:0 map:0x200000:0x1000:ram:rw:0 map:0x300000:0x1000:ram:rw:28" entries fatal \
    "dpdk: --single-file-segments, with huge pages of 1 GiB"
locking="iommu drop map:0x0:0x800000:ram:rw:12"
ulimit -S -l 64
situation "RLIMIT_MEMLOCK" amd-locked plain cloud-hypervisor "$locking" memlock fatal "host: ulimit -l 8192" \
    '.memlock == 65536 and .need == 8388608 and (.may_lock | not)'
kib=$(advice | sed -n 's/^host: ulimit -l //p')
situation "RLIMIT_MEMLOCK, QEMU" amd-locked plain "qemu-system-x86_64 -m 8M" "$locking" memlock fatal \
    "libvirt: <memtune><hard_limit unit='KiB'>$((kib + 1048576))</hard_limit></memtune>"
host amd-unlocked "memlock ${kib}K"
if ulimit -S -l "$kib" 2>/dev/null; then
    helps "ulimit -l $kib" amd-unlocked
else
    echo "ok   and with ulimit -l $kib it succeeds # skipped: not permitted here"
fi
ulimit -S -l "$(ulimit -H -l)"
if [ "$(id -u)" -eq 0 ]; then
    situation "the kernel's own memory" amd-poor plain "qemu-system-x86_64 -m 8M" "iommu map:0:0x800000:ram:rw:12" \
        memory fatal "host: more free memory, or fewer huge pages set aside"
else
    echo "ok the kernel's own memory # skipped: not root, so that it may be RLIMIT_MEMLOCK"
fi

# --- memory that cannot be had -------------------------------------------------------------------

situation "memory that is not there" amd-fault plain vfio-test "iommu map:0x100000:0x2000:none:rw:14" unmapped \
    unknown "program: have memory there, with the access that is asked for" '.where | test("^0x")'
situation "memory that cannot be written" amd-fault plain vfio-test "iommu map:0x100000:0x2000:const:rw:14" access \
    unknown "program: have memory there, with the access that is asked for"
situation "memory that is guarded" amd-fault3 plain vfio-test \
    "iommu map:0xfcfffff000:0x300002000:ram:rw:0 map:0x100000:0x1000:hole:rw:14" guarded unknown \
    "program: map this memory at the same IOVA as before"
situation "a file on a disk" amd-fault plain "qemu-system-x86_64 -m 4M" "iommu map:0:0x400000:file:rw:14" unpinnable \
    fatal "qemu: -object memory-backend-memfd instead of memory-backend-file"
situation "a BAR that cannot be pinned, QEMU" amd-fault plain qemu-system-x86_64 "iommu map:0x100000:0x1000:bar0:rw:14" \
    bar harmless - '.device == "0000:00:05.0" and .region == 0'
situation "a BAR that cannot be pinned, Cloud Hypervisor" amd-fault plain cloud-hypervisor \
    "iommu map:0x100000:0x1000:bar0:rw:14" bar fatal -
situation "nothing that is known" amd-odd plain vfio-test "iommu map:0x100000:0x1000:ram:rw:1" unknown unknown \
    "host: dmesg | grep -i -e vfio -e iommu"

# --- holes ---------------------------------------------------------------------------------------

situation "a BAR beyond the width, Cloud Hypervisor" intel39 plain cloud-hypervisor \
    "iommu map:0x380000000000:0x1000:bar0:rw:22" width fatal "cloud-hypervisor: --cpus max_phys_bits=39" \
    '.bits == 39 and .needed_bits == 46 and .region == 0'
advice | sed -n 's/^policy: //p' >"$work/advised.conf"
helps "$(cat "$work/advised.conf") in the policy" intel39 advised
situation "a BAR beyond the width, QEMU" intel39 plain "qemu-system-x86_64 -cpu host" \
    "iommu map:0x380000000000:0x1000:bar0:rw:22" width harmless \
    "qemu: -cpu host,host-phys-bits=on,host-phys-bits-limit=39"
situation "a BAR in a reserved region, any program" amd plain vfio-test "iommu map:0xfd00000000:0x1000:bar0:rw:22" \
    reserved unknown "policy: bar skip"
advice | sed -n 's/^policy: //p' >"$work/advised.conf"
helps "$(cat "$work/advised.conf") in the policy" amd advised
situation "RAM all in a hole" amd plain vfio-test "iommu map:0xfd00000000:0x1000:ram:rw:22" reserved unknown \
    "policy: inside skip"
advice | sed -n 's/^policy: //p' >"$work/advised.conf"
helps "$(cat "$work/advised.conf") in the policy" amd advised
situation "a rule of the policy" amd rule vfio-test "iommu map:0x100000000:0x20000000:ram:rw:22" policy unknown \
    "layout: RAM from 0x120000000 on" '.holes[0].line == 1 and .holes[0].name == "site" and .reason == "policy"'
situation "a rule that the kernel does not know, observed" amd site vfio-test \
    "iommu map:0x100000000:0x20000000:ram:rw:0" policy "" -
situation "IOVASHIM_MODE=refuse, or the policy's word" amd refuse vfio-test \
    "iommu map:0xfcfff00000:0x300200000:ram:rw:22" reserved unknown "iovashim: IOVASHIM_MODE=split"
IOVASHIM_MODE="split" helps IOVASHIM_MODE=split
situation "firmware's own memory (direct)" direct observe vfio-test "iommu map:0x7ff00000:0x200000:ram:rw:22" reserved \
    unknown "layout: less RAM: at most 1 MiB from 0x7ff00000 on" '.holes[0].type == "direct"'
situation "an old kernel takes it" amd-old observe vfio-test "iommu map:0xfcfff00000:0x300200000:ram:rw:0" reserved "" -

big="iommu map:0x100000000:0x11280000000:ram:rw:22"
situation "RAM over AMD's hole, Cloud Hypervisor" amd observe "cloud-hypervisor --memory size=1101G" \
    "iommu map:0x100000000:0x11240000000:ram:rw:22" reserved fatal "cloud-hypervisor: --memory size=1012G"
situation "RAM over AMD's hole, crosvm" amd observe "crosvm run --mem 1126400" "$big" reserved fatal \
    "crosvm: --mem 1034240"
situation "RAM over AMD's hole, kvmtool" amd observe "lkvm run -m 1126400" "$big" reserved fatal "kvmtool: -m 1034240"
situation "IOVA = virtual address, 39 bits, DPDK" intel39 observe dpdk-testpmd \
    "iommu map:0x7f0000000000:0x200000:ram:rw:22" width fatal "dpdk: --iova-mode=pa"
situation "the same, SPDK" intel39 observe nvmf_tgt "iommu map:0x7f0000000000:0x200000:ram:rw:22" width lost \
    "dpdk: --base-virtaddr=0x100000000"
situation "what a vIOMMU maps, QEMU" amd observe "qemu-system-x86_64 -m 8G" "iommu map:0xfd00000000:0x1000:ram:rw:22" \
    reserved lost - '.kind == "viommu"'
situation "memory plugged in later, QEMU" amd observe "qemu-system-x86_64 -m 2G,maxmem=2T,slots=2" \
    "iommu ran map:0xfce0000000:0x40000000:ram:rw:22" reserved fatal "qemu: -device pc-dimm,memdev=...,addr=0x10000000000"
situation "IOVA that nothing is known of, in a sandbox" intel39 observe vfio-test \
    "sandbox iommu map:0x8000000000:0x1000:ram:rw:22" unknown unknown "host: dmesg | grep -i -e vfio -e iommu"

# --- QEMU itself ---------------------------------------------------------------------------------

# live LIFE: for so many seconds; or, for "firmware", until it has placed all BARs and looks for
# something to boot.
live() {
    local end=$((SECONDS + 60))
    [ "$1" = firmware ] || { sleep "$1" && return; }
    until grep -qsa BdsDxe "$run.serial" || [ $SECONDS -ge $end ]; do sleep 0.2; done
}

# guest HOST LIFE PROGRAM ARGUMENTS…: QEMU over the model, observing; it lives for LIFE if it starts.
# The log and what it said are beside $run.
guest() {
    local host=$1 life=$2
    shift 2
    rm -f "$run.log" "$run.serial"
    { echo '{"execute":"qmp_capabilities"}{"execute":"query-status"}' && live "$life" && echo '{"execute":"quit"}'; } |
        env IOVAMODEL_HOST="$work/$host.host" IOVASHIM_CONF="$work/observe.conf" IOVASHIM_LOG="$run.log" \
            LD_PRELOAD="$build/libiovashim.so $build/libiovamodel.so" \
            timeout 60 "$@" -nodefaults -display none -serial "file:$run.serial" -qmp stdio >"$run.said" 2>&1
}
runs() { grep -q '"status": "running"' "$run.said" && ! jq -e 'select(.event == "map" and .result != "ok")' "$run.log" >/dev/null; }

# changed CHANGE ARGUMENTS…: the arguments with the change: what has an id that is there already takes
# its place, all else is added at the end, where it wins. In $REPLY, an array.
changed() {
    local change=$1 option value key i
    shift
    REPLY=("$@")
    read -ra change <<<"$change"
    while [ ${#change[@]} -gt 0 ]; do
        option=${change[0]} value=${change[1]}
        change=("${change[@]:2}")
        key=$(grep -oE '(id|memdev)=[^,]*' <<<"$value" | head -n 1)
        for i in "${!REPLY[@]}"; do
            case $option-${REPLY[i]} in
            -object-*"$key"* | -device-pc-dimm*"$key"*) [ -n "$key" ] && REPLY[i]=$value && continue 2 ;;
            esac
        done
        REPLY+=("$option" "$value")
    done
}

# qemu NAME HOST CAUSE EFFECT N LIFE PROGRAM ARGUMENTS…: the situation; then each of the N changes
# that are QEMU's own arguments, carried out: it starts, and no mapping fails.
qemu() {
    local name=$1 host=$2 cause=$3 effect=$4 n=$5 life=$6 changes change wrong=
    shift 6
    situations=$((situations + 1))
    run=$work/run-$situations
    rm -f "$work/log"
    guest "$host" "$life" "$@"
    cp "$run.log" "$work/log"
    [ "$(last '.cause + " " + .effect')" = "$cause $effect" ]
    result $? "$name: $cause, $effect"
    mapfile -t changes < <(advice | sed -n 's/^qemu: //p')
    [ ${#changes[@]} -eq "$n" ] || wrong="wanted $n changes, found ${#changes[@]}"
    for change in "${changes[@]}"; do
        changed "$change" "$@"
        guest "$host" "$life" "${REPLY[@]}"
        runs || { wrong="not with $change" && break; }
        echo "#   runs with $change"
    done
    [ -z "$wrong" ]
    result $? "  and with each of $n changes it runs, and no mapping fails"
    [ -z "$wrong" ] || { echo "  $wrong" && sed 's/^/  /' "$run.said"; }
}

if ! command -v qemu-system-x86_64 >/dev/null || ! command -v qemu-system-aarch64 >/dev/null; then
    echo "ok QEMU # skipped: not installed"
    exit $failed
fi

# shellcheck disable=SC2046 # words
x86=(qemu-system-x86_64)
device=(-device "vfio-pci,host=0000:00:05.0") # the last: what fails later ends QEMU by abort()
ram() { echo -object "memory-backend-ram,id=pm,size=$1,reserve=off" -machine memory-backend=pm -m "$1"; }

on_pc() {
    qemu "RAM over AMD's hole, machine type 7.0" amd reserved fatal 3 0.1 \
        "${x86[@]}" -M pc-q35-7.0 -cpu qemu64,phys-bits=41 $(ram 1100G) "${device[@]}"
    qemu "RAM over AMD's hole, i440fx" amd reserved fatal 3 0.1 \
        "${x86[@]}" -M pc-i440fx-6.2 -cpu Opteron_G1,phys-bits=42 $(ram 1100G) "${device[@]}"
}
elsewhere() {
    qemu "RAM over AMD's hole, an Intel CPU model" amd reserved fatal 3 0.1 \
        "${x86[@]}" -M q35 -cpu kvm64,phys-bits=42 $(ram 1100G) "${device[@]}"
    qemu "a DIMM over AMD's hole" amd reserved fatal 1 0.1 \
        "${x86[@]}" -M pc-q35-7.0 -cpu qemu64,phys-bits=44 -m 512M,maxmem=2T,slots=4 \
        -object memory-backend-ram,id=m0,size=1G,reserve=off -device pc-dimm,memdev=m0,addr=0xfce0000000 "${device[@]}"
    qemu "RAM beyond the width of 39 bits" intel39 width fatal 1 0.1 \
        "${x86[@]}" -M q35 -cpu qemu64,phys-bits=42 $(ram 600G) "${device[@]}"
    qemu "Arm's RAM over the MSI window" amd reserved fatal 1 0.1 \
        qemu-system-aarch64 -M virt -cpu cortex-a57 $(ram 3G) "${device[@]}"
}
by_ovmf() {
    [ -e /usr/share/ovmf/OVMF.fd ] || { echo "ok a BAR beyond the width, placed by OVMF # skipped: not installed" && return; }
    sed 's/bar0=16K:64/& bar2=8G:64:prefetch/' "$hosts/intel39.host" >"$work/wide.host"
    qemu "a BAR beyond the width, placed by OVMF" wide width harmless 1 firmware \
        "${x86[@]}" -M q35 -cpu qemu64,phys-bits=46 -bios /usr/share/ovmf/OVMF.fd -m 1G "${device[@]}"
}

# They wait more than they compute: beside each other, in processes and places of their own.
lane() {
    work=$work/$1 situations=0
    mkdir "$work" && cp "$work"/../*.host "$work"/../*.conf "$work"
    trap - EXIT
    "$1"
    echo "$situations" >"$work/situations"
    exit $failed
}
lanes=(on_pc elsewhere by_ovmf)
for name in "${lanes[@]}"; do (lane "$name") >"$work/$name.out" 2>&1 & done
for job in $(jobs -p); do wait "$job" || failed=1; done
for name in "${lanes[@]}"; do
    cat "$work/$name.out"
    situations=$((situations + $(cat "$work/$name/situations")))
done

echo "# $situations situations"
exit $failed
