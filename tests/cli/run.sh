#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iovashim run: what the VMM gets, what its caller sees of it, and what is said when it fails.
#
# usage: run.sh BUILD
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/cli/lib.bash
. "$here/lib.bash"
hosts=$here/../../src/model/hosts
unset LD_PRELOAD IOVASHIM_CONF IOVASHIM_MODE IOVASHIM_LOG IOVASHIM_GUARD IOVASHIM_DISABLE
cp "$build/iovashim" "$build/libiovashim.so" "$work"
iovashim=$work/iovashim
library=$work/libiovashim.so
cd "$work"
mkdir 'a b' slow
cc -o dynamic "$here/program.c"
cc -static -o static "$here/program.c"
cp dynamic 'a b/the vmm'
cp "$(command -v busybox)" busybox # static

cp iovashim libiovashim.so slow # whose watchers are not looked for below
# A static program for longer than the library is waited for; its output is let go at once.
started=$SECONDS
slow/iovashim run --via preload -- ./busybox sleep 12 2>late | cat >late.out &
late=$!
captured=$(slow/iovashim run --via preload -- ./busybox sh -c 'exec >&-; sleep 11' 2>late2 &)
[ -z "$captured" ] || fail "said: $captured"
[ $((SECONDS - started)) -lt 5 ] || fail 'the watcher holds the output open'

# The command line.
expect 125 "$iovashim" run
has_line '^usage: iovashim run '
expect 125 "$iovashim" run --via preload
expect 125 "$iovashim" run --nonsense ./dynamic
expect 125 "$iovashim" run --via magic ./dynamic
has_line '^iovashim run: --via magic: it is auto, preload or seccomp$'
expect 125 "$iovashim" run --log '' ./dynamic
expect 0 "$iovashim" run --help
expect 0 "$iovashim" run ./dynamic
[ "$(cat out)" = preloaded ] || fail "said: $(cat out)"
expect 0 "$iovashim" run -- 'a b/the vmm'
expect 0 env PATH="$work/a b:$PATH" "$iovashim" run 'the vmm'
[ "$(cat out)" = preloaded ] || fail "said: $(cat out)"
expect 0 "$iovashim" run --via preload cat --version # its options are its own
expect 0 "$iovashim" run "$iovashim" run ./dynamic
[ "$(tail -n 1 out)" = preloaded ] || fail "nested, it said: $(cat out)"

# What cannot be started.
for via in auto preload; do
    expect 127 "$iovashim" run --via $via absent
    has_line '^iovashim run: absent: '
    expect 127 "$iovashim" run --via $via ./absent
    expect 126 "$iovashim" run --via $via ./late
    expect 126 "$iovashim" run --via $via '/'
    has_line '^iovashim run: /: '
done
echo words >text && chmod +x text
expect 126 "$iovashim" run --via preload ./text
has_line '^iovashim run: ./text: Exec format error$'
expect 126 "$iovashim" run ./text
printf '#!/absent\n' >lost && chmod +x lost
expect 127 "$iovashim" run ./lost
expect 127 "$iovashim" run --via preload ./lost
cc -x c -shared -fPIC -Wl,-soname,libgone.so -o libgone.so - <<<'int gone;'
cc -x c -o needy - -Wl,--no-as-needed -L. -lgone <<<'int main(void) { return 0; }'
expect 125 "$iovashim" run ./needy
has_line '^iovashim run: ./needy: it cannot start: libgone.so'

# A wrong policy, mode or log, or no library: nothing is started.
starts_nothing() { # REGEX ARGUMENT…
    expect 125 "$iovashim" run "${@:2}" -- ./dynamic
    has_line "$1"
    [ "$(wc -l <out)" = 1 ] || fail "more than one line: $(cat out)"
}
printf 'crossing split\nhole nonsense\n' >'a b/wrong.conf'
printf 'crossing observe\n' >'a b/right.conf'
starts_nothing "^iovashim run: $work/a b/wrong.conf:2:6: " --policy 'a b/wrong.conf'
starts_nothing "^iovashim run: $work/absent.conf:1:1: cannot be read" --policy absent.conf
starts_nothing "^iovashim run: IOVASHIM_MODE: unknown word 'sideways'" --mode sideways
starts_nothing "^iovashim run: the log $work/absent/log cannot be opened: No such file" --log absent/log
starts_nothing "^iovashim run: the log $work/a b cannot be opened: Is a directory" --log 'a b'
mkfifo fifo
starts_nothing 'the log .*/fifo cannot be opened: No such device or address' --log fifo
IOVASHIM_GUARD=perhaps starts_nothing '^iovashim run: IOVASHIM_GUARD: '
expect 127 "$iovashim" run --log unmade absent
[ ! -e unmade ] || fail 'a log was made for a VMM that is not there'
cp iovashim libiovashim.so 'a b'
expect 125 'a b/iovashim' run ./dynamic
has_line '/a b/libiovashim.so: LD_PRELOAD cannot hold a path with a space'
rm 'a b/libiovashim.so'
if "$work/a b/iovashim" run ./dynamic >out 2>&1; then
    echo 'ok run: no library # skipped: one is installed'
