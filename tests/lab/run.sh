#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Run the lab: build what it needs, boot the hosts with their scenarios, and say what passed.
#
# Environment:
#   SCENARIO  which ones, by number, name or case: "1 5", "client", "5.guard_told"; default all
#   KERNEL    which host kernels: "6.12", "6.1"; default both
#   LAB_SHIM  the library under test; default build/libiovashim.so
#   LAB_IOVASHIM  the command under test, with its model and its ROM beside it; default build/iovashim
#   LAB_ALL   set: also the scenarios whose head says "when: all", which else run only if SCENARIO names them
#   LAB_VIA   the ways under the shim, "preload", "seccomp"; default what each scenario's head says
#   LAB_LANES how many hosts at once; default 2
#   LAB_STRIKES  under how many hosts' deaths a case fails; default 3
#   LAB_AGAIN how many cases that failed may be run once more, by themselves; default 2, none if more failed
#   LAB_PATIENCE  by how much all that is waited for may take longer than on a quiet machine; default 2
#   LAB_SCENARIOS  another directory of scenarios
#   LAB_SPLITS  how many of them 22.storm makes; default 400, the full number is LAB_SPLITS=10000 LAB_PATIENCE=20
#   LAB_TRACE set: the scenarios run under sh -x
set -u
{ # Read whole before it runs, so that an edit does not disturb a run.

lab=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$lab/../.." && pwd)
out=$top/build/lab
kernels=${KERNEL:-6.12 6.1}
LAB_SHIM=${LAB_SHIM:-$top/build/libiovashim.so}
LAB_IOVASHIM=${LAB_IOVASHIM:-$top/build/iovashim}
LAB_SCENARIOS=${LAB_SCENARIOS:-$lab/scenarios}
LAB_PATIENCE=${LAB_PATIENCE:-2}
export LAB_SHIM LAB_IOVASHIM LAB_SCENARIOS LAB_PATIENCE
strikes_allowed=${LAB_STRIKES:-3} again_allowed=${LAB_AGAIN:-2}
deaths_allowed=12    # in one plan
tally=$out/run/tally       # a word for each verdict, and for each host booted or dead
failures=$out/run/failures # what is said of each failure, to be said again at the end
once_more=                 # in the second pass: how its verdicts are marked

header() { sed -n "s/^# $2: *//p" "$1"; } # FILE KEY

# A case is named STEM.CASE, or STEM.CASE+WAY if it is under the shim by another
# way than the preload. As people write it, 05-guard.guard_told is "5.guard-told guard".
title() {
    local case=${1#*.} name=${1%%.*}
    local number=${name%%-*}
    number=${number#0}
    case=${case%+*}
    echo "$number.${case//_/-} ${name#*-}"
}

# Where it ran: "(6.12, amd)", or "(6.12, amd, seccomp)".
where() { # KERNEL HOST CASE
    local way=${3##*+}
    [ "$way" != "$3" ] || way=
    echo "($1, $2${way:+, $way})"
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

# The ways in which a case is to run. One without the shim knows no ways.
ways() { # FILE CASE
    local body
    body=$(sed -n "/^case_$2()/,/^}/p" "$1")
    if [[ $body == *without_shim* && $body != *with_shim* ]]; then
        echo preload
    else
        body=$(header "$1" via)
        echo "${LAB_VIA:-${body:-preload}}"
    fi
}

# The plan for a kernel, a host and what the host is for: every wanted case of
# every scenario that is for them, "FILE CASE LIMIT WAY" a line.
plan() { # KERNEL HOST kvm|plain
    local f stem c way needs limit
    for f in "$LAB_SCENARIOS"/[0-9]*.sh; do
        stem=$(basename "$f" .sh)
        [[ " $(header "$f" hosts) " == *" $2 "* ]] || continue
        [[ " $(header "$f" kernels) " == *" $1 "* ]] || continue
        [ "$(header "$f" when)" != all ] || [ -n "${LAB_ALL:-}${SCENARIO:-}" ] || continue
        needs=$(header "$f" needs) limit=$(($(header "$f" limit) * LAB_PATIENCE))
        [ "${needs:-plain}" = "$3" ] || continue
        # shellcheck disable=SC2013 # words are lines here
        for c in $(sed -n 's/^case_\([a-z0-9_]*\)().*/\1/p' "$f"); do
            wanted "$stem" "$c" || continue
            for way in $(ways "$f" "$c"); do echo "$stem.sh $c $limit $way"; done
        done
    done
}

count() { echo "$1" >>"$tally"; }
counted() { grep -cx "$1" "$tally"; }

# The verdict on a case: it leaves the plan.
judged() { # ok|skip|fail ID DETAIL
    local way=preload stem=${2%%.*} case=${2#*.}
    [ "$case" = "${case%+*}" ] || way=${case#*+} case=${case%+*}
    count "$1"
    [ "$1" != fail ] || grep "^$stem\.sh $case [0-9]* $way\$" "$dir/left" >>"$dir/failed"
    sed -i "/^$stem\.sh $case [0-9]* $way\$/d" "$dir/left"
    case $1 in
    ok) echo "ok $(title "$2") $(where "$kernel" "$host" "$2"), $((SECONDS - began)) s${once_more:+, $once_more}${again:+, $again}: $3" ;;
    skip) echo "skip $(title "$2") $(where "$kernel" "$host" "$2"): $3" ;;
    fail)
        echo "not ok $(title "$2") $(where "$kernel" "$host" "$2")${once_more:+, $once_more}${again:+, $again}: $3"
        {
            echo "# not ok $(title "$2") $(where "$kernel" "$host" "$2")${once_more:+, $once_more}: $3"
            last_words "$results/$2"
        } >>"$failures"
        ;;
    esac
}

# The end of each file that a case has left: what is still there when the run's files are not.
last_words() { # DIRECTORY
    local f
    for f in log stderr console; do
        [ ! -s "$1/$f" ] || tail -n 12 "$1/$f" | tr -cd '\11\12\40-\176' | cut -c 1-200 | sed "s/^/#   $f | /"
    done
}

ordinal() { case $1 in 1) echo first ;; 2) echo second ;; 3) echo third ;; *) echo "$1th" ;; esac; }

