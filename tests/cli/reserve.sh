#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iovashim run --reserve: what is added, what the ROM reports, and what is refused; QEMU over the model.
#
# usage: reserve.sh BUILD [all]       all: what takes UEFI in a rehearsal, a minute or two
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/cli/lib.bash
. "$here/lib.bash"
hosts=$here/../../src/model/hosts
unset LD_PRELOAD IOVASHIM_CONF IOVASHIM_MODE IOVASHIM_LOG IOVASHIM_GUARD IOVASHIM_DISABLE IOVASHIM_QUIET
command -v qemu-system-x86_64 >/dev/null || { echo 'ok reserve # skipped: no QEMU'; exit; }
cp "$build/iovashim" "$build/libiovashim.so" "$build/libiovamodel.so" "$build/iovashim-reserve.rom" "$work"
cd "$work"
rom=$work/iovashim-reserve.rom
export IOVAMODEL_HOST=$hosts/amd.host TMPDIR=$work

policy() { printf 'hole %s name=test\n' "$@" >holes.conf; }
policy 0x110000000-0x11fffffff
command=(env LD_PRELOAD="$work/libiovamodel.so" "$work/iovashim" run --policy holes.conf)
run() { "${command[@]}" "$@"; }
qemu=(qemu-system-x86_64 -M pc-q35-7.0 -cpu "qemu64,phys-bits=44" -nodefaults -display none)
device=(-device "vfio-pci,host=0000:00:05.0")
# refused REGEX OPTION… -- VMM…: nothing is started, with a line that says why.
refused() {
    rm -f log.jsonl
    expect 125 run --log log.jsonl "${@:2}"
    has_line "^iovashim run: --reserve$1"
    [ ! -s log.jsonl ] || fail "something was logged: $(cat log.jsonl)"
}
# json FILTER [FILE]: true of the events, as a list.
json() {
    jq -se "$1" "${2-log.jsonl}" >/dev/null || fail "not so: $1, in: $(cat "${2-log.jsonl}")"
    checks=$((checks + 1))
}

# What is printed is what would be run: the VMM's words as they were, then what tells the guest.
expect 0 run --reserve --print -- "${qemu[@]}" -m 3G -name 'a guest' "${device[@]}"
has_line "^iovashim run: --reserve: guest RAM crosses 0x0000000110000000-0x000000011fffffff \(.*holes.conf:1 test\)$"
added="-device pci-testdev,id=iovashim-rom,romfile=$rom -fw_cfg name=opt/iovashim/holes,string=0x110000000-0x11fffffff"
has_line "^iovashim run --via preload --policy holes.conf -- qemu-system-x86_64 .* -m 3G -name 'a guest' ${device[*]} $added "
has_line ' -chardev file,id=iovashim-report,append=on,path=/dev/stderr -device isa-debugcon,iobase=0x5f2,chardev=iovashim-report$'
expect 0 run --reserve=rom --print --log guest.jsonl -- "${qemu[@]}" -m 3G "${device[@]}"
has_line " --log guest.jsonl .* -option-rom $rom -fw_cfg name=opt/iovashim/holes,.*path=$work/guest.jsonl.rom -device "
has_no_line 'plugged later'
expect 0 run --reserve --print -- "${qemu[@]}" -m 1100G,maxmem=1200G,slots=2 "${device[@]}"
has_line ': memory that is plugged later is in no firmware.s map: give it an addr= off the holes, '
has_line 'guest RAM crosses 0x000000fd00000000-0x000000ffffffffff \(reserved, group 3\)$'
has_line "'name=opt/iovashim/holes,string=0x110000000-0x11fffffff 0xfd00000000-0xffffffffff'"
# QEMU creates devices in JSON last, so the ROM's is one there too: it takes no slot of another's.
expect 0 run --reserve --print -- "${qemu[@]}" -m 3G -device '{"driver":"pcie-root-port","id":"p","bus":"pcie.0","addr":"0x1"}' \
    -device '{"driver":"vfio-pci","host":"0000:00:05.0","bus":"p"}'
