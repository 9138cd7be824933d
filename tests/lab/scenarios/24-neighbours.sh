# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What else a program under a supervisor may do: filters of its own, exec, debuggers, daemons, terminals.
# hosts: amd
# kernels: 6.12 6.1
# limit: 60
# via: seccomp

# shellcheck source=tests/lab/scenarios/supervised.sh
. /lab/scenarios/supervised.sh

neighbour() {
    with_shim
    area_holes
    shimmed /lab/neighbour "$@" >"$W/neighbour" 2>"$W/stderr"
    neighbour_status=$?
}

case_status() {
    for s in 0 1 3 125 255; do
        neighbour exit $s
        must_equal "the exit status" $s $neighbour_status
    done
    for s in 2 6 9 11 15; do
        neighbour signal $s
        must_equal "the exit status by signal" $((128 + s)) $neighbour_status
    done
    must_not_have "$W/stderr" iovashim # it has no VFIO
    wait_for 10 "the supervisor's end" supervisor_gone
}

# What set-user-ID helpers need.
case_privileges() {
    neighbour privileges -
    must_equal "what it may" "no_new_privs 0" "$(cat "$W/neighbour")"
    must_equal "what is said" "" "$(cat "$W/stderr")"
}

# yama SCOPE: where ancestors alone may trace (1), as some distributions have it, or nobody without
# privileges (2). What is unprivileged has none.
yama() {
    [ -e /proc/sys/kernel/yama/ptrace_scope ] || skip "this kernel has no Yama"
    trap 'echo 0 >/proc/sys/kernel/yama/ptrace_scope' EXIT
    echo "$1" >/proc/sys/kernel/yama/ptrace_scope
    with_shim
    area_holes
    chmod 666 /dev/vfio/vfio "$(group "$DISK")"
    chmod 777 "$W"
    # shellcheck disable=SC3045 # busybox has it
    ulimit -l unlimited
}
unprivileged() {
    # shellcheck disable=SC2086 # words
    /lab/neighbour as 65534 ${runner-} "$@" >"$W/neighbour" 2>"$W/stderr"
    neighbour_status=$?
}

case_yama() {
    yama 1
    unprivileged /lab/neighbour execs "$(group "$DISK")" 3
    says_ok "$W/neighbour" $neighbour_status
    must_have "$W/stderr" "^iovashim: not root, so no_new_privs is set"
}

# Its leave to trace is of the process that was started, not of what that forks.
case_yama_daemon() {
    yama 1
    : >"$W/daemon.go"
    unprivileged /lab/neighbour daemon "$(group "$DISK")" "$W/daemon"
    must_equal "the exit status" 7 $neighbour_status
    wait_for 20 "a word on why it is refused" logged '.event == "fault" and (.what | test("ptrace_scope"))'
}

case_yama_forbids() {
    yama 2
    unprivileged /lab/neighbour exit 0
    must_equal "the exit status" 125 $neighbour_status
    must_have "$W/stderr" "^iovashim: the supervisor may not trace the VMM: kernel.yama.ptrace_scope"
    must_equal "what was started" "" "$(cat "$W/neighbour")"
    wait_for 10 "the supervisor's end" supervisor_gone
}

filter() {
    neighbour filter "$1" "$(group "$DISK")"
    says_ok "$W/neighbour" $neighbour_status
}

case_filter_errno() { filter errno; }

case_filter_kill() { filter kill; }

case_filter_without_mprotect() { filter unguarded; }

# The kernel allows one listener; the program hears EBUSY, and why is said.
case_filter_listener() {
    neighbour listener "$(group "$DISK")"
    says_ok "$W/neighbour" $neighbour_status
    must_have "$W/stderr" "^iovashim: .*listener of its own.*EBUSY"
    must_log '.event == "fault" and (.what | test("listener"))'
}

case_exec_amid_splits() {
    neighbour execs "$(group "$DISK")" 15
    says_ok "$W/neighbour" $neighbour_status
}

