#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iovashim holes: on copies of sysfs, good and bad ones, on the model kernel's hosts, and merging.
#
# usage: holes.sh BUILD
set -eu
build=$(cd "$1" && pwd)
iovashim=$build/iovashim
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/cli/lib.bash
. "$top/tests/cli/lib.bash"

MSI="0x00000000fee00000 0x00000000feefffff msi"
HT="0x000000fd00000000 0x000000ffffffffff reserved"

put() { # PATH TEXT: a file of the tree $tree
    mkdir -p "$tree/$(dirname "$1")"
    printf '%s\n' "$2" >"$tree/$1"
}

# A tree: host NAME KERNEL; group NUMBER ADDRESS UNIT REGIONS.
host() {
    tree=$work/$1
    mkdir "$tree"
    put hostname "$1"
    put osrelease "$2"
    put cmdline "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ${3-}"
}
group() {
    put "kernel/iommu_groups/$1/reserved_regions" "$4"
    put "kernel/iommu_groups/$1/devices/$2/vendor" 0x8086
    put "kernel/iommu_groups/$1/devices/$2/device" 0x10d3
    put "kernel/iommu_groups/$1/devices/$2/uevent" $'DRIVER=vfio-pci\nPCI_CLASS=20000\nPCI_ID=8086:10D3'
    put "class/iommu/$3/devices/$2/vendor" 0x8086
}
vtd() { # CAP ECAP, of dmar0
    put class/iommu/dmar0/intel-iommu/cap "$1"
    put class/iommu/dmar0/intel-iommu/ecap "$2"
}
# The file "cap" of a VT-d unit: MGAW bits and SAGAW.
cap() { printf '%x' $((($1 - 1) << 16 | $2 << 8)); }

holes() { expect "$1" "$iovashim" holes "${@:2}"; }
says() { has_line "^iovashim holes: $1$"; }
json() { # FILTER WANTED: of what the last command printed
    local found
    found=$(jq -c "$1" <"$work/out") || fail "no JSON: $(head -c 1000 "$work/out")"
    [ "$found" = "$2" ] || fail "$1 is $found, not $2"
    checks=$((checks + 1))
}

# --- one host's tree ---

host amd1 6.12.9-amd64
group 1 0000:00:05.0 ivhd0 "$MSI
$HT"
group 12 0000:0a:00.1 ivhd0 "$MSI
$HT"
put cpuinfo $'processor\t: 0\nvendor_id\t: AuthenticAMD'
holes 0 --sysfs "$work/amd1"
has_line '^amd1: Linux 6.12.9-amd64, AuthenticAMD, AMD-Vi$'
has_line '^it refuses mappings that touch a reserved range'
has_line '^  0x000000fd00000000-0x000000ffffffffff      12 GiB  reserved$'
has_line '^  0x0000000000000000-0xffffffffffffffff      16 EiB  aperture: .*, 64 bits \(AMD-Vi, v1 page tables\)$'
has_line '^  from 4 GiB up to the first hole: 1008 GiB; largest QEMU guest below it: q35 1010 GiB, pc 1011 GiB$'
has_line '^      1  0000:00:05.0  8086:10d3  vfio-pci    Intel Corporation 82574L'
has_line '^     12  0000:0a:00.1  '
[ "$(grep -c msi "$work/out")" = 1 ] || fail "groups that are alike are told of twice"

