# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A device plugged into a running guest: refused while the guest uses the memory in the hole, and works where it does not.
# hosts: amd
# kernels: 6.12
# needs: kvm
# limit: 480
# via: preload seccomp

hole() { policy 'hole 0x110000000-0x11fffffff name=test'; }

guest() { linux_guest "$1" -device pcie-root-port,id=rp0,chassis=1,slot=1,addr=8; }

plug() { qmp '{"execute":"device_add","arguments":{"driver":"vfio-pci","id":"v0","host":"'$DISK'","bus":"rp0"}}' 60; }

# Fill the guest's memory, the hole's part of it too, with a pattern.
use_memory() {
    um_fill="dd if=/dev/zero bs=1M count=8 2>/dev/null | tr '\\0' i >/tmp/i
        for n in \$(seq 70); do cat /tmp/i; done >/tmp/fill
        ls -l /tmp/fill | grep -q ' 587202560 ' && md5sum </tmp/fill"
    l2 200 "$(echo "$um_fill" | tr '\n' ';')" || fail "the guest could not fill its memory: $REPLY"
    fill=$REPLY
}

disk_sum() {
    l2 60 'n=0; until [ -b /dev/nvme0n1 ] || [ $n -ge 300 ]; do n=$((n+1)); usleep 100000; done; [ -b /dev/nvme0n1 ]' ||
        fail "the guest did not see the disk it was given"
    say "the guest sees the disk; it reads it"
    l2 240 "md5sum /dev/nvme0n1" || fail "the guest could not read the disk: $REPLY"
    sum=$(echo "$REPLY" | sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p')
}

case_without() {
    without_shim
    guest ""
    l2_up
    plug
    case $REPLY in *'"return"'*) ;; *) fail "device_add: $REPLY" ;; esac
    disk_sum
    must_equal "the checksum" "$DISK_MD5" "$sum"
    note "no hole: the plugged disk's checksum is right"
}

case_in_use() {
    with_shim
    hole
    guest ""
    l2_up
    use_memory
    plug
    case $REPLY in *'"error"'*) ;; *) fail "device_add went through over memory in use: $REPLY" ;; esac
    answer=$(echo "$REPLY" | jq -r .error.desc)
    must_log '.event == "map" and .action == "refuse" and .reason == "in-use"'
    # A guard that was set on the way must be lifted again.
    must_equal "guards left" 0 "$(events 'select(.event == "guard") | if .set then 1 else -1 end' | jq -s 'add // 0')"
    vmm_must_run
    l2 120 "md5sum </tmp/fill" || fail "the guest is not well: $REPLY"
    must_equal "what the guest has in its memory" "$fill" "$REPLY"
    note "refused (in-use), the guest unharmed: $answer"
}

case_told() {
    with_shim
    hole
    # shellcheck disable=SC2016 # a dollar for the kernel
    guest 'memmap=256M$0x110000000'
    l2_up
    plug
    case $REPLY in *'"return"'*) ;; *) fail "device_add: $REPLY; $(tail -n 3 "$W/stderr")" ;; esac
    disk_sum
    must_equal "the checksum" "$DISK_MD5" "$sum"
    must_log '.event == "guard" and .set == true and .iova == "0x0000000110000000-0x000000011fffffff"'
    must_match_guards 200

    # Unplugged, the container goes, and with it the guard.
    qmp '{"execute":"device_del","arguments":{"id":"v0"}}'
    wait_for 40 "the disk's removal" qmp_event DEVICE_DELETED
    must_equal "guards in force" "" "$(logged_guards)"
    must_match_guards 200
    note "told: plugged in, checksum right; unplugged, the guard is lifted"
}
