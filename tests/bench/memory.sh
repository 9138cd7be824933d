#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a VMM's own memory grows by with the shim: private pages of its own, by the kernel's count.
# The library's code is not in it, which processes share and the kernel can drop.
#
# usage: memory.sh BUILD
set -eu

build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
shim=$build/libiovashim.so
null=$build/bench/libnull_kernel.so
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset LD_PRELOAD IOVASHIM_CONF IOVASHIM_MODE IOVASHIM_LOG IOVASHIM_GUARD IOVASHIM_DISABLE
export IOVASHIM_QUIET=1
checks=0

# at_most WHAT BYTES LIMIT
at_most() {
    echo "    $1: $2 bytes (at most $3)"
    [ "$2" -le "$3" ] || { echo "not ok memory: $1: $2 bytes, more than $3" >&2; exit 1; }
    checks=$((checks + 1))
}

# grown N VARIABLE=VALUE…: in $one and $more, what the shim has added with a mapping across one hole,
# and with N more. Where stack and heap begin in their pages is another matter in each run, and makes up
# to three pages: the median of fifteen.
grown() {
    local n=$1 bare_one bare_all shim_one shim_all
    local -a ones=() mores=()
    shift
    for _ in {1..15}; do
        read -r _ bare_one bare_all < <(BY_HAND=1 LD_PRELOAD=$null "$build/bench/memory" "$n")
        read -r _ shim_one shim_all < <(env "$@" LD_PRELOAD="$shim:$null" "$build/bench/memory" "$n")
        ones+=($((shim_one - bare_one)))
        mores+=($((shim_all - shim_one - bare_all + bare_one)))
    done
    one=$(printf '%d\n' "${ones[@]}" | sort -n | sed -n 8p)
    more=$(printf '%d\n' "${mores[@]}" | sort -n | sed -n 8p)
}

"$here/holes.sh" 32 >"$work/few.conf"
"$here/holes.sh" 5001 >"$work/many.conf"
grown 30 IOVASHIM_CONF="$work/few.conf"
at_most 'a container, and a mapping across a hole' "$one" 65536
grown 300 IOVASHIM_CONF="$work/many.conf"
at_most 'each piece of 300 guarded mappings more' $((more / 600)) 128
grown 5000 IOVASHIM_CONF="$work/many.conf" IOVASHIM_GUARD=off
at_most 'each piece of 5000 mappings more' $((more / 10000)) 128
echo "ok memory: $checks checks"