host intel39 5.3.0
group 0 0000:00:02.0 dmar0 "0x000000008b800000 0x000000008fffffff direct-relaxable
$MSI"
group 3 0000:00:05.0 dmar0 "$MSI"
vtd "$(cap 39 6)" f0f01f
holes 0 --sysfs "$work/intel39"
has_line '^it does NOT refuse mappings'
has_line 'direct-relaxable  \(does not count: mappings may use it\)$'
has_line 'aperture: .*, 39 bits \(VT-d registers\)$'
has_line '^  highest usable address 0x7fffffffff \(39 bits\)$'
has_line 'first hole: 508 GiB; largest QEMU guest below it: q35 510 GiB'
holes 0 --sysfs "$work/intel39" --json
json '.hosts[0] | [.name, .kernel, .cpu_vendor, .iommu, .enforces]' '["intel39","5.3.0",null,"VT-d",false]'
json '.hosts[0].groups[0].regions' '[{"range":"0x000000008b800000-0x000000008fffffff","type":"direct-relaxable","counts":false},{"range":"0x00000000fee00000-0x00000000feefffff","type":"msi","counts":true}]'
json '.hosts[0].groups[1].aperture' '"0x0000000000000000-0x0000007fffffffff"'
json '.hosts[0].groups[1].devices[0]' '{"address":"0000:00:05.0","vendor":"0x8086","device":"0x10d3","driver":"vfio-pci","name":"Intel Corporation 82574L Gigabit Network Connection"}'
json '[.avoid[] | .range + " " + .what + " " + (.by[0].groups | tostring)]' '["0x00000000fee00000-0x00000000feefffff msi [0,3]","0x0000008000000000-0xffffffffffffffff beyond 39 bits [0,3]"]'
json '[.bounded, .highest, .above_4g]' '[true,"0x0000007fffffffff","0x0000000100000000-0x0000007fffffffff"]'

# --- groups and devices ---

holes 0 --sysfs "$work/intel39" --group 3
has_no_line direct-relaxable
holes 0 --sysfs "$work/intel39" --device 00:05.0 --group 0 --json
json '[.hosts[0].groups[].group]' '[0,3]'
holes 0 --sysfs "$work/amd1" --device 0000:0A:00.1 --json
json '[.hosts[0].groups[].group]' '[12]'
holes 125 --sysfs "$work/amd1" --group 2
says 'amd1 has no IOMMU group 2: it has 2, from 1 to 12'
holes 125 --sysfs "$work/amd1" --device 00:06.0
says 'no IOMMU group of amd1 has a device 0000:00:06.0: see lspci -D'
for bad in x 1x -1 '' 99999999999999999999; do
    holes 125 --sysfs "$work/amd1" --group "$bad"
    says "--group $bad: should be the number of an IOMMU group, as in /sys/kernel/iommu_groups"
done
for bad in 00:05 5 00:05.0.1 0000:00:05.00 nvme0; do
    holes 125 --sysfs "$work/amd1" --device "$bad"
    says "--device $bad: should be a PCI address, such as 0000:00:05.0"
done

# --- the IOMMU's width ---

# KERNEL COMMAND-LINE CAP ECAP: the bits, or "-" and why they are not known.
n=0
while read -r kernel cmdline cap ecap wanted; do
    n=$((n + 1))
    host "w$n" "$kernel" "$cmdline"
    group 1 0000:00:05.0 dmar0 "$MSI"
    vtd "$cap" "$ecap"
    holes 0 --sysfs "$work/w$n"
    case $wanted in
    -*) has_line "^  the IOMMU's width is not known: ${wanted#- }$" ;;
    *) has_line "aperture: what the IOMMU translates, $wanted bits \(VT-d registers\)$" ;;
    esac
done <<END
6.12.0 quiet $(cap 39 2) f0f01f 39
6.12.0 quiet $(cap 48 6) f0f01f 48
6.12.0 quiet $(cap 39 6) f0f01f 39
6.12.0 quiet $(cap 57 12) f0f01f 57
6.12.0 quiet $(cap 64 28) f0f01f 57
6.12.0 quiet $(cap 46 4) f0f01f 46
6.12.0 quiet $(cap 48 4) $(printf %x $((1 << 47 | 1 << 46 | 1 << 43))) 48
6.12.0 quiet $(cap 57 12) $(printf %x $((1 << 47 | 1 << 46 | 1 << 43))) - VT-d registers: 48 to 57 bits, by scalable mode
6.12.0 intel_iommu=on,sm_off $(cap 57 12) $(printf %x $((1 << 47 | 1 << 46 | 1 << 43))) 57
6.12.0 intel_iommu=sm_on $(cap 57 12) $(printf %x $((1 << 47 | 1 << 46 | 1 << 43))) 48
6.12.0 intel_iommu=sm_on $(cap 48 4) $(printf %x $((1 << 47 | 1 << 43))) 47
6.17.0 quiet $(cap 48 4) $(printf %x $((1 << 47 | 1 << 46 | 1 << 43))) - VT-d registers: 47 to 48 bits, by scalable mode
6.12.0 quiet $(cap 39 0) 0 - its VT-d unit's registers name no width
6.12.0 quiet rubbish 0 - sysfs does not show the width of dmar0
END
host amdv2 6.12.0 amd_iommu=fullflush,pgtbl_v2
group 1 0000:00:05.0 ivhd0 "$HT"
holes 0 --sysfs "$work/amdv2" --json
json '.hosts[0].groups[0] | [.aperture, .aperture_how]' '[null,"amd_iommu=pgtbl_v2 makes it 47 bits or more"]'
json '[.bounded, .highest]' '[false,"0xffffffffffffffff"]'
put osrelease 7.0.1
put cmdline ''
holes 0 --sysfs "$work/amdv2"
has_line "width is not known: AMD-Vi's width shows in sysfs up to Linux 6.12 only$"
host bare ''
rm "$work/bare/hostname" "$work/bare/cmdline" "$work/bare/osrelease"
put kernel/iommu_groups/7/devices/00 ''
: >"$tree/kernel/iommu_groups/7/reserved_regions"
holes 0 --sysfs "$work/bare"
has_line '^bare: kernel not known$'
has_line '^whether it refuses mappings .* is not known'
has_line '^  no reserved regions$'
has_line "width is not known: sysfs does not say which IOMMU it is behind$"

