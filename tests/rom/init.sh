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
case $($busybox cat /proc/cmdline) in
*do=reboot*)
    $busybox reboot -f ;;
*do=kexec*)
    if $busybox grep -q again /proc/cmdline; then
        echo "guest up again"
    else
        way=$($busybox sed -n 's/.*way=\([^ ]*\).*/\1/p' /proc/cmdline)
        /bin/kexec "$way" -l /bin/vmlinuz --initrd=/bin/initrd \
            --command-line="console=ttyS0 quiet do=kexec again" && /bin/kexec -e
    fi ;;
esac
$busybox poweroff -f