else
    has_line '^iovashim run: libiovashim.so is neither beside this program nor in /'
fi

# Its environment: absolute paths, one library, in front.
cat >env.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
int main(void)
{
    const char *names[] = {"LD_PRELOAD", "IOVASHIM_CONF", "IOVASHIM_LOG", "IOVASHIM_MODE"};
    for (int i = 0; i < 4; i++)
        printf("%s=%s\n", names[i], getenv(names[i]) ? getenv(names[i]) : "");
    return ioctl(0, 0x3b71, 0) > 0;
}
END
cc -o env env.c
expect 0 "$iovashim" run --policy 'a b/right.conf' --log 'a b/the log' --mode refuse ./env
printf '%s\n' "LD_PRELOAD=$library" "IOVASHIM_CONF=$work/a b/right.conf" "IOVASHIM_LOG=$work/a b/the log" \
    IOVASHIM_MODE=refuse | diff - out || fail 'another environment'
cd 'a b'
expect 0 env IOVASHIM_CONF=right.conf LD_PRELOAD="$library $build/libiovamodel.so" "$iovashim" run ../env
has_line "^IOVASHIM_CONF=$work/a b/right.conf$"
has_line "^LD_PRELOAD=$library $build/libiovamodel.so$"
cd ..
expect 0 env LD_PRELOAD="$build/libiovamodel.so" "$iovashim" run ./env
has_line "^LD_PRELOAD=$library $build/libiovamodel.so$"
expect 0 env IOVASHIM_DISABLE=1 "$iovashim" run --mode sideways ./env
has_line '^iovashim run: IOVASHIM_DISABLE is set'
has_line '^LD_PRELOAD=$'

# It is told if the library is not active; what inherits the variable leaves other files alone.
expect 0 "$iovashim" run --via preload -- ./static
within 50 nobody || fail 'the watcher stays'
has_line '^not preloaded$'
has_line '^iovashim run: libiovashim.so is not active in ./static: it has ended, .*: iovashim check ./static$'
expect 3 "$iovashim" run --via preload -- ./busybox sh -c 'exit 3'
within 50 nobody || fail 'the watcher stays'
# shellcheck disable=SC2016
expect 0 "$iovashim" run --via preload -- bash -c '
    fd=${IOVASHIM_READY%:*}
    eval "exec $fd>file" && ./dynamic && [ ! -s file ] || exit 8
    eval "exec $fd<>fifo" && ./dynamic && ! timeout 0.2 head -c 1 fifo | grep -q . || exit 9
    IOVASHIM_READY=nonsense ./dynamic && IOVASHIM_READY=-1:0 ./dynamic'
[ "$(sort -u out)" = preloaded ] || fail "children of it said: $(cat out)"
expect 0 "$iovashim" run sh -c :
has_line '^iovashim run: /.*/sh: by preload: what it executes inherits LD_PRELOAD'
expect 0 "$iovashim" run ls /proc/self/fd
mv out with
expect 0 ls /proc/self/fd
cmp with out || fail 'the VMM has other descriptors than without'
expect 0 sh -c "trap '' CHLD; exec '$iovashim' run ./dynamic"
[ "$(cat out)" = preloaded ] || fail "with SIGCHLD ignored: $(cat out)"

