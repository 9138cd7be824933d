# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the scenarios are written in: verdicts, waiting, the VMM and its monitor, the guest, the log.
#
# Runs in L1 under busybox's sh. $W is the case's work directory. Functions
# that cannot go on call fail, which ends the case with a reason.

# shellcheck disable=SC2034 # used by the scenarios
DISK=0000:00:05.0 NIC=0000:00:06.0
SHIM=/lab/libiovashim.so

# --- verdicts -------------------------------------------------------------

say() { echo "$*" >>"$W/say"; }
note() { echo "$*" >"$W/note"; }
skip() { echo "$*" >"$W/why"; exit 77; }
fail() { echo "$*" >>"$W/why"; exit 1; }

has() { grep -q -- "$2" "$1"; }
must_have() { has "$1" "$2" || fail "no \"$2\" in ${1##*/}: $(tail -n 3 "$1")"; }
must_not_have() { ! has "$1" "$2" || fail "${1##*/} has: $(grep -m 1 -- "$2" "$1")"; }
must_equal() { [ "$2" = "$3" ] || fail "$1: expected $2, found $3"; }

uptime_s() { read -r up_s _ </proc/uptime && echo "${up_s%.*}"; }

# Between looking and looking again, on a CPU that is needed: a tenth of a second, or a half after a while.
pause() { # HOW-OFTEN-ALREADY
    if [ "$1" -lt 30 ]; then sleep 0.1; else sleep 0.5; fi
}

# Seconds to wait are those of a quiet machine. LAB_PATIENCE is by how much this one may be slower.

# wait_for SECONDS WHAT COMMAND…: until the command succeeds; fails the case when it does not.
wait_for() {
    wf_end=$(($(uptime_s) + $1 * LAB_PATIENCE))
    wf_what=$2 wf_n=0
    shift 2
    until "$@"; do
        [ "$(uptime_s)" -lt $wf_end ] || fail "waited in vain for $wf_what"
        pause $wf_n
        wf_n=$((wf_n + 1))
    done
}

# --- devices --------------------------------------------------------------

bind_to_vfio() {
    echo vfio-pci >"/sys/bus/pci/devices/$1/driver_override"
    [ ! -e "/sys/bus/pci/devices/$1/driver" ] || echo "$1" >"/sys/bus/pci/devices/$1/driver/unbind"
    echo "$1" >/sys/bus/pci/drivers_probe
}

group() { echo "/dev/vfio/$(basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")")"; }

# --- the shim -------------------------------------------------------------

# The way under the shim is $way: preload, or what `iovashim run --via` knows. Both
# heed the same environment.
IOVASHIM=/lab/iovashim
preload='' runner=

# with_shim [NAME=VALUE…]: what shimmed and vmm start from here on is under the shim, with that environment.
with_shim() {
    case ${way-preload} in
    preload)
        [ -e "$SHIM" ] || skip "no libiovashim.so was built"
        preload=$SHIM
        ;;
    *)
        [ -e "$IOVASHIM" ] || skip "no iovashim was built, and there is no other way to run via $way"
        case $(env -i "PATH=$PATH" "$IOVASHIM" run --via "$way" -- true 2>&1) in
        *"was built without"*) skip "this iovashim was built without what --via $way takes" ;;
        esac
        runner="$IOVASHIM run --via $way --"
        ;;
    esac
    export IOVASHIM_LOG="$W/events.jsonl"
    for ws_word; do export "IOVASHIM_${ws_word?}"; done
}

without_shim() { preload='' runner=; }

# with_reserve [NAME=VALUE…]: as with_shim, and the guest is told of its holes by `iovashim run --reserve`.
with_reserve() {
    with_shim "$@"
    for wr_file in "$IOVASHIM" /lab/libiovamodel.so /lab/iovashim-reserve.rom; do
        [ -e "$wr_file" ] || skip "no ${wr_file##*/} was built"
    done
    preload='' runner="$IOVASHIM run --via ${way-preload} --reserve --"
}

