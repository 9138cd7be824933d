#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Build the large, cached parts of the lab's initrd: the userland (busybox, the VMMs, strace, jq)
# and, per kernel, its modules, and what the guests boot: kernel, initrd, a disk with GRUB, OVMF.
#
# usage: initrd.sh 6.12|6.1 …
#
# Uncompressed on purpose: under emulation, copying is much quicker than
# decompressing. Each part is rebuilt when what goes into it has changed.
set -eu

lab=$(cd "$(dirname "$0")" && pwd)
grub_disk=$lab/../rom/grub_disk.sh
out=$lab/../../build/lab
mkdir -p "$out"
out=$(cd "$out" && pwd)

programs="/usr/bin/qemu-system-x86_64 /usr/bin/qemu-system-aarch64 /usr/bin/strace /usr/bin/jq"
modules="/usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so"
firmware="/usr/share/seabios/bios-256k.bin /usr/share/qemu/kvmvapic.bin
    /usr/share/qemu/linuxboot_dma.bin /usr/share/qemu/linuxboot.bin /usr/share/qemu/pvh.bin"
# With its variables, to be flash as a whole. Of Debian's images it is the one that is all 64-bit: decompressing
# itself in 32-bit mode, as OVMF_CODE_4M.fd does, takes an emulated guest half a minute more.
ovmf=/usr/share/ovmf/OVMF.fd
# Kernel arguments of every guest, whoever boots it. pci=noearly,lastbus=0: Linux looks for AGP bridges
# and peer buses with some 100 000 reads of configuration space, each two exits from an emulated guest:
# five times as long as all else.
words="console=ttyS0 panic=-1 loglevel=4 no_timer_check tsc=reliable init_on_alloc=0 pci=noearly,lastbus=0"

die() { echo "initrd.sh: $*" >&2; exit 1; }

make_cpio() { # DIRECTORY ARCHIVE
    (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$2.tmp"
    mv "$2.tmp" "$2"
}

# Succeed if part $1 was built from exactly what standard input describes; else note that.
unchanged() {
    cat >"$out/$1.inputs.new"
    if [ -f "$out/$1.cpio" ] && cmp -s "$out/$1.inputs.new" "$out/$1.inputs"; then
        rm "$out/$1.inputs.new"
        return 0
    fi
    rm -f "$out/$1.inputs" "$out/$1.cpio"
    return 1
}

built() { mv "$out/$1.inputs.new" "$out/$1.inputs"; }

userland() {
    # shellcheck disable=SC2086 # lists of words
    for f in $programs $modules $firmware /bin/busybox; do
        [ -e "$f" ] || die "$f is missing (try: make deps)"
    done
    # shellcheck disable=SC2086
    { cksum <"$0"; stat -Lc '%n %s %Y' $programs $modules $firmware /bin/busybox /lib/x86_64-linux-gnu/libc.so.6; } |
        unchanged userland && return
    echo "building the lab's userland"
    root=$out/userland.dir
    rm -rf "$root"
    for d in bin lib lib64; do
        mkdir -p "$root/usr/$d"
        ln -s "usr/$d" "$root/$d"
    done
    ln -s usr/bin "$root/sbin"
    ln -s bin "$root/usr/sbin"
    mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp" "$root/results"
    # shellcheck disable=SC2086
    for f in $modules $firmware; do
        mkdir -p "$root${f%/*}"
        cp -L "$f" "$root$f"
    done
    # shellcheck disable=SC2086
    for f in $programs $modules; do
        ldd "$f" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p'
    done | sort -u | while read -r lib; do
        mkdir -p "$root${lib%/*}"
        cp -L "$lib" "$root$lib"
    done
    # shellcheck disable=SC2086
    cp -L $programs /bin/busybox "$root/usr/bin/"
    ln -s busybox "$root/usr/bin/sh"
    make_cpio "$root" "$out/userland.cpio"
    rm -rf "$root"
    built userland
}

guest_initrd() { # KERNEL-DIRECTORY ARCHIVE: what an L2 Linux boots into
    g=$out/guest.dir
    rm -rf "$g"
    mkdir -p "$g/bin" "$g/dev" "$g/proc" "$g/sys" "$g/modules"
    cp -L /bin/busybox "$g/bin/"
    ln -s busybox "$g/bin/sh"
    cp "$lab/l2-init.sh" "$g/init"
    chmod 755 "$g/init"
    # Only what the guest's NVMe driver needs.
    sed -n '/^\(crc\|t10\|nvme\)/p' "$1/order" >"$g/modules/order"
    while read -r m; do cp "$1/modules/$m.ko" "$g/modules/"; done <"$g/modules/order"
    make_cpio "$g" "$2"
    rm -rf "$g"
}

kernel_part() { # VERSION: the host's
    dir=$out/kernel-$1
    { cksum <"$0"; cat "$dir/package" "$dir/order"; } | unchanged "kernel-$1" && return
    root=$out/kernel-$1.dir
    rm -rf "$root"
    mkdir -p "$root"
    cp -r "$dir/modules" "$root/modules"
    cp "$dir/order" "$root/modules/order"
    make_cpio "$root" "$out/kernel-$1.cpio"
    rm -rf "$root"
    built "kernel-$1"
}

guest_part() { # VERSION: in hosts that run guests
    dir=$out/kernel-$1
    [ -e $ovmf ] || die "$ovmf is missing (try: make deps)"
    { cksum <"$0"; cksum <"$lab/l2-init.sh"; cksum <"$grub_disk"; stat -Lc '%n %s %Y' /bin/busybox $ovmf
        cat "$dir/package" "$dir/order"; } | unchanged "guest-$1" && return
    root=$out/guest-$1.dir
    rm -rf "$root"
    mkdir -p "$root/guest"
    ln "$dir/vmlinux" "$dir/vmlinuz" "$root/guest/"
    guest_initrd "$dir" "$root/guest/initrd"
    cp -L $ovmf "$root/guest/ovmf"
    echo "$words" >"$root/guest/words"
    "$grub_disk" "$root/guest/disk" "$dir/vmlinuz" "$root/guest/initrd" "$words"
    make_cpio "$root" "$out/guest-$1.cpio"
    rm -rf "$root"
    built "guest-$1"
}

userland
for version; do kernel_part "$version" && guest_part "$version"; done