# --- what can be missing or wrong, each with its mend ---

host none 6.12.0
holes 125 --sysfs "$work/none"
says "no kernel/iommu_groups in $work/none: it has to hold what /sys holds, saved as iovashim-holes\(1\) says"
mkdir -p "$tree/kernel/iommu_groups"
holes 125 --sysfs "$work/none"
says "no IOMMU groups: switch the IOMMU on in the firmware's setup \(VT-d, AMD-Vi, SMMU\); on Intel, boot with intel_iommu=on too"
if [ ! -e /sys/firmware/acpi/tables/DMAR ] && [ ! -e /sys/firmware/acpi/tables/IVRS ] && [ -z "$(ls /sys/kernel/iommu_groups)" ] && grep -qw hypervisor /proc/cpuinfo; then
    holes 125
    says 'no IOMMU groups: this is a virtual machine, and its own VMM gives it no IOMMU .*'
else
    echo 'ok holes: a virtual machine without an IOMMU # skipped: this is none'
fi
put firmware/acpi/tables/IVRS x
holes 125 --sysfs "$work/none"
says "no IOMMU groups: the firmware has AMD-Vi switched on, the kernel does not use it: boot with amd_iommu=on, and see dmesg for AMD-Vi"
put firmware/acpi/tables/DMAR x
holes 125 --sysfs "$work/none" --json
says "no IOMMU groups: the firmware has VT-d switched on, the kernel does not use it: boot with intel_iommu=on"
put cmdline 'quiet intel_iommu=sm_on,off'
holes 125 --sysfs "$work/none" --conf
says "no IOMMU groups: the kernel was booted with intel_iommu=off: boot without"

host modules 6.12.0
group 1 0000:00:05.0 ivhd0 "$HT"
put module/kernel/parameters/panic 0
holes 1 --sysfs "$work/modules"
says 'no VFIO on modules: modprobe vfio-pci'
has_line '12 GiB  reserved$'
put module/vfio_iommu_type1/parameters/dma_entry_limit 65535
holes 0 --sysfs "$work/modules"

host broken 6.12.0
group 1 0000:00:05.0 ivhd0 "$HT"
while IFS= read -r line; do
    put kernel/iommu_groups/1/reserved_regions "$HT
$line"
    holes 125 --sysfs "$work/broken"
    says "$work/broken/kernel/iommu_groups/1/reserved_regions: line 2 should be: first address, last address, type"
