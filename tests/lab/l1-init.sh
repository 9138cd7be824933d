#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The init of an L1 host: bring up VFIO and KVM, run the planned cases, report each on the console.
#
# /lab/plan has a line "FILE CASE LIMIT WAY" for each case. What boot.sh reads, on
# the second serial line, are those that begin with "LAB ". The first is the kernel's.
export PATH=/usr/bin HOME=/
/usr/bin/busybox --install -s /usr/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/hugepages
mount -t tmpfs tmp /run
mount -t tmpfs -o size=100% shm /dev/shm
exec </dev/null >/dev/ttyS1 2>&1
stty -F /dev/ttyS1 -opost -echo
# shellcheck source=/dev/null
. /lab/env
# shellcheck source=tests/lab/l1-lib.sh
. /lab/l1-lib.sh

while read -r m; do
    case $m in ccp | kvm*) [ "$LAB_PURPOSE" = kvm ] || continue ;; esac
    insmod "/modules/$m.ko" 2>/run/insmod.err || {
        case $m in
        ccp | kvm*) ;; # an Intel-flavoured host has no SVM; scenarios that need it say so
        *) echo "LAB note insmod $m: $(cat /run/insmod.err)" ;;
        esac
    }
done </modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 results /results ||
    echo "LAB note no results share"

# Guests with more memory than the host are the point: what is not touched takes no room.
echo 1 >/proc/sys/vm/overcommit_memory
echo 7 >/proc/sys/kernel/printk # all that is said goes to console.log, in case it dies
bind_to_vfio 0000:00:05.0
bind_to_vfio 0000:00:06.0
echo "LAB up $(uname -r)"
while sleep 5; do echo "LAB tick"; done &

run_case() { # FILE CASE LIMIT WAY
    id=$(basename "$1" .sh).$2
    [ "$4" = preload ] || id=$id+$4
    W=/run/$id
    mkdir -p "$W"
    echo "LAB run $id"
    setsid sh /lab/l1-case.sh "$1" "$2" "$4" "$W" >"$W/log" 2>&1 &
    pid=$!
    end=$(($(uptime_s) + $3)) n=0
    while [ ! -e "$W/status" ] && [ -d "/proc/$pid" ] && [ "$(uptime_s)" -lt $end ]; do
        pause $n
        n=$((n + 1))
        # show_progress: what the case says while it runs
        [ ! -e "$W/say" ] || { mv "$W/say" "$W/said" && sed "s/^/LAB say /" "$W/said"; }
    done
    [ -e "$W/status" ] || echo "still running after $3 s" >>"$W/why"
    [ ! -e "$W/say" ] || { mv "$W/say" "$W/said" && sed "s/^/LAB say /" "$W/said"; }
    kill -KILL -- "-$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    rm -rf "/results/$id" # of a host that died
    mkdir -p "/results/$id"
    find "$W" -type f -exec cp {} "/results/$id/" \;
    case $(cat "$W/status" 2>/dev/null) in
    0) echo "LAB ok $id $(cat "$W/note" 2>/dev/null)" ;;
    77) echo "LAB skip $id $(cat "$W/why")" ;;
    *) echo "LAB fail $id $(tr '\n' ';' <"$W/why" | sed 's/;$//')" ;;
    esac
    rm -rf "$W"
}

while read -r file case limit way; do run_case "$file" "$case" "$limit" "$way"; done </lab/plan
dmesg | grep -E 'BUG:|WARNING:|Oops' | sed 's/^/LAB note kernel: /'
sync
echo "LAB end"
poweroff -f
