#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iovashim plan: unmodified QEMU on described hosts, what it proposes, and that it touches nothing.
#
# usage: plan.sh BUILD
set -eu
build=$(cd "$1" && pwd)
iovashim=$build/iovashim
hosts=$(cd "$(dirname "$0")/../../src/model/hosts" && pwd)
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"

qemu='qemu-system-x86_64'
nvme=vfio-pci,host=0000:00:05.0
plan() { # STATUS ARGUMENT…: the report is in $work/out
    local wanted=$1
    shift
    expect "$wanted" env TMPDIR="$work" "$iovashim" plan "$@"
}
# json FILTER: of a report with --json; it has to be true.
json() {
    jq -e "$1" "$work/out" >/dev/null || fail "not so: $1, in: $(head -c 4000 "$work/out")"
    checks=$((checks + 1))
}
# starts HOST COMMAND…: QEMU itself, over the model alone, gets its guest set up.
starts() {
    local host=$1
    shift
    [ -e "$host" ] || host=$hosts/$host.host
    echo '{"execute":"qmp_capabilities"}{"execute":"query-status"}{"execute":"quit"}' |
        env IOVAMODEL_HOST="$host" LD_PRELOAD="$build/libiovamodel.so" timeout 60 \
        "$@" -S -display none -qmp stdio >"$work/direct" 2>&1 || fail "$* ends with $?: $(cat "$work/direct")"
    grep -q '"status": "prelaunch"' "$work/direct" || fail "$* does not start: $(cat "$work/direct")"
    checks=$((checks + 1))
}
# proposal N: the words of the Nth candidate that works, in the array "words".
proposal() {
    mapfile -t words < <(jq -r "[.attempts[] | select(.works)][$1].arguments[]" "$work/out")
    [ "${#words[@]}" -gt 3 ] || fail "no proposal $1: $(cat "$work/out")"
}

# example N: the arguments of the manual's Nth.
example() {
    sed -n 's/^iovashim plan \(--host.*\)/\1/p' "$(dirname "$0")/../../docs/iovashim-plan.1.scd" | sed -n "$1p"
}

# The guest of 2021, on its host: refused; each proposal starts without plan too.
sed '/device/s/0000:00:05.0/0000:41:00.0/' "$hosts/amd.host" >"$work/amd.host"
eval "plan 1 --json $(example 1)"
json '.v == 1 and .verdict == "mended" and .longer_addresses'
json '.findings == [{"iova": "0x0000000100000000-0x000001137fffffff", "kind": "ram", "overlap": 12884901888,
    "hole": "0x000000fd00000000-0x000000ffffffffff", "type": "reserved", "group": 5}]'
json '.as_it_is.starts == false and (.as_it_is.words | contains("0x100000000, 0x11280000000"))'
# shellcheck disable=SC2016 # a dollar of memmap=
json '.with_iovashim.works and .with_iovashim.unreachable == 12884901888 and .with_iovashim.memmap == "memmap=12G$0xfd00000000"'
json '[.attempts[] | select(.works) | .name] == ["machine type", "DIMM above the hole"]'
json '.mappings.bars == 1'
cp "$work/out" "$work/report"
for n in 0 1; do
    cp "$work/report" "$work/out"
    proposal $n
    starts "$work/amd.host" "${words[@]}"
done
# The last one is fine as it is, when it is planned for itself.
plan 0 --host amd -- "${words[@]}"
has_line '^as it is   starts, nothing refused$'
has_line '^verdict    fine as it is$'

# Hosts without the hole, and QEMU's own way around it.
plan 0 --host intel48 -- $qemu -enable-kvm -cpu host -M pc-q35-7.0 -m 1100G -device vfio-pci,host=41:00.0
has_line '^left out   KVM \(emulation stands in'
has_line '^stand-ins  0000:41:00.0$'
has_line '^firmware   placed 1 BAR mapping$'
plan 0 --host "$hosts/amd.host" -- $qemu -machine pc-q35-7.2,accel=kvm -cpu EPYC,phys-bits=48 -m 1100G -device $nvme

