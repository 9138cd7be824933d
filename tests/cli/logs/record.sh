#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Records those logs of this directory that come from the model kernel. lab-guard.jsonl is the log
# of the lab's scenario 5 (guard_on) on Linux 6.12, taken as it was.
#
# usage: record.sh BUILD
set -eu
build=$(cd "$1" && pwd)
logs=$(cd "$(dirname "$0")" && pwd)
hosts=$logs/../../../src/model/hosts
work=/tmp/iovashim-logs # in the logs: not to change with each recording
mkdir "$work"
trap 'rm -rf "$work"' EXIT

on_model() { # HOST LOG COMMAND…
    local host=$1 log=$logs/$2
    shift 2
    env IOVAMODEL_HOST="$host" IOVASHIM_LOG="$log" IOVASHIM_QUIET=1 \
        LD_PRELOAD="$build/libiovashim.so $build/libiovamodel.so" "$@"
}

cat >"$work/holes.conf" <<'END'
hole 0x100010000-0x10001ffff name=docs
hole 0x180000000-0x18fffffff inside=skip
END
for ((i = 0; i < 32; i++)); do
    printf 'hole 4K@0x%x name=many\n' $((0x100000000 + 8192 * i))
done >"$work/many.conf"
sed 's/^entries.*/entries 1/' "$hosts/amd.host" >"$work/full.host"
sed 's/^entries.*/entries 1/; s/^memlock.*/memlock 64K\nfail map 3 EFAULT/' "$hosts/intel39.host" >"$work/tight.host"
"${CC:-cc}" -O1 -o "$work/client" "$logs/../../docs/event-log.c"
cp "$work/client" "$work/qemu-system-x86_64"
rm -f "$logs"/model-*.jsonl

# An unmodified QEMU 7.2 with 1100 GiB, on a host with AMD's hole.
{
    sleep 3
    echo '{"execute":"qmp_capabilities"}{"execute":"quit"}'
} | on_model "$hosts/amd.host" model-1100g.jsonl qemu-system-x86_64 \
    -M pc-q35-7.0 -cpu qemu64,phys-bits=42 -display none -nodefaults -qmp stdio -m 1100G \
    -object memory-backend-ram,id=pm,size=1100G,reserve=off -machine memory-backend=pm \
    -device vfio-pci,host=0000:00:05.0 >/dev/null
# The client that makes every event, and its children: several processes in one file.
export IOVASHIM_CONF=$work/holes.conf
on_model "$hosts/amd.host" model-client.jsonl "$work/client"
on_model "$work/full.host" model-client.jsonl "$work/client" full
IOVASHIM_MODE=refuse on_model "$hosts/amd.host" model-client.jsonl "$work/qemu-system-x86_64" viommu
IOVASHIM_MODE=observe on_model "$hosts/amd.host" model-client.jsonl "$work/client" observe
# Failures of every kind, under a program that is called as QEMU is.
on_model "$work/tight.host" model-failures.jsonl "$work/qemu-system-x86_64" explain
# Lists longer than a line.
IOVASHIM_CONF=$work/many.conf IOVASHIM_GUARD=off \
    on_model "$hosts/amd.host" model-many.jsonl "$work/client" split