has_line " -device '\{\"driver\":\"pci-testdev\",\"id\":\"iovashim-rom\",\"romfile\":\"$rom\"\}' "
# A shell takes it back.
expect 0 env IOVASHIM_QUIET=1 bash -c 'eval "set -- $(LD_PRELOAD=$0/libiovamodel.so "$0/iovashim" run --reserve --print \
    --policy holes.conf -- "$@")" && printf "%s\n" "$@"' "$work" "${qemu[@]}" -m 3G -name "it's" "${device[@]}"
has_line "^it's$"
[ "$(sed -n 1p out)" = iovashim ] || fail "said: $(cat out)"

# Nothing to tell: nothing is added.
expect 0 run --reserve --print -- "${qemu[@]}" -m 1G "${device[@]}"
has_line ': no RAM of this guest crosses a hole: nothing is added$'
has_line " ${device[*]}$"
expect 0 run --reserve --print -- "${qemu[@]}" -m 3G
has_line ': no device is passed through .*: nothing is added$'
expect 0 run --reserve=off -- ./iovashim version

# A guest, and two starts of its machine.
mkfifo qmp
"${command[@]}" --reserve --log log.jsonl -- "${qemu[@]}" -m 3G "${device[@]}" -qmp stdio <qmp >answers 2>said &
vmm=$!
exec 9>qmp
reports() { [ "$(grep -c '"event":"rom"' log.jsonl 2>/dev/null)" = "$1" ]; }
within 300 reports 1 || fail "no report: $(cat said log.jsonl)"
[ "$(cat /proc/$vmm/comm)" = qemu-system-x86 ] || fail 'the VMM is not the process that iovashim run was'
echo '{"execute":"qmp_capabilities"}{"execute":"system_reset"}' >&9
within 300 reports 2 || fail "no second report: $(cat log.jsonl)"
echo '{"execute":"quit"}' >&9
wait $vmm || fail "QEMU ended with $?: $(cat said)"
exec 9>&-
within 300 nobody || fail 'the reader stays'
grep -qx 'iovashim run: the guest is told of its holes: its firmware (bios) reports: 1 of 1 hole reserved' said ||
    fail "said: $(cat said)"
# The library does not advise to do what is done.
grep -q '256 MiB of it is out of .*; the guest.s firmware is given a ROM to tell it (--reserve)$' said && ! grep -q memmap said ||
    fail "said: $(cat said)"
[ "$(grep -c 'is told' said)" = 1 ] || fail "told again: $(cat said)"
json '[.[] | .event] | .[0] == "reserve" and index("rom-silent") == null'
json '[.[] | select(.event == "map" and .action == "split")][0].gaps == ["0x0000000110000000-0x000000011fffffff"]'
json '[.[] | select(.event == "rom") | .told and .firmware == "bios" and
    .holes == [{"range": "0x0000000110000000-0x000000011fffffff", "state": "reserved"}]] == [true, true]'
json '[.[].pid] | unique | length == 1'
# The report has it as one process, and has nothing to advise.
expect 0 ./iovashim report --json log.jsonl
json '.[0].processes | length == 1 and .[0].advice == [] and
    ([.[0].verdicts[].text] | any(. == "the guest was told of its holes: its firmware (bios) keeps 1 of 1 hole free"))' out
# Told of less than its memory was cut at, it is not taken for told.
sed 's/"state":"reserved"/"state":"not-reserved"/' log.jsonl >other.jsonl
expect 0 ./iovashim report --json other.jsonl
json '.[0].processes[0].advice != [] and ([.[0].processes[0].verdicts[] | .text] | any(startswith("the guest was told of other holes")))' out

# In the background it is read on, and nobody waits for its output; without a boot there is a word.
said=$(run --reserve --log daemon.jsonl -- "${qemu[@]}" -m 3G "${device[@]}" -daemonize -pidfile pid 2>&1) ||
    fail "a daemon: $said"
within 300 grep -q '"told":true' daemon.jsonl || fail 'the daemon made no report'
kill "$(cat pid)"
within 300 nobody || fail 'the reader stays with a daemon'
echo '{"execute":"qmp_capabilities"}{"execute":"quit"}' |
    run --reserve --log log.jsonl -- "${qemu[@]}" -m 3G "${device[@]}" -S -qmp stdio >out 2>&1
within 300 nobody || fail 'the reader stays'
has_line '^iovashim run: the VMM has ended, and no ROM had reported that the guest was told'
json '.[-1].event == "rom-silent" or .[-2].event == "rom-silent"'
expect 0 ./iovashim report log.jsonl
has_line 'no ROM reported'

