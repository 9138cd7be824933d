#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
# The init of a guest: show where memory is, then do what the command line's do= says.
busybox=/bin/busybox
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sys /sys
exec </dev/console >/dev/console 2>&1
$busybox grep -E '^[0-9a-f]' /proc/iomem
echo "guest up"
inner() { # KEXEC-OPTION…: load the same kernel, to show the same once more
    /bin/kexec "$@" /bin/vmlinuz --initrd=/bin/initrd --command-line="console=ttyS0 quiet again"
}
case $($busybox cat /proc/cmdline) in
*again*)
    # After a crash: what would be saved of the first kernel's memory, a segment each line, in
    # 32-bit words, low ones first; from the 7th where it is, from the 11th how long (Elf64_Phdr).
    [ ! -e /proc/vmcore ] || {
        $busybox head -c 4096 /proc/vmcore >/headers
        $busybox hexdump -v -s 64 -e '"segment " 14/4 "%08x " "\n"' /headers
    }
    echo "guest up again"
    ;;
*do=stay*)
    while $busybox sleep 1; do
        $busybox grep -E '^1[0-9a-f]{8}-' /proc/iomem
        echo "guest is here"
    done
    ;;
*do=reboot*)
    $busybox reboot -f
    ;;
*do=kexec-syscall*) inner --kexec-syscall -l && /bin/kexec -e ;;
*do=kexec-file*) inner --kexec-file-syscall -l && /bin/kexec -e ;;
*do=kdump*) inner --kexec-syscall -p && echo c >/proc/sysrq-trigger ;;
esac
$busybox poweroff -f