done <<'END'
0x1000 0x1fff
0x1000 0x1fff 
0x1000
0x2000 0x1fff reserved
1000 1fff reserved
0x10000000000000000 0x1ffffffffffffffff reserved
0x1000-0x1fff reserved
rubbish
END
head -c 9000 /dev/zero | tr '\0' 'x' >"$tree/kernel/iommu_groups/1/reserved_regions"
holes 125 --sysfs "$work/broken"
rm "$tree/kernel/iommu_groups/1/reserved_regions"
holes 125 --sysfs "$work/broken"
says "$work/broken/kernel/iommu_groups/1 has no reserved_regions: it was not saved"
put kernel/iommu_groups/1/reserved_regions "$HT"
chmod 0 "$tree/kernel/iommu_groups/1/reserved_regions"
chmod 755 "$work"
as_nobody=()
[ "$(id -u)" != 0 ] || as_nobody=(setpriv --reuid 65534 --clear-groups)
if "${as_nobody[@]}" test -x "$iovashim"; then
    expect 125 "${as_nobody[@]}" "$iovashim" holes --sysfs "$work/broken"
    says "cannot read $work/broken/kernel/iommu_groups/1/reserved_regions: Permission denied: run as root"
    chmod 0 "$tree/kernel/iommu_groups"
    expect 125 "${as_nobody[@]}" "$iovashim" holes --sysfs "$work/broken"
    says "cannot read $work/broken/kernel/iommu_groups: Permission denied: run as root"
    chmod 755 "$tree/kernel/iommu_groups"
fi
chmod 644 "$tree/kernel/iommu_groups/1/reserved_regions"
host file 6.12.0
put kernel/iommu_groups 'not a directory'
holes 125 --sysfs "$work/file"
says "cannot read $work/file/kernel/iommu_groups: Not a directory"
tree=$work/broken
# Files that tar filled up with NULs; names that no terminal or policy should see.
printf '%s\n\0\0\0' "$HT" >"$tree/kernel/iommu_groups/1/reserved_regions"
printf 'evil\033[2J"name\n# more\n' >"$tree/hostname"
mkdir "$tree/kernel/iommu_groups/1/devices/"$'x\nhole 0x0-0xffffffff'
holes 0 --sysfs "$work/broken" --conf
has_line '^# evil\?\[2J"name: Linux 6.12.0, AMD-Vi$'
has_line '^hole 0xfd00000000-0xffffffffff name=evil--2J-name:reserved$'
[ "$(grep -c ^hole "$work/out")" = 1 ] || fail "a device's name became a rule"

# --- usage ---

holes 0 --help
has_line '^usage: iovashim holes '
holes 125 --nonsense
has_line '^usage: iovashim holes '
holes 125 file
has_line '^usage: iovashim holes '
holes 125 --json --conf
says '--json or --conf, not both'
holes 125 --merge
says '--merge: name the files to merge, - for standard input'
holes 125 --merge x --group 1
says '--merge takes --json or --conf alone: choose groups and devices where its files are made'
holes 125 --sysfs "$work/amd1" --ask
says "--ask: only this host's VFIO can be asked, not that of --sysfs"
"$iovashim" holes --sysfs "$work/amd1" >/dev/full 2>"$work/err" && fail "a full disk goes unnoticed"
grep -q 'cannot write the output: No space left' "$work/err" || fail "$(cat "$work/err")"

# --- a policy, as the library reads it ---

# What --conf prints has exactly the holes that --json tells to avoid.
same_policy() {
    holes 0 --json "$@"
    cp "$work/out" "$work/json"
    holes 0 --conf "$@"
    cp "$work/out" "$work/conf"
    expect 0 "$build/policy_holes" "$work/conf"
    diff <(jq -r '.avoid[].range' "$work/json") <(cut -d' ' -f1 "$work/out") >&2 ||
        fail "--conf and --json differ: $*"
}
for t in amd1 intel39 broken w1; do same_policy --sysfs "$work/$t"; done
holes 0 --sysfs "$work/amd1" --conf
has_line '^#   group 12: 0000:0a:00.1 8086:10d3 Intel Corporation 82574L'
has_line '^#   amd1: groups 1,12 \(all that are listed\)$'
has_line '^hole 0xfd00000000-0xffffffffff name=amd1:reserved$'

# --- merging ---