# A host whose kernel refuses nothing: it starts, and that is worse.
sed 's/^kernel .*/kernel 5.3/' "$hosts/amd.host" >"$work/old.host"
plan 1 --host "$work/old.host" --firmware 0 -- $qemu -M pc-q35-7.0 -cpu qemu64,phys-bits=44 -m 1100G -device $nvme
has_line '^as it is   starts, and loses data'
has_line '^firmware   not run'

# A DIMM that was put across the hole's edge.
plan 1 --host amd --json --firmware 0 -- $qemu -M pc-q35-7.0 -cpu qemu64,phys-bits=44 -m 4G,slots=2,maxmem=1100G \
    -object memory-backend-ram,id=m0,size=1G,share=on -device '{"driver":"pc-dimm","id":"d0","memdev":"m0","addr":1086089854976}' \
    -device $nvme
json '.findings[0].kind == "dimm" and .findings[0].device == "d0" and .findings[0].overlap == 536870912'
json '[.attempts[] | select(.works) | .name] == ["DIMM moved"]'
json '.with_iovashim.works'
json '[.attempts[] | select(.works) | .arguments[] | select(contains("1099511627776"))] | length == 1'
proposal 0
starts amd "${words[@]}"

# Arm's RAM has no gap at the MSI window of a PC.
plan 1 --host amd --firmware 0 --json -- qemu-system-aarch64 -M virt -cpu cortex-a57 -m 3G -device $nvme
json '.findings[0].type == "msi" and .findings[0].overlap == 1048576'
json '.with_iovashim.works and .with_iovashim.memmap == ""'
json '[.attempts[] | select(.works) | .name] == ["less memory"]'
json '.attempts[] | select(.works) | .arguments | index("3054M")'
json '.attempts[] | select(.name == "DIMM above the hole") | .why_not | contains("memory hotplug is not enabled")'

# An IOMMU of 39 bits: less memory is all that helps; no proposal goes beyond the CPU's bits.
plan 1 --host intel39 --firmware 0 -- $qemu -M q35 -cpu qemu64,phys-bits=44 -m 600G -device $nvme
has_line 'crosses 0x0000008000000000-0xffffffffffffffff, beyond the IOMMU.s 39 bits: 90 GiB of it'
has_line ' -m 510G '
has_line '^does not help: physical bits limited: .*phys-bits too low'

# Firmware puts a large BAR on the hole; a device as it is described.
eval "plan 1 $(example 2)"
has_line '^BAR 1 of 0000:03:00.0 at 0x000000fc00000000-0x000000ffffffffff \(16 GiB\)$'
has_line '^as it is   starts; BARs that are refused'
has_line '^[0-9]\. machine type: '
has_line ' -m 1000G,maxmem=1024G,slots=1 '

# Physical addresses alone are short: two ways.
plan 1 --host amd --firmware 0 -- $qemu -M pc-q35-7.2 -cpu EPYC,phys-bits=40 -m 990G -device $nvme
has_line ' -global q35-pcihost.pci-hole64-size=2G$'
has_line ' -cpu EPYC,phys-bits=41 '
plan 1 --host intel48 --firmware 0 -- $qemu -M pc-q35-7.0 -m 1100G -device $nvme
has_line '^1\. longer physical addresses: '
has_line '^   cost: hosts that it migrates to must have as many$'
has_line '^   qemu-.* -cpu qemu64,phys-bits=41$'
has_line '^does not help: smaller 64-bit PCI window: .*phys-bits too low'
has_no_line '^2\.'

