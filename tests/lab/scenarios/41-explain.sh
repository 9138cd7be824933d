# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Why a mapping failed, where the real kernel's answer comes from the process's memory and limits.
# hosts: amd
# kernels: 6.12 6.1
# limit: 60
# via: preload seccomp

# Where it is not certain that a mapping fails, a supervisor sees its end only if all is observed.
with_answers() {
    if [ "${way-preload}" = seccomp ]; then with_shim MODE=observe; else with_shim; fi
}

# explain VMM OPERATIONS: the client of tests/model passes for VMM, a name and arguments.
explain() {
    cp /lab/explain "$W/${1%% *}"
    group=$(basename "$(readlink "/sys/bus/pci/devices/$DISK/iommu_group")")
    rm -f "$W/events.jsonl"
    # shellcheck disable=SC2086 # the VMM is words
    (cd "$W" && shimmed env EXPLAIN="$2" EXPLAIN_GROUP="$group" ./$1 2>"$W/stderr") ||
        fail "$2: $(tail -n 1 "$W/stderr")"
}

# must_be FILTER: the last mapping in the log is as the filter says.
must_be() {
    [ "$(events 'select(.event == "map")' | tail -n 1 | jq "$1")" = true ] ||
        fail "not $1: $(events 'select(.event == "map")' | tail -n 1)"
}
advised() { events 'select(.event == "map") | .advice[] | select(.to == "host") | .change' | tail -n 1 | jq -r .; }

# Without the shim the errnos are the same.
operations_memory="iommu map:0x100000:0x2000:none:rw:14 map:0x100000:0x2000:const:rw:14 map:0x100000:0x2000:const:r:0"
case_without() {
    without_shim
    explain qemu-system-x86_64 "$operations_memory off map:0x400000:0x1000:bar0:rw:14"
}

case_memory() {
    with_answers
    explain client "$operations_memory"
    events 'select(.event == "map") | .cause' >"$W/causes"
    must_equal "the causes" '"unmapped" "access"' "$(tr '\n' ' ' <"$W/causes" | sed 's/ $//')"
}

case_guarded() {
    with_shim
    explain client "iommu map:0xfcfffff000:0x300002000:ram:rw:0 map:0x100000:0x1000:hole:rw:14"
    must_be '.cause == "guarded" and .effect == "unknown"'
}

# The device's memory is off, so that there is nothing to pin; which BAR it is shows all the same.
case_bar() {
    with_answers
    explain qemu-system-x86_64 "iommu off map:0x400000:0x1000:bar0:rw:14"
    must_be '.cause == "bar" and .effect == "harmless" and .region == 0 and .device == "'"$DISK"'"'
    explain cloud-hypervisor "iommu map:0xfd00000000:0x1000:bar0:rw:22"
    must_be '.cause == "reserved" and .effect == "fatal" and .region == 0 and .device == "'"$DISK"'"'
}

# What is advised is done, and helps.
case_memlock() {
    with_shim
    # shellcheck disable=SC3045 # busybox has it
    ulimit -l 64
    explain client "iommu drop map:0x100000:0x800000:ram:rw:12"
    must_be '.cause == "memlock" and .memlock == 65536 and .need == 8388608 and (.may_lock | not)'
    note "$(advised)"
    eval "$(advised)"
    with_answers
    explain client "iommu drop map:0x100000:0x800000:ram:rw:0 map:0x900000:0x1000:ram:rw:12"
    must_be '.cause == "memlock" and .locked == 8388608 and .need == 4096'
    # shellcheck disable=SC3045 # busybox has it
    ulimit -l 64
    explain client "iommu map:0x100000:0x800000:ram:rw:0" # with CAP_IPC_LOCK it does not count
}

case_entries() {
    with_answers
    limit=/sys/module/vfio_iommu_type1/parameters/dma_entry_limit
    before=$(cat $limit)
    echo 1 >$limit
    twice="iommu map:0x100000:0x1000:ram:rw:0 map:0x200000:0x1000:ram:rw"
    explain client "$twice:28"
    must_be '.cause == "entries" and .entries == 1'
    note "$(advised)"
    eval "$(advised)"
    explain client "$twice:0"
    echo "$before" >$limit
}

case_requests() {
    with_shim
    explain client "map:0x100000:0x1000:ram:rw:22"
    must_be '.cause == "no-iommu"'
    explain client "iommu map:0x100800:0x1000:ram:rw:22"
    must_be '.cause == "misaligned" and .misaligned == ["iova"]'
    with_answers
    explain dpdk-testpmd "iommu map:0x100000:0x1000:ram:rw:0 map:0x100000:0x1000:ram:rw:17"
    must_be '.cause == "overlap" and .effect == "harmless"'
    explain client "iommu map:0x100000:0x1000:ram:v:2"
    must_be '.cause == "live-update"'
}

# In the words of the VMM that was started.
case_advice() {
    with_shim MODE=observe
    explain "qemu-system-x86_64 -M pc-q35-7.0 -m 1G,slots=1,maxmem=2T -device pc-dimm,memdev=m0,addr=0xfce0000000" \
        "iommu map:0xfce0000000:0x40000000:ram:rw:22"
    must_be '.cause == "reserved" and .effect == "fatal" and
        any(.advice[]; .to == "qemu" and .change == "-device pc-dimm,memdev=m0,addr=0x10000000000")'
}
