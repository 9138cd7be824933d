#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The init of an L2 guest: load the NVMe driver, then run what the host types on the console.
#
# Protocol: the guest prints "L2 ready"; a line "N COMMAND" is run by the
# shell, and "L2 done N STATUS" follows its output.
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp 2>/dev/null || { mkdir /tmp; mount -t tmpfs -o size=100% tmp /tmp; }
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty -echo -opost -icrnl
while read -r m; do insmod "/modules/$m.ko"; done </modules/order
echo "L2 ready"
while read -r n command; do
    sh -c "$command" </dev/null
    echo "L2 done $n $?"
done
poweroff -f