# Nothing is touched: not what the arguments name, and not what a program tries by itself.
mkdir "$work/there"
truncate -s 1M "$work/there/disk" "$work/there/vars"
mkfifo "$work/there/fifo"
before=$(stat -c '%n %y %s' "$work/there"/*)
plan 0 --host intel48 --firmware 0 -- $qemu -M q35 -m 2G -mem-path "$work/there" -mem-prealloc -daemonize \
    -pidfile "$work/there/pid" -D "$work/there/log" -d int -serial "file:$work/there/serial" \
    -chardev "socket,id=c,path=$work/there/socket,server=on" -mon chardev=c -monitor "pipe:$work/there/fifo" \
    -qmp "unix:$work/there/qmp,server" -vnc "unix:$work/there/vnc" -netdev tap,id=n,script="$work/there/up" \
    -device virtio-net-pci,netdev=n -drive "file=$work/there/disk,format=raw,if=virtio" -blockdev \
    "{\"driver\":\"file\",\"node-name\":\"v\",\"filename\":\"$work/there/vars\"}" -device virtio-blk-pci,drive=v \
    -incoming "unix:$work/there/in" -device $nvme
has_line '^left out   the memory.s files, .*character devices, .*networks, disk images'
[ "$before" = "$(stat -c '%n %y %s' "$work/there"/*)" ] || fail "there was touched: $(stat -c '%n %y %s' "$work/there"/*)"
cat >"$work/program" <<END
#!/bin/bash
echo x >"$work/there/new"
echo x >>"$work/there/disk"
echo x >"$work/there/fifo"
kill -0 $$
echo x >/dev/tcp/127.0.0.1/22
echo x >"\$TMPDIR/mine" && echo "mine: good"
sleep 98$$ & setsid sleep 98$$ &
exit 3
END
chmod +x "$work/program"
plan 125 --host amd -- "$work/program"
has_line 'the VMM ends with 3 and says:$'
has_line 'there/new: Read-only file system$'
has_line 'there/disk: Read-only file system$'
has_line 'there/fifo: Permission denied$'
has_line 'kill: .*No such process$'
has_line '22: Network is unreachable$'
has_line '^mine: good$'
[ "$before" = "$(stat -c '%n %y %s' "$work/there"/*)" ] || fail "there was touched"
! pgrep -fx "sleep 98$$" || fail "a program's children live on"

# A VMM without a table.
plan 0 --host amd -- "$build/plan_client" 0x100000000
has_line '^VMM        a VMM that plan has no table for$'
has_line '^mappings   1 of RAM, 0 of BARs, 0 in holes$'
plan 1 --host amd -- "$build/plan_client" 0xfcff800000
has_line 'crosses .*: 8 MiB of it$'
has_line '^iovashim   starts, split: 8 MiB'
plan 2 --host amd -- "$build/plan_client" 0xfd00000000
has_line '^verdict    does not work'

# Not confined; and a host that is a copy of its sysfs.
mkdir -p "$work/sys/kernel/iommu_groups/3/devices"
echo 0x0000000002000000 0x0000000002ffffff reserved >"$work/sys/kernel/iommu_groups/3/reserved_regions"
plan 1 --host "$work/sys" --unconfined -- "$build/plan_client" 0x1800000
has_line '^confined   no: --unconfined$'
has_line 'crosses 0x0000000002000000-0x0000000002ffffff, reserved \(group 3\): 8 MiB of it'

# Own failures, each with a line that names the thing.
plan 125 --host amd -- $qemu -nonsense
has_line 'do not start a guest on any host'
has_line 'invalid option$'
plan 127 --host amd -- "$work/no-such-vmm"
plan 125 --host amd -- /bin/busybox true
has_line 'cannot be rehearsed'
plan 125 --host "$work/no-such-host" -- $qemu
has_line '^iovashim plan: --host .*no-such-host: No such file or directory$'
plan 125 --host amd --device 'nonsense' -- $qemu
has_line "'nonsense' is not a PCI address"
plan 125 --host amd --firmware x -- $qemu
has_line '^iovashim plan: --firmware x: a number of seconds'
plan 125 --host amd
has_line '^usage: iovashim plan '

# Interrupted or killed, it leaves no VMM behind; interrupted, nothing at all.
for signal in INT KILL; do
    name=plan-test-$$-$signal
    env TMPDIR="$work" "$iovashim" plan --host amd --firmware 60 -- qemu-system-aarch64 -M virt -m 1G -name "$name" \
        -device $nvme >/dev/null 2>&1 &
    for _ in $(seq 100); do
        [ "$(pgrep -fc "aarch64 .*$name")" -ge 4 ] && break
        sleep 0.05
    done
    kill -$signal $!
    { wait $! || :; } 2>/dev/null
    for _ in $(seq 40); do
        pgrep -f "aarch64 .*$name" >/dev/null || break
        sleep 0.05
    done
    ! pgrep -f "aarch64 .*$name" >/dev/null || fail "a VMM lives on after SIG$signal"
    [ $signal = KILL ] || [ -z "$(find "$work" -maxdepth 1 -name 'iovashim-plan-*')" ] || fail "files are left"
    checks=$((checks + 1))
done
done_ plan
