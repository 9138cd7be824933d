#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest of libvirt's that its firmware tells of the hole: what iovashim run --reserve --print adds to
# the command line that libvirt has for a domain is what contrib/libvirt/reserved.xml adds to the
# domain; and libvirt starts that, over the model kernel, and the ROM reports.
#
# usage: reserve.sh BUILD
set -eu
# shellcheck source=tests/places/installed.bash
. "$(dirname "$0")/installed.bash" "$@"
# shellcheck source=tests/places/libvirt.bash
. "$top/tests/places/libvirt.bash"

plain=$contrib/libvirt/domain.xml
reserved=$contrib/libvirt/reserved.xml
expect 0 virt-xml-validate "$reserved" domain
# But for the arguments, both are one domain.
cmp <(sed '/^<!--/,/-->$/d' "$plain") <(sed '/^<!--/,/-->$/d; /<qemu:arg/d' "$reserved") || fail 'the domains differ'

# native XML: QEMU and its arguments, as libvirt would start it.
native() {
    local argv
    sed "s|<hostdev .*>|&<driver name='vfio'/>|" "$1" >"$work/vfio.xml" # which libvirt finds out when it starts it
    argv=$(virsh -q -c "qemu:///embed?root=$root" domxml-to-native qemu-argv "$work/vfio.xml" 2>"$work/out") ||
        fail "domxml-to-native $1: $(cat "$work/out")"
    echo "/usr/bin/qemu-system${argv#*/usr/bin/qemu-system}"
}
words() { eval "printf '%s\n' $1"; }
argv=$(native "$plain")
expect 0 env LD_PRELOAD="$build/libiovamodel.so" bash -c 'eval "iovashim run --reserve --print --log $1 -- $2"' - \
    $log "$argv"
has_line 'guest RAM crosses 0x000000fd00000000-0x000000ffffffffff \(reserved, group 3\)$'
words "$(grep '^iovashim run --via' "$work/out" | sed 's/^.* -- //')" >"$work/printed"
n=$(words "$argv" | wc -l)
words "$argv" | diff - <(head -n "$n" "$work/printed") || fail 'its arguments are others'
tail -n +$((n + 1)) "$work/printed" >"$work/added"
[ "$(wc -l <"$work/added")" = 8 ] || fail "added: $(cat "$work/added")"
sed -n "s/.*<qemu:arg value='\(.*\)'.*/\1/p" "$reserved" | diff - "$work/added" || fail 'reserved.xml is out of date'
# libvirt puts words of its own behind them.
words "$(native "$reserved")" | tr '\n' ' ' | grep -qF " $(tr '\n' ' ' <"$work/added")" || fail "libvirt's are others"

# The ROM runs and says so. Nobody boots: there is no disk.
start "$reserved" ''
for ((i = 0; i < 300; i++)); do grep -q '^iovashim-rom: done' $log.rom 2>/dev/null && break; sleep 0.1; done
stop
grep -q 'guest running' "$work/out" || fail "it does not start: $(cat "$work/out")"
has_split "$reserved"
logged
[ "$(cat $log.rom)" = "iovashim-rom: version $(iovashim version | cut -d' ' -f2) bios
iovashim-rom: hole 0x000000fd00000000-0x000000ffffffffff reserved
iovashim-rom: done 1 of 1" ] || fail "the ROM reports: $(cat $log.rom)"

# The emulator wrapper, with --reserve: nothing in the domain.
sed 's|run --log|run --reserve --log|' "$contrib/libvirt/qemu-iovashim" >/usr/local/bin/qemu-iovashim
chmod 755 /usr/local/bin/qemu-iovashim
sed 's|<emulator>.*<|<emulator>/usr/local/bin/qemu-iovashim<|; /<qemu:env/d' "$plain" >"$work/wrapper.xml"
start "$work/wrapper.xml" ''
for ((i = 0; i < 300; i++)); do grep -q '"event":"rom"' $log && break; sleep 0.1; done
stop
grep -q 'guest running' "$work/out" || fail "it does not start: $(cat "$work/out")"
logged
jq -es 'map(select(.event == "rom")) | length == 1 and .[0].told' $log >/dev/null || fail "the log: $(cat $log)"
done_ libvirt-reserve
