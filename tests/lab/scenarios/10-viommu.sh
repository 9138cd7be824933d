# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A vIOMMU in the guest: IOVAs are the guest kernel's choice there, and nothing of its memory may be guarded for them.
# hosts: amd
# kernels: 6.12
# limit: 200

# Linux's dma-iommu hands out IOVAs from 4 GiB downwards: this hole is in their way.
hole() { policy 'hole 0xfff00000-0xfff0ffff name=test'; }

viommu_guest() {
    linux_guest "intel_iommu=on iommu.strict=1" -M q35,kernel-irqchip=split \
        -device intel-iommu,caching-mode=on -device "vfio-pci,host=$DISK,addr=8"
    l2_up
    l2 20 'ls /sys/kernel/iommu_groups | grep -q .' || fail "the guest has no IOMMU groups: $REPLY"
}

# Through the vIOMMU every request of the disk is mapped and unmapped: a part of it will do.
read_some() {
    l2 90 "dd if=/dev/nvme0n1 bs=1M count=${1-64} 2>/dev/null | md5sum" || fail "$REPLY"
    sum=$(echo "$REPLY" | sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p')
    must_equal "the checksum" "$DISK_MD5_64" "$sum"
}

case_without() {
    without_shim
    viommu_guest
    read_some
    vmm_must_run
    note "reads through its vIOMMU, checksum right"
}

case_no_guard() {
    with_shim
    hole
    viommu_guest
    l2_send "dd if=/dev/nvme0n1 bs=1M count=64 2>/dev/null | md5sum"
    wait_for 90 "the guest's read to end, well or not" l2_done
    must_equal "guards in force" "" "$(logged_guards)"
    must_match_guards 0
    vmm_must_run
    note "$(events 'select(.event == "map") | .action' | sort | uniq -c | tr '\n' ' '), nothing guarded"
}
