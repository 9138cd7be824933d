#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Run the lab: build what it needs, boot each host with its scenarios, and say what passed.
#
# Environment:
#   SCENARIO  which ones, by number, name or case: "1 5", "client", "5.guard_told"; default all
#   KERNEL    which host kernels: "6.12", "6.1"; default both
#   LAB_SHIM  the library under test; default build/libiovashim.so
#   LAB_TRACE set: the scenarios run under sh -x
set -u
{ # Read whole before it runs, so that an edit does not disturb a run.

lab=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$lab/../.." && pwd)
out=$top/build/lab
kernels=${KERNEL:-6.12 6.1}
LAB_SHIM=${LAB_SHIM:-$top/build/libiovashim.so}
export LAB_SHIM
passed=0 failed=0 skipped=0

header() { sed -n "s/^# $2: *//p" "$1"; } # FILE KEY

# A case's name as people write it: 05-guard.guard_told is "5.guard-told guard".
title() {
    local file=${1%%.*} case=${1#*.}
    local number=${file%%-*} name=${file#*-}
    number=${number#0}
    echo "$number.${case//_/-} $name"
}

wanted() { # FILE-STEM CASE
    local number=${1%%-*} w
    number=${number#0}
    [ -n "${SCENARIO:-}" ] || return 0
    for w in $SCENARIO; do
        case ${w//-/_} in
        "$number" | "${1//-/_}" | "$number.$2") return 0 ;;
        esac
        [ "$w" != "${1#*-}" ] || return 0
    done
    return 1
}

# The plan for kernel $1, host $2: every wanted case of every scenario that is for them.
plan() {
    local f stem c
    for f in "$lab"/scenarios/[0-9]*.sh; do
        stem=$(basename "$f" .sh)
        [[ " $(header "$f" hosts) " == *" $2 "* ]] || continue
        [[ " $(header "$f" kernels) " == *" $1 "* ]] || continue
        # shellcheck disable=SC2013 # words are lines here
        for c in $(sed -n 's/^case_\([a-z0-9_]*\)().*/\1/p' "$f"); do
            ! wanted "$stem" "$c" || echo "$stem.sh $c $(header "$f" limit)"
        done
    done
}

ok() { passed=$((passed + 1)); echo "ok $*"; }
not_ok() { failed=$((failed + 1)); echo "not ok $*"; }

# Boot one host with a plan and turn what it says into results. What had no
# verdict when the host ended is left in $dir/left.
boot() { # KERNEL HOST PLAN DIRECTORY
    local where="($1, $2)" word rest began=$SECONDS
    cp "$3" "$4/left"
    while read -r _ word rest; do
        local id=${rest%% *} detail=${rest#* }
        [ "$id" != "$rest" ] || detail=
        case $word in
        up) echo "# $where up after $((SECONDS - started)) s: Linux $rest" ;;
        run) began=$SECONDS; echo "# $(title "$id") …" ;;
        say) echo "#   $rest" ;;
        note) echo "# note: $rest" ;;
        ok) ok "$(title "$id") $where, $((SECONDS - began)) s: $detail" ;;
        skip) skipped=$((skipped + 1)); echo "skip $(title "$id") $where: $detail" ;;
        fail) not_ok "$(title "$id") $where: $detail [${4#"$top"/}/results/$id]" ;;
        hung) echo "# $where: $rest" ;;
        tail) echo "#   | $rest" ;;
        esac
        case $word in
        ok | skip | fail) sed -i "/^${id%%.*}\.sh ${id#*.} /d" "$4/left" ;;
        esac
    done < <("$lab/boot.sh" "$1" "$2" "$3" "$4")
}

run_host() { # KERNEL HOST
    local dir=$out/run/$1-$2 started=$SECONDS file case
    rm -rf "$dir" "$dir-again"
    mkdir -p "$dir"
    plan "$1" "$2" >"$dir/plan"
    [ -s "$dir/plan" ] || return 0
    echo "# booting a host: Linux $1, $2, $(wc -l <"$dir/plan") cases; its console: ${dir#"$top"/}/serial.log"
    boot "$1" "$2" "$dir/plan" "$dir"
    # The emulated host itself may die under two CPUs and KVM (README.md): what
    # it took with it is run once more, on one CPU, and then counts.
    if [ -s "$dir/left" ] && [ -z "${LAB_NO_RETRY:-}" ]; then
        mkdir -p "$dir-again"
        echo "# the emulated host died; what it left undone is run again on one CPU"
        started=$SECONDS
        LAB_CPUS=1 boot "$1" "$2" "$dir/left" "$dir-again"
        dir=$dir-again
    fi
    while read -r file case _; do
        not_ok "$(title "${file%.sh}.$case") ($1, $2): the host ended before it did [${dir#"$top"/}/serial.log]"
    done <"$dir/left"
}

mkdir -p "$out"
# One run at a time: they share the cache, the results and two cores.
exec 9>"$out/lock"
flock -n 9 || { echo "# another run of the lab is under way: waiting for its end"; flock 9; }
for k in $kernels; do "$lab/kernel.sh" "$k" || exit 1; done
# shellcheck disable=SC2086 # a list
"$lab/initrd.sh" $kernels || exit 1
if [ ! -s "$out/disk.md5" ]; then
    head -c 1000M /dev/urandom | tee "$out/disk.img" | md5sum | cut -d' ' -f1 >"$out/disk.md5.new" &&
        mv "$out/disk.md5.new" "$out/disk.md5" || exit 1
fi
"$lab/programs.sh" "$out/programs" || exit 1
[ -e "$LAB_SHIM" ] || echo "# no ${LAB_SHIM#"$top"/}: what needs it is skipped"

for k in $kernels; do
    for h in amd intel39; do run_host "$k" "$h"; done
done
[ $((passed + failed + skipped)) -gt 0 ] || { echo "no scenario matches SCENARIO='${SCENARIO:-}'"; exit 1; }
echo "# took $((SECONDS / 60)) min $((SECONDS % 60)) s"
if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
exit $((failed > 0))
}