# What a ROM says that could not do it, whatever was rehearsed; and what a guest says for fun.
cp "$here/reserve_vmm.bash" qemu-kvm
says() { # TEXT: with "R " before each line
    rm -f log.jsonl
    SAYS="${1//R /iovashim-rom: }" run --reserve --log log.jsonl -- ./qemu-kvm "${qemu[@]:1}" -m 3G "${device[@]}" \
        >out 2>&1 || fail "it ends with $?: $(cat out)"
    within 300 nobody || fail 'the reader stays'
}
says 'R version 9 uefi\nR hole 0x0000000110000000-0x000000011fffffff not-reserved its own\nR done 0 of 1\nR stop: it stops\n'
has_line 'the guest is NOT told of its holes: its firmware \(uefi\) reports: 0x0000000110000000-0x000000011fffffff not reserved: its own$'
has_line 'the guest.s firmware reports: stop: it stops$'
json '[.[] | select(.event == "rom")] | length == 1 and (.[0].told | not) and .[0].holes[0].why == "its own"'
expect 0 ./iovashim report log.jsonl
has_line '^x the guest was NOT told of its holes: '
says 'R version 9 bios\nR error no file\nR done 0 of 0\n'
has_line 'NOT told of its holes: its firmware \(bios\) reports: no file$'
json '[.[] | select(.event == "rom")][0].error == "no file"'
says 'R version 9 bios\nR hole 0x0000000130000000-0x000000013fffffff reserved\nR done 1 of 2\n'
has_line 'NOT told of its holes'
says 'nonsense\nR \nR hole x\nR done\nR version\n\033[2J\nR done 4 of 4\n'
has_line 'NOT told of its holes'
has_no_line $'\033'

# What cannot be told of is not started.
refused ': /bin/cat is not QEMU by its name' --via preload --reserve -- /bin/cat
refused ': the ROM is for PCs, and this is a guest of aarch64' --reserve -- qemu-system-aarch64 -M virt -cpu cortex-a57 -m 3G "${device[@]}"
refused ': the firmware of machine microvm starts no ROM' --reserve -- qemu-system-x86_64 -M microvm,pcie=on -m 3G "${device[@]}"
refused ': this is among the arguments already: name=opt/iovashim/holes' --reserve -- "${qemu[@]}" -m 3G "${device[@]}" \
    -fw_cfg name=opt/iovashim/holes,string=0x1-0x2
refused ': in a rehearsal, on a host that refuses nothing, the VMM does not start; it says:$' --reserve -- "${qemu[@]}" "${device[@]}" -nonsense
has_line 'nonsense: invalid option$'
refused ': the DIMM at 0x000000fce0000000-0x000000fd1fffffff crosses 0x000000fd00000000-0x000000ffffffffff \(reserved, group 3\)' --reserve -- \
    "${qemu[@]}" -m 512M,maxmem=2T,slots=4 -object memory-backend-ram,id=m0,size=1G \
    -device pc-dimm,id=d0,memdev=m0,addr=0xfce0000000 "${device[@]}"
has_line ': start it with this .*: -device pc-dimm,id=d0,memdev=m0,addr=0x10000000000$'
policy 0x7ffff000-0x7fffffff
refused ': in a rehearsal the guest.s firmware \(bios\) cannot keep a hole free, .*: 0x000000007ffff000-0x000000007fffffff not reserved: the firmware.s own memory' \
    --reserve -- "${qemu[@]}" -m 3G "${device[@]}"