# How often the host ended under a case.
strikes() { grep -cx -- "$1" "$dir/strikes"; }

# Boot one host with what is left of the plan, and turn what it says into
# results. Afterwards, $running is the case that had no verdict when the host ended.
boot() { # DIRECTORY
    local word rest id detail fd pid began=$SECONDS booted=$SECONDS again=
    running=
    count host
    cp "$dir/left" "$1/plan"
    exec {fd}< <(exec "$lab/boot.sh" "$kernel" "$host" "$purpose" "$1" "$results")
    pid=$!
    trap 'kill "$pid" 2>/dev/null; wait "$pid"; exit 130' TERM
    while read -r _ word rest <&"$fd"; do
        id=${rest%% *} detail=${rest#* }
        [ "$id" != "$rest" ] || detail=
        case $word in
        up) echo "# $me up after $((SECONDS - booted)) s: Linux $rest" ;;
        run)
            running=$id began=$SECONDS again=$(strikes "$id")
            [ "$again" = 0 ] && again= || again="$(ordinal $((again + 1))) host"
            echo "# $(title "$id") $(where "$kernel" "$host" "$id") …"
            ;;
        say) detail=$(title "$running") && echo "#   ${detail%% *}: $rest" ;;
        note) echo "# note: $me: $rest" ;;
        ok | skip | fail)
            [ "$word" != fail ] || detail="$detail [${results#"$top"/}/$id]"
            judged "$word" "$id" "$detail"
            running=
            ;;
        died) echo "# $me died after $((SECONDS - booted)) s: $rest" ;;
        tail) echo "#   | $rest" ;;
        esac
    done
    wait "$pid"
    trap - TERM
    exec {fd}<&-
}

# Run a plan to its end, in as many hosts as that takes. An emulated host may
# die of the emulation (README.md): that is a strike for the case that was
# running, and no matter to the others.
run_plan() { # KERNEL HOST kvm|plain
    local kernel=$1 host=$2 purpose=$3 dir=$out/run/$1-$2/$3 deaths=0 me running
    local results=$out/run/$1-$2/results n
    n=$(find "$dir" -name 'host-*' | wc -l)
    while [ -s "$dir/left" ]; do
        n=$((n + 1))
        me="($kernel, $host, $purpose host $n)"
        mkdir -p "$dir/host-$n"
        echo "# booting $me for $(wc -l <"$dir/left") cases; its console: ${dir#"$top"/}/host-$n/console.log"
        boot "$dir/host-$n"
        [ -s "$dir/left" ] || break
        deaths=$((deaths + 1))
        count died
        # A host that dies between cases, or before the first, may do so as often.
        running=${running:-none}
        echo "$running" >>"$dir/strikes"
        began=$SECONDS again=
        if [ "$running" = none ] && [ "$(strikes none)" -ge "$strikes_allowed" ]; then
            judge_rest "no such host lives long enough to run it"
        elif [ "$running" != none ] && [ "$(strikes "$running")" -ge "$strikes_allowed" ]; then
            judged fail "$running" "$(strikes "$running") hosts ended under it [${dir#"$top"/}/host-$n/console.log]"
        fi
        [ $deaths -lt $deaths_allowed ] || judge_rest "not run: $deaths hosts ended before its turn"
        [ ! -s "$dir/left" ] || echo "# $me: the rest goes on in another host"
    done
}