# Statuses, signals, descriptors, process and terminal are the VMM's own.
expect 42 "$iovashim" run --via preload -- sh -c 'exit 42'
# shellcheck disable=SC2016 # by a shell that tells of the signal in $work/out
expect 143 bash -c '"$0" run --via preload -- sh -c "kill -TERM \$\$"; exit $?' "$iovashim"
has_line Terminated
[ "$(echo words | "$iovashim" run cat)" = words ] || fail 'standard input'
"$iovashim" run --via preload -- sleep 60 &
vmm=$!
within 50 grep -qx sleep "/proc/$vmm/comm" || fail 'the VMM has another process than iovashim run'
within 50 grep -q libiovashim.so "/proc/$vmm/maps" || fail 'the library is not in it'
within 50 nobody || fail 'the watcher stays'
[ -z "$(cat "/proc/$vmm/task/$vmm/children" 2>/dev/null)" ] || fail 'the VMM has a child'
kill -INT $vmm && kill -USR1 $vmm # in the background of a script SIGINT is ignored
status=0
wait $vmm 2>/dev/null || status=$?
[ $status = $((128 + 10)) ] || fail "died of a signal with $status"

# A terminal: Ctrl-C, Ctrl-Z and fg. The VMM writes its process ID into the file "up".
vmm="$iovashim run --via preload -- sh -c 'echo \$\$ >up; exec sleep 20'"
in_state() { grep -q "^State:.$1" "/proc/$(cat up)/status"; }
ended() { [ ! -e "/proc/$(cat up)" ]; }
status=0
{
    within 100 test -s up
    printf '\003'
    within 100 ended # script does not wait for the status of a program when its own input has ended
} | script -qec "$vmm" /dev/null >out 2>&1 || status=$?
[ $status = 130 ] || fail "Ctrl-C: $status: $(cat out)"
rm up
{
    echo "$vmm"
    within 100 test -s up
    printf '\032'
    within 100 in_state T
    echo 'jobs; fg'
    within 100 in_state S
    printf '\003'
    # shellcheck disable=SC2016
    echo 'echo "status=$?"; exit'
    within 100 grep -q 'status=[0-9]' out
} | script -qec 'env PS1= bash --norc --noprofile -i' /dev/null >out 2>&1 || :
has_line 'Stopped .*iovashim run'
has_line 'status=130'

# QEMU, on the model: what is done is what the plain library does.
qemu=$(command -v qemu-system-x86_64) || qemu=
guest=(-M pc-q35-7.0 -cpu "qemu64,phys-bits=44" -nodefaults -display none -m 1100G
    -object "memory-backend-ram,id=pm,size=1100G,reserve=off" -machine "memory-backend=pm"
    -device "vfio-pci,host=0000:00:05.0")
on_model() { env IOVAMODEL_HOST="$hosts/amd.host" "$@"; }
told() { jq -S 'del(.time, .pid, .vaddr) | select(.event == "map")' "$1"; }
if [ -n "$qemu" ]; then
    quit='{"execute":"qmp_capabilities"}{"execute":"query-status"}{"execute":"quit"}'
    echo "$quit" | on_model env LD_PRELOAD="$library $build/libiovamodel.so" IOVASHIM_LOG="$work/plain.jsonl" \
        "$qemu" "${guest[@]}" -qmp stdio >plain 2>&1 || fail "with the plain library: $(cat plain)"
    echo "$quit" | on_model env LD_PRELOAD="$build/libiovamodel.so" \
        "$iovashim" run --log run.jsonl -- qemu-system-x86_64 "${guest[@]}" -qmp stdio >out 2>&1 ||
        fail "QEMU: $(cat out)"
    has_line '"status": "running"'
    told plain.jsonl >plain.told
    told run.jsonl >run.told
    grep -q '"action": "split"' run.told || fail "nothing was split: $(cat run.jsonl)"
    diff plain.told run.told || fail 'something else is done than by the plain library'
    # It leaves its caller, its terminal and its folder; the log's path stays right.
    captured=$(on_model env LD_PRELOAD="$build/libiovamodel.so" "$iovashim" run --log daemon.jsonl -- \
        "$qemu" "${guest[@]}" -daemonize -pidfile "$work/pid" 2>&1) || fail "a daemon: $captured"
    within 50 grep -q split daemon.jsonl || fail 'the daemon made no log'
    within 50 nobody || fail 'the watcher stays with a daemon'
    kill "$(cat pid)"
else
    echo 'ok run: QEMU # skipped: not installed'
fi

# A static program: by seccomp, and that is told.
expect 0 "$iovashim" run ./static
has_line '^iovashim run: ./static: by seccomp: a static program'

wait $late || fail 'the static program ended with another status'
grep -qx 'iovashim run: libiovashim.so is not active in ./busybox: it has been running for 10 s, .*' late ||
    fail "nothing was told of a static program that runs: $(cat late)"
done_ run
