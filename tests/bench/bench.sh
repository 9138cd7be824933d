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
    "least supervisor=$bench under-least"
    "strace --seccomp-bpf=strace -f -qq --seccomp-bpf -e trace=ioctl -o /dev/null --")
one_cpu "$bench" table "$rounds" "kvm pipe null pty run" "${ways[@]}"

heading 'The supervisor: /dev/fuse stands in for a container; one CPU'
echo 'hole 0x10000000-0x10000fff name=bench' >"$work/stand-in.conf"
export IOVASHIM_GUARD=off
under="env IOVASHIM_CONF=$work/stand-in.conf $build/standin/iovashim run --via seccomp --"
one_cpu "$bench" table "$rounds" "passed two signal fork" "bare=" "supervisor=$under" \
    "least supervisor=$bench under-least"

heading 'The same, any CPU'
"$bench" table "$rounds" "passed two signal fork" "bare=" "supervisor=$under" \
    "least supervisor=$bench under-least"

heading 'MAP and UNMAP on the model kernel; bare: in pieces by hand, where there are holes'
on_model="IOVAMODEL_HOST=$here/../../src/model/hosts/amd.host GROUP=/dev/vfio/3"
rows="fstat map unmap map-live unmap-live map-1 unmap-1 map-2 unmap-2 map-16 unmap-16"
one_cpu "$bench" table "$rounds" "$rows" \
    "bare=env $on_model BY_HAND=1 LD_PRELOAD=$model" \
    "preload, 32 holes=env $on_model IOVASHIM_CONF=$work/32.conf LD_PRELOAD=$shim:$model" \
    "10,000 holes=env $on_model IOVASHIM_CONF=$work/10000.conf LD_PRELOAD=$shim:$model" \
    "guarded=env $on_model IOVASHIM_GUARD=on IOVASHIM_CONF=$work/32.conf LD_PRELOAD=$shim:$model"