# shimmed COMMAND…: run it under the shim, after with_shim, or without.
shimmed() {
    # shellcheck disable=SC2086 # the runner is words
    LD_PRELOAD=$preload $runner "$@"
}

# policy LINE…: a policy file of these lines.
policy() {
    printf '%s\n' "$@" >"$W/holes.conf"
    export IOVASHIM_CONF="$W/holes.conf"
}

# events FILTER: what jq's filter selects of the event log, compact, one a line.
events() { jq -c "$1" <"$W/events.jsonl"; }

# logged FILTER: is there an event that the filter selects?
logged() { [ -s "$W/events.jsonl" ] && [ -n "$(events "select($1)")" ]; }

# must_log FILTER: at least one event that the filter selects (the filter's own output decides).
must_log() {
    [ -s "$W/events.jsonl" ] || fail "nothing was logged"
    logged "$1" || fail "no event in the log with: $1"
}
must_not_log() {
    ! logged "$1" || fail "the log has: $(events "select($1)" | head -n 1)"
}

# The guards in force by the log: "FIRST-LAST" of virtual addresses, one a line.
logged_guards() {
    events 'select(.event == "guard")' | jq -rs 'reduce .[] as $e ({}; .[$e.vaddr] = $e.set)
        | to_entries[] | select(.value) | .key'
}

# What the log says is guarded, and only that, is inaccessible in the VMM. Of the
# VMM's own PROT_NONE areas (guard pages of stacks, malloc's arenas) none is $1 MiB.
must_match_guards() { # MIB
    wanted_guards=$(logged_guards | sed 's/0x0*//g' | sort)
    actual_guards=$(while read -r range perms _ _ _ path; do
        case $perms in ---*) ;; *) continue ;; esac
        size=$((0x${range#*-} - 0x${range%-*}))
        [ $size -lt $(($1 * 1048576)) ] || [ -n "$path" ] ||
            printf '%s-%x\n' "${range%-*}" $((0x${range#*-} - 1))
    done <"/proc/$(vmm_pid)/maps" | sort)
    must_equal "what is guarded, by the log and by /proc/PID/maps" "$wanted_guards" "$actual_guards"
}

# --- the VMM --------------------------------------------------------------

# vmm PROGRAM ARGS…: start it, with a monitor and a console, and leave it running. A guest
# that resets ends it, unless ARGS have -action reboot=reset.
# Whatever it says is in $W/stderr, the guest's console in $W/console.
vmm() {
    rm -f "$W"/qmp.* "$W"/tty.* "$W/vmm.pid" "$W/vmm.status"
    mkfifo "$W/qmp.in" "$W/qmp.out" "$W/tty.in" "$W/tty.out"
    rm -f "$W/qmp" "$W/console" "$W/stderr"
    touch "$W/qmp" "$W/qmp.said" "$W/console" "$W/stderr"
    l2_n=0 qmp_part=
    vmm_program=$1
    shift
    cat "$W/tty.out" >>"$W/console" &
    cat "$W/qmp.out" >>"$W/qmp.said" &
    (
        # shellcheck disable=SC2016,SC2086 # expanded by the inner shell; a tracer is words
        # What runs a VMM becomes it, so that the process number holds.
        LD_PRELOAD=$preload sh -c 'echo $$ >"$0/vmm.pid"; exec "$@"' "$W" $runner ${tracer-} "$vmm_program" \
            -display none -nodefaults -no-user-config -no-reboot -nic none \
            -chardev "pipe,id=qmp,path=$W/qmp" -mon chardev=qmp,mode=control \
            -chardev "pipe,id=tty,path=$W/tty" -serial chardev:tty "$@" \
            >"$W/stdout" 2>"$W/stderr"
        echo $? >"$W/vmm.status"
    ) &
    exec 3<"$W/qmp.said" 4<>"$W/qmp.in" 5<>"$W/tty.in"
}

vmm_ended() { [ -e "$W/vmm.status" ]; }

# vmm_ends SECONDS: wait for its end by itself; $REPLY is its exit status.
vmm_ends() {
    wait_for "$1" "the VMM's end" vmm_ended
    REPLY=$(cat "$W/vmm.status")
}

# vmm_answers SECONDS: wait for the monitor's greeting; fails the case if the VMM ends first.
vmm_answers() {
    va_end=$(($(uptime_s) + $1 * LAB_PATIENCE))
    until qmp_line && case $line in *'"QMP"'*) true ;; *) false ;; esac; do
        vmm_ended && fail "the VMM ended with status $(cat "$W/vmm.status"): $(tail -n 3 "$W/stderr")"
        [ "$(uptime_s)" -lt $va_end ] || fail "the VMM's monitor did not answer in $1 s"
    done
    # The greeting may come long before the machine is made: what is pinned takes time.
    qmp '{"execute":"qmp_capabilities"}' "$1"
}

vmm_must_run() {
    qmp '{"execute":"query-status"}'
    case $REPLY in *'"status": "running"'*) ;; *) fail "the VMM is not running: $REPLY" ;; esac
}

