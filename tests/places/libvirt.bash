# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libvirt's QEMU driver in a process of its own, whose guests have the model kernel under them. For tests
# that have sourced installed.bash.

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
    has_split "$1"
}
has_split() { # XML
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