policy $(for i in $(seq 33); do printf '0x1%02x00000-0x1%02x0ffff ' $i $i; done)
refused ': guest RAM crosses 33 holes, and the ROM takes 32' --reserve -- "${qemu[@]}" -m 3G "${device[@]}"
policy $(for i in $(seq 32); do printf '0x1%02x00000-0x1%02x0ffff ' $i $i; done)
expect 0 run --reserve --print -- "${qemu[@]}" -m 3G "${device[@]}"
policy 0x110000000-0x11fffffff
printf 'garbage' >iovashim-reserve.rom
refused ": $rom: it is no option ROM" --reserve -- "${qemu[@]}" -m 3G "${device[@]}"
sed 's/\x36\x1b\x05\x00/\x86\x80\x05\x00/' "$build/iovashim-reserve.rom" >iovashim-reserve.rom
refused ": $rom: its PCI IDs are not those of pci-testdev" --reserve -- "${qemu[@]}" -m 3G "${device[@]}"
rm iovashim-reserve.rom
expect 125 run --reserve -- "${qemu[@]}" -m 3G "${device[@]}"
has_line '^iovashim run: iovashim-reserve.rom is neither beside this program nor in '
cp "$build/iovashim-reserve.rom" .
expect 125 run --print -- ./iovashim version
has_line '^iovashim run: --print goes with --reserve'
expect 125 run --reserve=magic ./iovashim
has_line '^iovashim run: --reserve=magic: it is device, rom or off$'

# BARs: the room for them begins in a hole; and one that firmware puts into a hole is moved.
sed 's/bar0=16K:64/& bar2=16G:64/' "$hosts/amd.host" >big.host
IOVAMODEL_HOST=$work/big.host
expect 0 run --reserve --print -- "${qemu[@]}" -m 1012G "${device[@]}"
has_line ': the room for 64-bit BARs begins at 0xfd80000000, in 0x000000fd00000000-0x000000ffffffffff \(reserved, group 3\)$'
expect 0 run --reserve --print -- "${qemu[@]}" -m 1000G "${device[@]}"
has_line ': BAR 2 of 0000:00:05.0 at 0x000000fc00000000-0x000000ffffffffff touches 0x000000fd00000000-0x000000ffffffffff; in a rehearsal this moved it, and is added: -m maxmem=1024G,slots=1$'
has_line '^iovashim run .* -m maxmem=1024G,slots=1 -chardev '
within 300 nobody || fail 'somebody stays'
[ -z "$(find "$work" -maxdepth 1 -name 'iovashim-plan-*')" ] || fail 'files are left'
[ "${2-}" = all ] || { done_ reserve; exit; }

# UEFI: what takes its firmware in a rehearsal, and a guest.
uefi=(-drive "if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd"
    -drive "if=pflash,unit=1,format=raw,file=$work/vars")
cp /usr/share/OVMF/OVMF_VARS_4M.fd vars
IOVAMODEL_HOST=$hosts/amd.host
refused '=rom: in a rehearsal the guest.s firmware did not start the ROM: UEFI starts none of -option-rom' \
    --reserve=rom -- "${qemu[@]}" -m 3G "${uefi[@]}" "${device[@]}"
policy 0x7ffff000-0x7fffffff
refused ': in a rehearsal the guest.s firmware \(uefi\) cannot keep a hole free, .*: 0x000000007ffff000-0x000000007fffffff not reserved: ' \
    --reserve -- "${qemu[@]}" -m 3G "${uefi[@]}" "${device[@]}"
# RAM ends in a hole, and OVMF puts BARs into another. It takes its window from the CPU's address bits,
# whatever X-PciMmio64Mb says, but not over room for DIMMs.
policy 0x130000000-0x14fffffff 0xe000000000-0xefffffffff
IOVAMODEL_HOST=$work/big.host
expect 0 run --reserve --print -- "${qemu[@]}" -m 3G "${uefi[@]}" "${device[@]}"
has_line ': the room for 64-bit BARs begins at 0x140000000, in 0x0000000130000000-0x000000014fffffff'
has_line ': BAR [02] of 0000:00:05.0 at 0x000000e.* touches 0x000000e000000000-0x000000efffffffff; in a rehearsal this moved it, and is added: -m maxmem=960G,slots=1$'
policy 0x110000000-0x11fffffff
rm -f log.jsonl
mkfifo qmp2
"${command[@]}" --reserve --log log.jsonl -- "${qemu[@]}" -m 3G "${uefi[@]}" "${device[@]}" -qmp stdio <qmp2 >answers 2>said &
vmm=$!
exec 9>qmp2
within 1200 reports 1 || fail "no report: $(cat said log.jsonl)"
echo '{"execute":"qmp_capabilities"}{"execute":"quit"}' >&9
wait $vmm || fail "QEMU ended with $?: $(cat said)"
exec 9>&-
json '[.[] | select(.event == "rom") | .told and .firmware == "uefi"] == [true]'
done_ reserve