vmm_pid() { cat "$W/vmm.pid"; }

vmm_quit() {
    echo '{"execute":"quit"}' >&4
    vmm_ends 60
    must_equal "the VMM's exit status" 0 "$REPLY"
}

vmm_kill() {
    [ -e "$W/vmm.pid" ] && ! vmm_ended || return 0
    kill -KILL "$(cat "$W/vmm.pid")" 2>/dev/null
    vk_end=$(($(uptime_s) + 20))
    until vmm_ended || [ "$(uptime_s)" -ge $vk_end ]; do sleep 0.1; done
}

# The next line of the monitor's output, if it has come, into $line. It is read from a file: a read
# with a timeout, from the pipe, loses what it has read of a line when the time is over.
qmp_line() {
    if read -r line <&3; then
        line=$qmp_part$line qmp_part=
        echo "$line" >>"$W/qmp"
    else
        qmp_part=$qmp_part$line
        sleep 0.1
        return 1
    fi
}

# qmp JSON [SECONDS]: a command; its answer in $REPLY. An answer that is an error is the caller's to judge.
qmp() {
    echo "> $1" >>"$W/qmp"
    echo "$1" >&4
    q_end=$(($(uptime_s) + ${2-40} * LAB_PATIENCE))
    while :; do
        if qmp_line; then
            case $line in *'{"return"'* | *'{"error"'*)
                REPLY=$line
                return
                ;;
            esac
        fi
        vmm_ended && fail "the VMM ended with status $(cat "$W/vmm.status") on $1: $(tail -n 3 "$W/stderr")"
        [ "$(uptime_s)" -lt $q_end ] || fail "no answer to $1"
    done
}

# hmp COMMAND [SECONDS]: a command of the human monitor; its text in $REPLY.
hmp() {
    qmp "$(jq -cn --arg c "$1" '{execute:"human-monitor-command",arguments:{"command-line":$c}}')" "${2-40}"
    REPLY=$(echo "$REPLY" | jq -r '.return // .error.desc')
}

qmp_event() { # NAME: has it been seen?
    while qmp_line; do :; done
    grep -q "\"event\": \"$1\"" "$W/qmp"
}