for t in amd1 intel39 w3; do "$iovashim" holes --sysfs "$work/$t" --json >"$work/$t.json"; done
merge() { holes "$1" --merge "${@:2}"; }
merge 0 "$work/amd1.json" "$work/intel39.json" "$work/w3.json"
has_line '^3 hosts$'
has_line '^  intel39: Linux 5.3.0, VT-d, 2 groups, does NOT refuse$'
has_line '^  These kernels differ: '
has_line '^  0x00000000fee00000-0x00000000feefffff       1 MiB  msi                 amd1, intel39, w3$'
has_line '^  0x0000008000000000-0xffffffffffffffff    the rest  beyond 39 bits      intel39, w3$'
has_line '^  0x000000fd00000000-0x000000ffffffffff      12 GiB  reserved            amd1$'
has_line '^  highest usable address 0x7fffffffff '
merge 0 "$work/amd1.json" "$work/w3.json"
has_no_line 'These kernels differ'
same_policy --merge "$work/amd1.json" "$work/intel39.json"
grep -q '^hole 0xfee00000-0xfeefffff name=2-hosts:msi$' "$work/conf" || fail "$(cat "$work/conf")"
# Merged once more, it says the same.
cp "$work/json" "$work/both.json"
merge 0 --json "$work/both.json"
cmp "$work/out" "$work/both.json" || fail "merging what was merged changes it"
"$iovashim" holes --merge - --json <"$work/both.json" >"$work/out"
cmp "$work/out" "$work/both.json" || fail "standard input is read differently"
# One that only some groups have; one whose width is not known; two of one name.
jq '.hosts[0].groups[1].regions = []' "$work/amd1.json" >"$work/some.json"
merge 0 "$work/some.json" "$work/w3.json"
has_line 'reserved            amd1 \(group 1\)$'
jq '.hosts[0].groups[1].aperture = null' "$work/amd1.json" >"$work/unknown.json"
merge 0 "$work/unknown.json"
has_line "^  amd1: the IOMMU's width is not known for 1 of 2 groups: not counted$"
merge 0 "$work/amd1.json" "$work/some.json" "$work/amd1.json"
says 'more than one host is called amd1: one of them is amd1:2 here'
says 'more than one host is called amd1: one of them is amd1:3 here'
has_line 'reserved            amd1, amd1:2 \(group 1\), amd1:3$'

# What is wrong with a file: FILTER on a good one, and the message.
while IFS='@' read -r filter message; do
    jq "$filter" "$work/amd1.json" >"$work/bad.json"
    merge 125 "$work/intel39.json" "$work/bad.json"
    says "$work/bad.json: $message"
done <<'END'
.format = "other"@not the output of iovashim holes --json
[]@not the output of iovashim holes --json
.version = 2@version: should be 1: it comes from another version of iovashim
.hosts = []@hosts: should be an array that is not empty
.hosts[0] = 1@hosts\[0\].name: should be a string
.hosts[0].name = ""@hosts\[0\].name: should be a string
.hosts[0].kernel = 6@hosts\[0\].kernel: should be a string or null
.hosts[0].enforces = "yes"@hosts\[0\].enforces: should be true, false or null
.hosts[0].groups = []@hosts\[0\].groups: should be an array that is not empty
.hosts[0].groups[1].group = -1@hosts\[0\].groups\[1\].group: should be the number of an IOMMU group
.hosts[0].groups[1] |= del(.aperture)@hosts\[0\].groups\[1\].aperture: should be a range, "0xFIRST-0xLAST", or null
.hosts[0].groups[1].aperture = "0x5-0x4"@hosts\[0\].groups\[1\].aperture: should be a range, "0xFIRST-0xLAST"
.hosts[0].groups[1].regions = null@hosts\[0\].groups\[1\].regions: should be an array
.hosts[0].groups[1].regions[0] = 1@hosts\[0\].groups\[1\].regions\[0\]: should be an object
.hosts[0].groups[1].regions[1].range = "0xfd00000000"@hosts\[0\].groups\[1\].regions\[1\].range: should be a range, "0xFIRST-0xLAST"
.hosts[0].groups[1].regions[1].type = null@hosts\[0\].groups\[1\].regions\[1\].type: should be a string
.hosts[0].groups[1].devices[0].vendor = "8086"@hosts\[0\].groups\[1\].devices\[0\].vendor: should be an id, "0x8086", or null
END
echo '{"format": ' >"$work/bad.json"
merge 125 "$work/bad.json"
has_line "^iovashim holes: $work/bad.json:2:0: not JSON: "
merge 125 "$work/nothing"
says "cannot open $work/nothing: No such file or directory"
merge 125 "$work"
says "cannot read $work: Is a directory"

# --- this host's VFIO: the model kernel's ---

