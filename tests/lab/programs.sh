#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Build the lab's own programs: VFIO clients, dynamic and in ways that no preloaded library reaches.
#
# usage: programs.sh DIRECTORY [NAME…]
#
# Without names, all of them:
#
# client             dynamic
# client-glibc       static, glibc
# client-musl        static, musl
# client-direct      static, system call instructions of its own, all registers watched
# differential       dynamic
# explain            dynamic: tests/model/explain.c
# bench              dynamic: tests/bench/bench.c
# the rest           static
set -eu

lab=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/inputs"
cd "$1"
shift
wanted=" $* "

flags="-std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -I$lab"
# musl's headers and, behind them, the kernel's.
musl="-static -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu"

# A program is built again when what goes into it has changed, which its sources' times do not tell.
build() { # COMPILER NAME FLAGS SOURCE…
    local compiler=$1 name=$2 extra=$3 sources inputs
    shift 3
    [[ $wanted == "  " || $wanted == *" $name "* ]] || return 0
    sources=("${@/#/$lab/}")
    sources=("${sources[@]/%/.c}")
    inputs="$compiler $extra $(cat "${sources[@]}" "$lab"/*.h "$lab/programs.sh" | cksum)"
    [ "$(cat "inputs/$name" 2>/dev/null)" != "$inputs" ] || [ ! -e "$name" ] || return 0
    # shellcheck disable=SC2086 # lists of words
    "$compiler" $flags $extra -o "$name.new" "${sources[@]}" -lpthread
    mv "$name.new" "$name"
    echo "$inputs" >"inputs/$name"
}

cc=${CC:-cc}
client=(client client_backing client_dirty client_map client_memory client_owner client_unmap client_verdict
    client_vfio checked_call)
build "$cc" client "" "${client[@]}"
build "$cc" client-glibc -static "${client[@]}"
build musl-gcc client-musl "$musl" "${client[@]}"
build "$cc" client-direct "-static -DCLIENT_DIRECT" "${client[@]}"
build "$cc" explain "" ../model/explain
build "$cc" bench "" ../bench/bench ../bench/least ../bench/rows ../bench/rows_ioctl ../bench/rows_vfio
build "$cc" differential "" differential differential_world checked_call
build "$cc" torture -static torture storm area checked_call
for p in deaths neighbour debugger terminal bench_supervisor; do
    build "$cc" $p -static $p area checked_call
done
