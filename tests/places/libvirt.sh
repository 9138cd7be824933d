#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libvirt starts a guest of 1100 GiB with a passed-through device, in each of the ways that
# docs/integration.md has, over the model kernel: libvirt and QEMU as they are, no device, no memory
# pinned. And it cannot without iovashim.
#
# usage: libvirt.sh BUILD
set -eu
# shellcheck source=tests/places/installed.bash
. "$(dirname "$0")/installed.bash" "$@"

"${CC:-gcc}" -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC -o "$work/memlock.so" "$top/tests/places/memlock.c"
export IOVAMODEL_HOST=$top/src/model/hosts/amd.host
kernel=$build/libiovamodel.so
(ulimit -l unlimited) 2>/dev/null || kernel="$work/memlock.so $kernel"

# As Debian's libvirt-daemon-system makes them.
echo 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin' >>/etc/passwd
getent group kvm >/dev/null || echo 'kvm:x:64056:' >>/etc/group
echo 'libvirt-qemu:x:64055:' >>/etc/group
mkdir -p /var/log/libvirt/qemu
install -o libvirt-qemu -g kvm -m 644 /dev/null /var/log/libvirt/qemu/iovashim.jsonl
log=/var/log/libvirt/qemu/iovashim.jsonl

# The driver in a process of its own, with its files below $work.
root=$work/libvirt
mkdir -p "$root/etc"
cat >"$root/etc/qemu.conf" <<'E2'
security_driver = "none"
stdio_handler = "file"
cgroup_controllers = []
namespaces = []
user = "root"
group = "root"
E2
chmod 755 "$work"

# over_model XML: the same, whose QEMU has the model kernel under it, too.
over_model() {
    sed "s|\(name='LD_PRELOAD' value='[^']*\)|\1:$build/libiovamodel.so|; s|\(name=\"LD_PRELOAD\" value=\"[^\"]*\)|\1:$build/libiovamodel.so|
         s|</qemu:commandline>|<qemu:env name='IOVAMODEL_HOST' value='$IOVAMODEL_HOST'/>&|" "$1"
}

# Ends when the guest is there, or could not be started.
start() { # XML PRELOAD
    over_model "$1" >"$work/domain.xml"
    : >$log
    : >"$work/out"
    rm -rf "$root/log"
    LD_PRELOAD="$2 $kernel" virt-qemu-run --verbose --root "$root" "$work/domain.xml" >"$work/out" 2>&1 &
    libvirt=$!
    until grep -qE 'guest running|cannot' "$work/out"; do
        kill -0 $libvirt 2>/dev/null || fail "virt-qemu-run: $(cat "$work/out")"
        sleep 0.1
    done
}
stop() {
    kill $libvirt 2>/dev/null || :
    wait $libvirt || :
}
# runs XML [PRELOAD]: it starts; QEMU's log is in $work/qemu.log.
runs() {
    start "$1" "${2-}"
    stop
    grep -q 'guest running' "$work/out" || fail "$1: $(cat "$work/out")"
    cat "$root"/log/qemu/*.log >"$work/qemu.log"
    grep -q 'iovashim: guest RAM at 0x0000000100000000-0x000001137fffffff .*mapped in 2 pieces; 12 GiB' "$work/qemu.log" ||
        fail "$1: nothing was split: $(cat "$work/qemu.log")"
    checks=$((checks + 1))
}
logged() {
    jq -es 'map(select(.event == "map" and .kind == "ram")) | length == 1
        and .[0].action == "split" and .[0].guarded and .[0].unreachable == 12884901888' $log >/dev/null ||
        fail "the log: $(cat $log)"
    checks=$((checks + 1))
}

domain=$contrib/libvirt/domain.xml
expect 0 virt-xml-validate "$domain" domain
runs "$domain"
logged

# The emulator wrapper.
install -m 755 "$contrib/libvirt/qemu-iovashim" /usr/local/bin/qemu-iovashim
sed 's|<emulator>.*<|<emulator>/usr/local/bin/qemu-iovashim<|; /<qemu:env/d' "$domain" >"$work/wrapper.xml"
runs "$work/wrapper.xml"
logged

# The whole host: libvirt's own environment.
sed '/<qemu:env/d' "$domain" >"$work/plain.xml"
runs "$work/plain.xml" "$(sed -n 's/^Environment=LD_PRELOAD=//p' "$contrib/libvirt/libvirtd-iovashim.conf")"

# KubeVirt's hook, on XML like what KubeVirt makes: with the namespace, with or without a command line.
mkdir -p /var/run/iovashim
cp /usr/local/lib/libiovashim.so /etc/iovashim/holes.conf /var/run/iovashim/
for xml in "$work/plain.xml" "$work/wrapper.xml" "$domain"; do
    sed 's|<emulator>.*<|<emulator>/usr/bin/qemu-system-x86_64<|; /LD_PRELOAD/d' "$xml" >"$work/given.xml"
    "$contrib/kubernetes/onDefineDomain" --vmi '{}' --domain "$(cat "$work/given.xml")" >"$work/hooked.xml"
    expect 0 virt-xml-validate "$work/hooked.xml" domain
done
runs "$work/hooked.xml"
logged

# Without it: the kernel's EINVAL, and no guest.
start "$work/plain.xml" ""
stop
has_line 'cannot start VM: .*VFIO_MAP_DMA failed: Invalid argument'
has_no_line 'guest running'
done_ libvirt