# KiB that the VMM has pinned, as VFIO accounts for it.
vmm_locked() { sed -n 's/^VmLck:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$(vmm_pid)/status"; }

# --- the guests -----------------------------------------------------------

# The guest of the DIMM scenarios: no operating system, and a DIMM where the case wants it.
dimm_guest() { # ADDRESS SIZE [ARGS…]
    dg_addr=$1 dg_size=$2
    shift 2
    vmm qemu-system-x86_64 -M pc-q35-7.0 -accel tcg -cpu qemu64,phys-bits=44 -m 512M,maxmem=2T,slots=4 \
        -object "memory-backend-ram,id=m0,size=$dg_size" \
        -device "pc-dimm,id=d0,memdev=m0,addr=$dg_addr" \
        -device "vfio-pci,id=v0,host=$DISK" "$@"
}

# A guest with 768 MiB of its 1280 MiB at 0x100000000, which is what Linux hands out first: with a
# hole at 0x110000000-0x11fffffff, whoever fills more than 512 MiB uses the hole. What it boots, ARGS say.
guest_machine() { # ARGS…
    [ "$LAB_PURPOSE" = kvm ] || fail "the scenario's head must say: # needs: kvm"
    [ -e /dev/kvm ] || skip "no KVM in this host"
    printf '%s\n' "$@" >"$W/guest.args"
    gm_resets=0 l2_starts=1
    guest_machine_start "$@"
}

guest_machine_start() {
    vmm qemu-system-x86_64 -M q35,max-ram-below-4g=512M -accel kvm -cpu host,-xsave,phys-bits=44 -m 1280M "$@"
    vmm_answers 90
}

# A guest Linux, started directly.
linux_guest() { # KERNEL-ARGUMENTS [ARGS…]
    lg_append=$1
    shift
    guest_machine -kernel /guest/vmlinux -initrd /guest/initrd -append "$(cat /guest/words) $lg_append" "$@"
}

# The guest's vCPU touched what is guarded: QEMU says so and stops it.
guest_stopped() { has "$W/stderr" "error: kvm run failed Bad address"; }

# A guest that resets before it has said a word is the emulated KVM's doing (README.md): once more.
guest_again() {
    [ "$(cat "$W/vmm.status")" = 0 ] && [ ! -s "$W/console" ] && [ "$gm_resets" -lt 2 ] || return
    gm_resets=$((gm_resets + 1))
    say "the guest reset itself before it printed anything; it is started again"
    rm -f "$W/events.jsonl"
    set --
    while IFS= read -r ga_word; do set -- "$@" "$ga_word"; done <"$W/guest.args"
    guest_machine_start "$@"
}

l2_ready() {
    [ "$(grep -c "L2 ready" "$W/console")" -lt "$l2_starts" ] || return 0
    ! vmm_ended || guest_again || fail "the VMM ended: $(tail -n 3 "$W/stderr")"
    ! guest_stopped || fail "the guest stopped while it booted: $(grep -m 1 "kvm run failed" "$W/stderr")"
    return 1
}
l2_up() { wait_for "${1-150}" "the guest to come up" l2_ready; }

# The guest starts anew. Its VMM has to have been started with -action reboot=reset.
l2_reboot() { # [SECONDS]
    l2_starts=$((l2_starts + 1))
    l2_send "reboot -f"
    l2_up "${1-150}"
}

l2_send() { # COMMAND: have it run; does not wait
    l2_n=$((l2_n + 1))
    echo "$l2_n $1" >&5
}

l2_done() {
    has "$W/console" "^L2 done $l2_n " && return
    ! vmm_ended || fail "the VMM ended: $(tail -n 3 "$W/stderr")"
    ! guest_stopped || fail "the guest stopped: $(grep -m 1 "kvm run failed" "$W/stderr")"
    return 1
}

# l2 SECONDS COMMAND: run it in the guest; its output in $REPLY, its status the function's.
l2() {
    l2_before=$(wc -l <"$W/console")
    l2_send "$2"
    wait_for "$1" "the guest to do: $2" l2_done
    REPLY=$(tail -n "+$((l2_before + 1))" "$W/console" | sed "/^L2 done $l2_n /,\$d")
    return "$(sed -n "s/^L2 done $l2_n \([0-9]*\).*/\1/p" "$W/console")"
}

# The passed-through disk's checksum, as the guest reads it, in $sum. In large pieces: a read costs an
# emulated guest some exits, whatever its size.
l2_disk_sum() {
    say "the guest is up; it reads 640 MiB through the passed-through NVMe"
    l2 240 "echo 1024 >/sys/block/nvme0n1/queue/read_ahead_kb && md5sum /dev/nvme0n1" ||
        fail "the guest could not read the disk: $REPLY"
    sum=$(echo "$REPLY" | sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p')
}
