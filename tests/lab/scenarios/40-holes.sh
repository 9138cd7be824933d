# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# iovashim holes on real hosts: what it tells is what the kernel says, and so it is of a saved copy.
# hosts: amd intel39
# kernels: 6.12 6.1
# limit: 60

IOVASHIM=/lab/iovashim

holes() { # ARGUMENTS…: the output in $W/out
    [ -e $IOVASHIM ] || skip "no iovashim was built"
    $IOVASHIM holes "$@" >"$W/out" 2>"$W/stderr" || fail "iovashim holes $*: $? $(cat "$W/stderr")"
    must_equal "what iovashim holes $* complains of" "" "$(cat "$W/stderr")"
}
told() { jq -r "$1" <"$W/out"; }

# What this host's IOMMU can do, by the kernel's own driver.
bits() {
    case $LAB_HOST in
    amd) echo 64 ;;
    intel39) echo 39 ;;
    esac
}
last() {
    case $LAB_HOST in
    amd) echo 0xffffffffffffffff ;;
    intel39) echo 0x0000007fffffffff ;;
    esac
}

# As the manual says, to the letter: patterns are to be expanded.
# shellcheck disable=SC2086,SC2164
save() (
cd /sys; t=$(mktemp -d); d='kernel/iommu_groups/*/devices/*'
cp -L --parents kernel/iommu_groups/*/reserved_regions module/vfio*/parameters/* "$t"
cp -L --parents class/iommu/*/*-iommu/* class/iommu/*/devices/*/vendor "$t"
cp -L --parents $d/vendor $d/device $d/subsystem_vendor $d/subsystem_device "$t"
cp -L --parents $d/class $d/revision $d/resource $d/config $d/uevent "$t"
cp /proc/sys/kernel/osrelease /proc/sys/kernel/hostname /proc/cmdline "$t"
head -n 9 /proc/cpuinfo >"$t/cpuinfo"
tar -czf /tmp/host.tar.gz -C "$t" . && rm -r "$t"
)

case_facts() {
    holes --json
    must_equal "kernel" "$(uname -r)" "$(told '.hosts[0].kernel')"
    must_equal "enforces" true "$(told '.hosts[0].enforces')"
    must_equal "CPU" "$(sed -n 's/^vendor_id[[:space:]]*: //p;T;q' /proc/cpuinfo)" "$(told '.hosts[0].cpu_vendor')"
    for file in /sys/kernel/iommu_groups/*/reserved_regions; do
        group=${file#/sys/kernel/iommu_groups/}
        echo "group ${group%/*}"
        sed 's/ /-/' "$file"
        ls "${file%/*}/devices"
    done >"$W/kernel"
    for file in /sys/kernel/iommu_groups/*/reserved_regions; do
        group=$(basename "${file%/*}")
        told ".hosts[0].groups[] | select(.group == $group) | \"group $group\",
            (.regions[] | .range + \" \" + .type), .devices[].address"
    done >"$W/told"
    cmp "$W/kernel" "$W/told" || fail "$(diff "$W/kernel" "$W/told" | head -n 5)"
    must_equal "drivers" "vfio-pci vfio-pci" "$(told '[.hosts[0].groups[].devices[]
        | select(.address == "0000:00:05.0" or .address == "0000:00:06.0").driver] | join(" ")')"
    # There is no pci.ids in this host: ids alone.
    must_equal "ids and name of the disk" "0x1b36 0x0010 null" "$(told '.hosts[0].groups[].devices[]
        | select(.address == "0000:00:05.0") | "\(.vendor) \(.device) \(.name)"')"
    must_equal "width" "$(last)" "$(told '[.hosts[0].groups[].aperture | split("-")[1]] | unique[]')"
    note "$(told '.hosts[0].groups | length') groups; avoid $(told '[.avoid[] | .range + " " + .what] | join(", ")')"
}

# VFIO itself says what was made of the registers; a second time, and a VMM still gets the group.
case_asked() {
    holes --json
    told '.avoid' >"$W/registers"
    group=$(basename "$(readlink "/sys/bus/pci/devices/$DISK/iommu_group")")
    for n in 1 2; do
        say "asking VFIO, $n"
        holes --ask --json
        must_equal "who says it" "VFIO's own word" "$(told ".hosts[0].groups[] | select(.group == $group) | .aperture_how")"
        told '.avoid' >"$W/asked"
        cmp "$W/registers" "$W/asked" || fail "$(diff "$W/registers" "$W/asked" | head -n 5)"
    done
    without_shim
    dimm_guest 0x100000000 128M
    vmm_answers 40
    # Now it is in use: nothing is asked of it, and sysfs' word stands.
    holes --ask --device "$DISK"
    must_have "$W/out" "$(bits) bits ("
    must_not_have "$W/out" "VFIO's own word"
    vmm_must_run
    vmm_quit
    note "$(bits) bits, by the registers and by VFIO; not asked while a VMM has the group"
}

# A copy of sysfs, made as the manual says, tells the same as the host itself.
case_saved() {
    holes --json
    mv "$W/out" "$W/live"
    mkdir -p /tmp
    save 2>"$W/save" || fail "$(cat "$W/save")"
    must_equal "what saving complained of" "" "$(cat "$W/save")"
    mkdir "$W/host"
    tar -xzf /tmp/host.tar.gz -C "$W/host"
    holes --sysfs "$W/host" --json
    cmp "$W/live" "$W/out" || fail "$(diff "$W/live" "$W/out" | head -n 5)"
    note "$(wc -c </tmp/host.tar.gz) bytes, the same told"
    rm -r "$W/host" /tmp/host.tar.gz
}
