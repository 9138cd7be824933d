# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A vIOMMU in the guest: IOVAs are the guest kernel's choice there, and nothing of its memory may be guarded for them.
# hosts: amd
# kernels: 6.12
# needs: kvm
# limit: 200

# Linux's dma-iommu hands out IOVAs from just below 4 GiB: this hole is in their way. It
# keeps off the firmware's own memory, which ends at 4 GiB too.
hole() { policy 'hole 0xffe00000-0xfff7ffff name=test'; }

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
    # Many MiB in flight at once, so that the IOVAs in use reach down into the hole.
    l2_send "for i in 0 1 2 3; do dd if=/dev/nvme0n1 of=/dev/null iflag=direct bs=8M skip=\$i count=8 & done; wait"
    crossed() { logged '.event == "map" and (.action == "refuse" or .action == "observe")'; }
    wait_for 60 "the guest to use an IOVA in the hole" crossed
    must_equal "guards in force" "" "$(logged_guards)"
    must_match_guards 65
    must_not_log '.event == "map" and (.action == "split" or .action == "skip")'
    vmm_must_run
    note "$(events 'select(.event == "map") | .action + " " + .reason' | sort | uniq -c | tr '\n' ' '), nothing guarded"
}
