#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The units of contrib/systemd: systemd finds nothing wrong in them, and what they start works.
#
# usage: units.sh BUILD
set -eu
# shellcheck source=tests/places/installed.bash
. "$(dirname "$0")/installed.bash" "$@"

install -D -m 644 "$contrib"/systemd/* -t /etc/systemd/system
for unit in "$contrib"/systemd/*; do
    expect 0 systemd-analyze verify "${unit##*/}"
    [ ! -s "$work/out" ] || fail "${unit##*/}: $(cat "$work/out")"
done
install -D -m 644 "$contrib/libvirt/libvirtd-iovashim.conf" /etc/systemd/system/guest.service.d/iovashim.conf
expect 0 systemd-analyze verify guest.service
[ ! -s "$work/out" ] || fail "libvirtd-iovashim.conf: $(cat "$work/out")"

# started UNIT [NAME=VALUE…]: runs its ExecStart= lines, one after the other, as a shell does.
started() {
    local unit=$1
    shift
    sed -n ':a; /\\$/{N; s/\\\n */ /; ba}; s/^ExecStart=//p' "/etc/systemd/system/$unit" >"$work/lines"
    while read -r line; do
        expect 0 env "$@" sh -c "exec $line"
    done <"$work/lines"
    checks=$((checks + 1))
}
mkdir -p /var/lib/prometheus/node-exporter /etc/kubernetes/node-feature-discovery/features.d /var/log/libvirt/qemu
model=("LD_PRELOAD=$build/libiovamodel.so" "IOVAMODEL_HOST=$top/src/model/hosts/amd.host")
started iovashim-holes.service "${model[@]}"
[ -s /var/lib/prometheus/node-exporter/iovashim.prom ] || fail "no metrics"
[ -s /etc/kubernetes/node-feature-discovery/features.d/iovashim ] || fail "no labels"
cp "$top/tests/cli/logs/lab-guard.jsonl" /var/log/libvirt/qemu/iovashim.jsonl
started iovashim-log-metrics.service
grep -qx 'iovashim_guard_hits_total{by="guest"} 1' /var/lib/prometheus/node-exporter/iovashim-log.prom || fail "no counters"
# What is left over by a host that has lost its IOMMU.
stop=$(sed -n "s/^ExecStopPost=\/bin\/sh -c '\(.*\)'$/\1/p" /etc/systemd/system/iovashim-holes.service)
SERVICE_RESULT=success sh -c "$stop"
[ -s /var/lib/prometheus/node-exporter/iovashim.prom ] || fail "removes what is true"
SERVICE_RESULT=exit-code sh -c "$stop"
[ ! -e /var/lib/prometheus/node-exporter/iovashim.prom ] || fail "leaves what is not true any more"
[ ! -e /etc/kubernetes/node-feature-discovery/features.d/iovashim ] || fail "leaves what is not true any more"

# The guest, over the model: 1100 GiB, until it is stopped.
if command -v qemu-system-x86_64 >/dev/null; then
    mkdir /var/log/guest
    exec_start=$(sed -n ':a; /\\$/{N; s/\\\n */ /; ba}; s/^ExecStart=//p' /etc/systemd/system/guest.service)
    env LOGS_DIRECTORY=/var/log/guest "${model[@]}" sh -c "exec $exec_start" >"$work/out" 2>&1 &
    guest=$!
    until grep -q '"event":"map"' /var/log/guest/iovashim.jsonl 2>/dev/null; do
        kill -0 $guest || fail "the guest: $(cat "$work/out")"
        sleep 0.1
    done
    kill $guest
    wait $guest || [ $? = 143 ] || fail "the guest: $(cat "$work/out")" # before QEMU takes signals
    jq -es 'map(select(.event == "map")) | any(.[]; .action == "split" and .guarded)' /var/log/guest/iovashim.jsonl >/dev/null ||
        fail "nothing was split"
    checks=$((checks + 1))
fi
done_ units