# What was started ends at once, and so does who reads its output; its daemon is looked after.
case_daemon() {
    with_shim
    area_holes
    captured=$(shimmed /lab/neighbour daemon "$(group "$DISK")" "$W/daemon" 2>&1)
    must_equal "the exit status" 7 $?
    must_equal "what it says" "" "$captured"
    touch "$W/daemon.go"
    wait_for 20 "the daemon" test -s "$W/daemon"
    must_equal "the daemon's word" "ok: the daemon split" "$(cat "$W/daemon")"
    must_log '.event == "map" and .action == "split"'
    wait_for 10 "the supervisor's end" supervisor_gone
}

case_terminal() {
    with_shim
    area_holes
    [ -e /dev/pts/ptmx ] || { mkdir -p /dev/pts && mount -t devpts devpts /dev/pts; }
    # shellcheck disable=SC2086 # words
    /lab/terminal ${runner-} /lab/terminal program "$(group "$DISK")" >"$W/terminal" 2>"$W/stderr"
    says_ok "$W/terminal" $?
}

# The program that maps and maps, in the background, until there is a file enough.
mapping() {
    with_shim
    area_holes
    touch "$W/mapping"
    # shellcheck disable=SC2086 # words
    ${runner-} /lab/debugger mapping "$(group "$DISK")" "$W/enough" >"$W/mapping" 2>"$W/stderr" &
    mapping=$!
    wait_for 20 "a split" splits 1
}

# TIMES: has it begun to split so often, failing in between?
splits() { [ "$(grep -c '^now crossing: ok' "$W/mapping")" -ge "$1" ]; }

# Splits worked before, failed meanwhile, and work again; what is not split was not hurt.
must_have_mapped() {
    wait_for 20 "splits again" splits 2
    touch "$W/enough"
    wait "$mapping"
    must_equal "the program's status" 0 $?
    must_have "$W/mapping" "^crossing: ok [0-9]* failed [0-9]* (.*) ok [0-9]*; plain: ok [0-9]*$"
    must_log '.event == "fault" and (.what | test("debugger"))'
    must_have "$W/stderr" "^iovashim: .*debugger"
    note "$(grep '^crossing' "$W/mapping")"
}

case_debugger() {
    mapping
    /lab/debugger attach "$mapping" "$W/seen" >"$W/debugger" 2>&1 &
    debugger=$!
    wait_for 20 "a split that fails" has "$W/mapping" "^now crossing: failed"
    touch "$W/seen"
    wait "$debugger"
    must_have "$W/debugger" "^attached to 1 threads"
    must_have "$W/debugger" "^detached"
    must_not_have "$W/debugger" "^not ok"
    must_have_mapped
}

# Has strace seen a request, and the program a split fail? While a thread is borrowed nobody else can
# have it: once more, then.
strace_at_work() {
    if [ -z "${strace-}" ] || ! kill -0 "$strace" 2>/dev/null; then
        strace -f -o "$W/trace" -p "$mapping" >"$W/strace" 2>&1 &
        strace=$!
    fi
    has "$W/trace" VFIO_IOMMU_ 2>/dev/null && has "$W/mapping" "^now crossing: failed"
}

case_strace_attached() {
    mapping
    wait_for 30 "strace to see a request, and a split to fail" strace_at_work
    kill "$strace"
    wait "$strace"
    must_have_mapped
}

# Nothing can be split then, and that is said; all else passes.
case_strace_from_the_start() {
    with_shim
    area_holes
    touch "$W/enough"
    shimmed strace -f -o "$W/trace" /lab/debugger mapping "$(group "$DISK")" "$W/enough" \
        >"$W/mapping" 2>"$W/stderr"
    must_equal "the program's status" 0 $?
    must_have "$W/mapping" "^crossing: failed [0-9]* (.*); plain: ok [0-9]*$"
    must_have "$W/stderr" "^iovashim: .*debugger"
    note "$(grep '^crossing' "$W/mapping")"
}