run_plans() { # all that have cases left, so many at once
    local p lanes=$1
    for p in "${plans[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge "$lanes" ]; do wait -n; done
        # shellcheck disable=SC2086 # three words
        run_plan $p &
    done
    wait
    # Whatever ended a plan before its end, no case goes without a verdict.
    for p in "${plans[@]}"; do
        read -r kernel host purpose <<<"$p"
        dir=$out/run/$kernel-$host/$purpose results=$out/run/$kernel-$host/results began=$SECONDS again=
        judge_rest "not run: its plan was cut short"
    done
}

# An emulated machine that is short of time can fail a case that is right. A few that failed
# are run once more, in a new host that has this machine to itself; what they leave is kept beside
# what they left first, and they are named at the end. More than a few are no accident.
run_failed_again() {
    local failed file case way p
    failed=$(counted fail)
    [ "$failed" -gt 0 ] && [ "$failed" -le "$again_allowed" ] || return 0
    echo "# $failed failed: once more, with nothing beside it"
    once_more="run again"
    sed -i '/^fail$/d' "$tally"
    for p in "${plans[@]}"; do
        read -r kernel host purpose <<<"$p"
        dir=$out/run/$kernel-$host/$purpose results=$out/run/$kernel-$host/results
        [ -s "$dir/failed" ] || continue
        mv "$dir/failed" "$dir/left"
        : >"$dir/strikes"
        while read -r file case _ way; do
            [ "$way" = preload ] && way='' || way=+$way
            [ ! -d "$results/${file%.sh}.$case$way" ] ||
                mv "$results/${file%.sh}.$case$way" "$results/${file%.sh}.$case$way.first"
        done <"$dir/left"
    done
    run_plans 1
}

judge_rest() { # REASON
    local file case way
    while read -r file case _ way; do
        [ "$way" = preload ] && way='' || way=+$way
        judged fail "${file%.sh}.$case$way" "$1"
    done < <(cat "$dir/left")
}

mkdir -p "$out"
# One run at a time: they share the cache, the results and two cores.
exec 9>"$out/lock"
flock -n 9 || { echo "# another run of the lab is under way: waiting for its end"; flock 9; }
for k in $kernels; do "$lab/kernel.sh" "$k" || exit 1; done
# shellcheck disable=SC2086 # a list
"$lab/initrd.sh" $kernels || exit 1
# More than what a Linux guest has above 4 GiB outside the hole (l1-lib.sh).
if [ ! -s "$out/disk-640M.md5" ]; then
    head -c 640M /dev/urandom | tee "$out/disk-640M.img" | md5sum | cut -d' ' -f1 >"$out/disk-640M.md5.new" &&
        mv "$out/disk-640M.md5.new" "$out/disk-640M.md5" || exit 1
fi
"$lab/programs.sh" "$out/programs" || exit 1
[ -e "$LAB_SHIM" ] || echo "# no ${LAB_SHIM#"$top"/}: what needs it is skipped"

# The plans, those with guests first: they take longest.
rm -rf "$out/run"
mkdir -p "$out/run"
: >"$tally"
: >"$failures"
plans=()
for purpose in kvm plain; do
    for k in $kernels; do
        for h in amd intel39; do
            d=$out/run/$k-$h/$purpose
            mkdir -p "$d" "$out/run/$k-$h/results"
            plan "$k" "$h" $purpose >"$d/left"
            : >"$d/strikes"
            [ ! -s "$d/left" ] || plans+=("$k $h $purpose")
        done
    done
done
[ ${#plans[@]} -gt 0 ] || { echo "no scenario matches SCENARIO='${SCENARIO:-}'"; exit 1; }

# shellcheck disable=SC2046 # numbers
trap 'kill $(jobs -p); wait; exit 130' INT TERM
run_plans "${LAB_LANES:-2}"
run_failed_again

if [ -s "$failures" ]; then
    echo "# What failed${once_more:+ (it was run again)}:"
    cat "$failures"
fi
echo "# took $((SECONDS / 60)) min $((SECONDS % 60)) s; $(counted host) hosts, of which $(counted died) died"
skipped=$(counted skip) failed=$(counted fail)
result="$(counted ok) passed, $failed failed"
[ "$skipped" = 0 ] || result="$result, $skipped skipped"
echo "$result"
exit $((failed > 0))
}
