# shellcheck shell=bash disable=SC2034 # what is set here is for the scripts
# SPDX-License-Identifier: GPL-2.0-or-later
# Emulated machines with the reservation ROM: started, read from outside, and held against words.
#
# A script is called as SCRIPT BUILD [more]; it needs QEMU, OVMF and the lab's Linux 6.12.

build=$(cd "$1" && pwd)
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rom=$build/iovashim-reserve.rom
kernel=$top/build/lab/kernel-6.12
work=$(mktemp -d)
pid=
cleanup() {
    [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || :
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
checks=0

hole=0x110000000-0x11fffffff
hole_long=0x0000000110000000-0x000000011fffffff
# 2 GiB below 4 GiB and 1 GiB above, in whose middle the hole is.
declare -A machines=([q35]="q35 -m 3G" [pc]="pc,max-ram-below-4g=2G -m 3G")

fail() {
    echo "not ok ${0##*/}: $*" >&2
    for f in report serial qemu; do
        [ ! -s "$work/$f" ] || { echo "--- $f"; tail -n 40 "$work/$f" | tr -d '\r\033'; } >&2
    done
    exit 1
}

# An initrd whose init shows where memory is, then does what the command line's do= says.
make_initrd() { # [FILE…]: besides busybox, with the libraries they need
    local root=$work/initrd.dir f
    mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev"
    cp /bin/busybox "$root/bin/"
    cp "$top/tests/rom/init.sh" "$root/init"
    chmod 755 "$root/init"
    for f; do
        cp "$f" "$root/bin/"
        { ldd "$f" 2>/dev/null || :; } | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p' |
            while read -r lib; do
                mkdir -p "$root${lib%/*}"
                cp -L "$lib" "$root$lib"
            done
    done
    (cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$work/initrd"
    rm -rf "$root"
}

# machine_command bios|uefi q35|pc DIRECTORY: what starts such a machine, in ${command[@]}. What its serial
# port and the ROM have said is in DIRECTORY/serial and DIRECTORY/report.
machine_command() {
    local words flash=() dir=$3
    read -ra words <<<"${machines[$2]}"
    if [ "$1" = uefi ]; then
        [ -e "$dir/vars" ] || cp /usr/share/OVMF/OVMF_VARS_4M.fd "$dir/vars"
        flash=(-drive "if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd"
            -drive "if=pflash,unit=1,format=raw,file=$dir/vars")
    fi
    : >"$dir/report"
    : >"$dir/serial"
    command=("${under[@]}" qemu-system-x86_64 -accel tcg -machine "${words[@]}" -nodefaults -display none
        -serial "file:$dir/serial" -chardev "file,id=report,path=$dir/report"
        -device isa-debugcon,iobase=0x5f2,chardev=report "${flash[@]}")
}

# machine bios|uefi q35|pc UNTIL ARGS…: run it until its serial port and the ROM's report have $times
# lines like UNTIL, or it ends ("-": only when it ends). What they had is in $work/report
# and $work/serial.text then.
seconds=${ROM_SECONDS:-180}
times=1
under=() # what QEMU is started by
machine() {
    local until=$3 tries=0 command
    machine_command "$1" "$2" "$work"
    shift 3
    "${command[@]}" "$@" >"$work/qemu" 2>&1 </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        [ "$until" = - ] ||
            [ "$(cat "$work/report" "$work/serial" | tr -d '\r' | grep -caE -- "$until")" -lt "$times" ] || break
        [ $((tries += 1)) -lt $((seconds * 10)) ] || fail "nothing after $seconds seconds"
        sleep 0.1
    done
    kill "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    pid=
    tr -d '\r' <"$work/serial" >"$work/serial.text"
    [ ! -s "$work/qemu" ] || ! grep -v 'terminating on signal 15' "$work/qemu" >&2 || fail "QEMU complains"
}

device=(-device "pci-testdev,romfile=$rom")
holes=(-fw_cfg "name=opt/iovashim/holes,string=$hole")
# linux KERNEL [WORDS]: what boots it directly.
linux() {
    boot=(-kernel "$kernel/$1" -initrd "$work/initrd" -append "console=ttyS0 quiet ${2-}")
}

# What the ROM said since the machine last started is exactly this, but for the version.
reports() { # FIRMWARE [LINE…]
    local firmware=$1
    shift
    { echo "version $firmware"; [ $# -eq 0 ] || printf '%s\n' "$@"; } |
        sed 's/^/iovashim-rom: /' >"$work/wanted"
    sed -E 's/^(iovashim-rom: version) [0-9.]+ /\1 /' "$work/report" |
        awk '/^iovashim-rom: version/ { text = "" } { text = text $0 "\n" } END { printf "%s", text }' >"$work/got"
    diff -u "$work/wanted" "$work/got" >&2 || fail "the ROM reports something else"
    checks=$((checks + 1))
}

# A line of the guest's console, or of its screen.
shows() { # REGEX
    grep -qaE -- "$1" "$work/serial.text" || fail "no line like: $1"
    checks=$((checks + 1))
}
shows_not() {
    ! grep -qaE -- "$1" "$work/serial.text" || fail "a line like: $1"
    checks=$((checks + 1))
}

# The guest's Linux kept off the hole, and the memory around it is its own.
linux_is_told() {
    shows '^100000000-10fffffff : System RAM'
    shows '^110000000-11fffffff : Reserved'
    shows '^120000000-13fffffff : System RAM'
}

done_() { echo "ok rom $1: $checks checks"; }

[ -e "$rom" ] || fail "$rom is not built"