# The sanitizers' libraries want to be the first that are loaded.
if ! nm -D "$iovashim" | grep -q __asan; then
    model() { expect "$1" env LD_PRELOAD="$build/libiovamodel.so" IOVAMODEL_HOST="$2" "$iovashim" holes "${@:3}"; }
    hosts=$top/src/model/hosts
    model 0 "$hosts/intel39.host"
    has_line "aperture: .*, 39 bits \(VFIO's own word\)$"
    has_line '^      5  0000:00:02.0  8086:3e92  vfio-pci  '
    model 0 "$hosts/amd.host" --json
    json '.hosts[0].groups[0] | [.aperture, .aperture_how]' '["0x0000000000000000-0xffffffffffffffff","VFIO'"'"'s own word"]'
    json '.hosts[0].enforces' true
    model 0 "$hosts/intel39.host" --no-ask --group 3
    has_line "width is not known: sysfs does not say which IOMMU it is behind$"
    while IFS='@' read -r fault status why line; do
        { cat "$hosts/amd.host"; echo "fail $fault"; } >"$work/faulty.host"
        model "$status" "$work/faulty.host"
        has_line "width is not known: $why$"
        [ -z "$line" ] || says "$line"
    done <<'END'
open-group all EBUSY@0@the group is in use, by a VMM probably
open-group all EACCES@1@no permission to open /dev/vfio/3@no permission to open /dev/vfio/3: run as root or as a member of its owning group, or with --no-ask
open-container all ENODEV@0@cannot open /dev/vfio/vfio: No such device
set-container all EINVAL@0@VFIO_GROUP_SET_CONTAINER failed: Invalid argument
set-iommu all EPERM@0@VFIO_SET_IOMMU failed: Operation not permitted
get-info all EFAULT@0@VFIO_IOMMU_GET_INFO failed: Bad address
END
    sed 's/^kernel .*/kernel 5.3/' "$hosts/amd.host" >"$work/old.host"
    model 0 "$work/old.host"
    has_line "^it does NOT refuse mappings"
    has_line "width is not known: this kernel's VFIO does not tell$"
fi

# --- the largest guest, by QEMU itself ---

# boots MACHINE GIB HOST: does QEMU map all of its RAM on that host? Nothing is touched, so nothing is needed.
boots() {
    echo quit | LD_PRELOAD=$build/libiovamodel.so IOVAMODEL_HOST=$hosts/$3.host timeout 60 qemu-system-x86_64 \
        -M "$1,memory-backend=m" -accel tcg -cpu qemu64,phys-bits=44 -m "$2G" \
        -object "memory-backend-ram,id=m,size=$2G,reserve=off" -device vfio-pci,host=0000:00:05.0 \
        -nodefaults -display none -S -monitor stdio >"$work/qemu" 2>&1
}
if declare -F model >/dev/null; then
    for h in amd intel39; do
        model 0 "$hosts/$h.host" --group 3
        found=$(sed -n 's/.*largest QEMU guest below it: q35 \([0-9]*\) GiB, pc \([0-9]*\) GiB$/\1 \2/p' "$work/out")
        [ -n "$found" ] || fail "$h: no largest guest"
        for pair in "pc-q35-7.0 ${found% *}" "pc-i440fx-7.0 ${found#* }"; do
            boots "${pair% *}" "${pair#* }" $h || fail "$pair GiB does not start on $h: $(cat "$work/qemu")"
            ! boots "${pair% *}" $((${pair#* } + 1)) $h || fail "$pair GiB is not the largest on $h"
            grep -q 'vfio_dma_map(.*= -22' "$work/qemu" || fail "$(cat "$work/qemu")"
            checks=$((checks + 3))
        done
    done
fi

# --- the manual ---

# What it says to type to save a host is what the lab types.
block() { sed -n '/^cd \/sys; /,/^tar /p' "$1"; }
[ -n "$(block "$top/docs/iovashim-holes.1.scd")" ] || fail "the manual does not say how to save a host"
# scdoc eats backslashes.
! block "$top/docs/iovashim-holes.1.scd" | grep -q '[\]' || fail "a backslash in a manual's example is lost"
diff <(block "$top/docs/iovashim-holes.1.scd") <(block "$top/tests/lab/scenarios/40-holes.sh") >&2 ||
    fail "the manual and the lab save a host differently"
done_ holes
