#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make bench: what iovashim costs on this machine, as Markdown tables.
#
# usage: bench.sh BUILD
#
# All ways of a table run side by side on one CPU, in turns (bench.c).
set -eu

build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset LD_PRELOAD IOVASHIM_CONF IOVASHIM_MODE IOVASHIM_LOG IOVASHIM_GUARD IOVASHIM_DISABLE
export IOVASHIM_QUIET=1

bench=$build/bench/bench
shim=$build/libiovashim.so
model=$build/libiovamodel.so
rounds=${ROUNDS:-61}
last_cpu=$(($(nproc) - 1))

one_cpu() { taskset -c "$last_cpu" "$@"; }
heading() { printf '\n%s\n\n' "$*"; }

"$here/holes.sh" 32 >"$work/32.conf"
"$here/holes.sh" 10000 >"$work/10000.conf"

heading 'ioctls that are none of iovashim'"'"'s business, and KVM_RUN'
ways=("bare=" "preload=env LD_PRELOAD=$shim")
umockdev=$(ldconfig -p | sed -n 's/.*libumockdev-preload\.so\.0 .* => //p' | head -n 1)
if [ -n "$umockdev" ]; then ways+=("umockdev's preload=env LD_PRELOAD=$umockdev"); fi
ways+=("supervisor=$build/iovashim run --via seccomp --"
    "least supervisor=$bench under-least")
one_cpu "$bench" table "$rounds" "kvm pipe null pty run" "${ways[@]}"
heading 'Watching with strace'
one_cpu "$bench" table 3 "kvm run" "bare=" \
    "strace --seccomp-bpf=strace -f -qq --seccomp-bpf -e trace=ioctl -o /dev/null --"

heading 'The supervisor: /dev/fuse stands in for a container; one CPU'
echo 'hole 0x10000000-0x10000fff name=bench' >"$work/stand-in.conf"
export IOVASHIM_GUARD=off
under="env IOVASHIM_CONF=$work/stand-in.conf $build/standin/iovashim run --via seccomp --"
stand_in=("bare=" "supervisor=$under" "least supervisor=$bench under-least"
    "least that lends=$bench under-lender")
one_cpu "$bench" table "$rounds" "passed two signal fork" "${stand_in[@]}"

heading 'The same, any CPU'
"$bench" table "$rounds" "passed two signal fork" "${stand_in[@]}"

heading 'MAP and UNMAP over a kernel of a few instructions; bare: in pieces by hand'
rows="fstat map unmap map-live unmap-live map-1 unmap-1 map-2 unmap-2 map-16 unmap-16"
null=$build/bench/libnull_kernel.so
group=GROUP=/dev/vfio/3
one_cpu "$bench" table "$rounds" "$rows" \
    "bare=env $group BY_HAND=1 LD_PRELOAD=$null" \
    "preload=env $group IOVASHIM_CONF=$work/32.conf LD_PRELOAD=$shim:$null" \
    "10,000 holes=env $group IOVASHIM_CONF=$work/10000.conf LD_PRELOAD=$shim:$null" \
    "guarded=env $group IOVASHIM_GUARD=on IOVASHIM_CONF=$work/32.conf LD_PRELOAD=$shim:$null" \
    "least=env $group BY_HAND=looks LD_PRELOAD=$null" \
    "least, guarded=env $group BY_HAND=guards LD_PRELOAD=$null"

heading 'The same over the model kernel'
on_model="IOVAMODEL_HOST=$here/../../src/model/hosts/amd.host $group"
one_cpu "$bench" table "$rounds" "$rows" \
    "bare=env $on_model BY_HAND=1 LD_PRELOAD=$model" \
    "preload=env $on_model IOVASHIM_CONF=$work/32.conf LD_PRELOAD=$shim:$model"

heading 'A start'
one_cpu "$bench" table "$rounds" start "bare=" "preload=env LD_PRELOAD=$shim"

heading 'A container on a host with 500 groups (the model'"'"'s)'
{
    sed '/^group/,$d' "$here/../../src/model/hosts/amd.host"
    for n in $(seq 1 500); do
        printf 'group %d\n reserved 0xfee00000-0xfeefffff msi\n reserved 0xfd00000000-0xffffffffff reserved\n device %04x:%02x:00.0 1b36:0010\n' \
            "$n" $((n / 250)) $((n % 250))
    done
} >"$work/500.host"
one_cpu "$bench" table "$rounds" attach \
    "bare=env IOVAMODEL_HOST=$work/500.host $group LD_PRELOAD=$model" \
    "preload=env IOVAMODEL_HOST=$work/500.host $group LD_PRELOAD=$shim:$model"

heading 'Growth'
for what in holes splits; do
    one_cpu "$build/bench/growth" $what >"$build/bench/growth-$what"
done
tail -n 1 "$build/bench/growth-holes" "$build/bench/growth-splits"
if command -v gnuplot >/dev/null; then
    gnuplot -e "directory='$build/bench'" "$here/growth.gnuplot"
fi
