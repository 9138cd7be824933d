#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What goes wrong around the shim, over the model kernel: a row of README.md's table each. In all of
# them the VMM ends as it would without iovashim, gets whole mappings or none, and has its memory
# back; and where it gets something else than without the fault, it is said why.
#
# usage: faults.sh BUILD
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
host=$here/../../src/model/hosts/amd.host
parts=$build/faults
library=$build/libiovashim.so
model=$build/libiovamodel.so
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
unset LD_PRELOAD LD_LIBRARY_PATH
for name in CONF LOG MODE GUARD QUIET DISABLE READY; do unset "IOVASHIM_$name"; done
echo 'hole 0x100100000-0x1001fffff name=fault' >holes.conf
rows=0

fail() {
    echo "not ok faults: $*" >&2
    exit 1
}

# run STATUS SETTING… -- COMMAND…: over the model, with this test's policy; into out and err.
run() {
    local wanted=$1 status=0 settings=()
    shift
    while [ "$1" != -- ]; do
        settings+=("$1")
        shift
    done
    shift
    timeout 60 env IOVAMODEL_HOST="$host" IOVASHIM_CONF="$work/holes.conf" "${settings[@]}" "$@" >out 2>err || status=$?
    [ "$status" = "$wanted" ] || fail "${settings[*]} $*: status $status, not $wanted: $(cat out err)"
}
preload() { echo "LD_PRELOAD=$*"; }
shimmed=$(preload "$library" "$model")
faulty=$(preload "$library" "$parts/faulty.so" "$model")

# What is said that is not said when all is well; totals and advice say nothing of a fault.
news() { grep -v 'iovashim: summary:' err | sort | comm -13 well.err - | grep '^iovashim: ' || :; }

same() { cmp -s well out || fail "$1: something else than when all is well: $(diff well out)"; }
same_or_said() { cmp -s well out || [ -n "$(news)" ] || fail "$1: nobody is told: $(diff well out)"; }
says() { grep -q -- "$1" err || fail "it does not say: $1, but: $(cat err)"; }
gets() { grep -qx -- "$1" out || fail "the VMM does not get: $1, but: $(cat out)"; }
ok() {
    rows=$((rows + 1))
    echo "ok faults: $*"
}

# Every STEP-th call fails, with + all after it too; where one of the first SETUP fails the VMM does
# not start. sweep NAME CALL ERRNO [+ [STEP [SETUP]]]
sweep() {
    local name=$1 call=$2 errno=$3 plus=${4-} step=${5-1} n count status
    run 0 "$faulty" FAULT="$call:1000000:$errno" FAULT_COUNT="$work/count" -- "$parts/vmm"
    count=$(cat count)
    [ "$count" -gt 0 ] || fail "$name: the shim does not call $call"
    for ((n = 1; n <= count; n += step)); do
        status=0
        [ "$n" -gt "${6-0}" ] || status=125
        run $status "$faulty" FAULT="$call:$n$plus:$errno" -- "$parts/vmm"
        [ $status = 0 ] || says 'holes.conf:1:1: cannot be read\|no memory for the policy'
        same_or_said "$name, $call $n$plus"
    done
    ok "$name: $call, $errno, each of $count$plus"
}

run 0 "$shimmed" -- "$parts/vmm"
cp out well
grep -v 'iovashim: summary:' err | sort >well.err
gets "across the policy's: mapped and guarded"
gets 'across the window: mapped and guarded'
run 0 "$faulty" -- "$parts/vmm"
same 'no fault'

# Memory. The shim's own comes from mmap; the policy and libc take malloc.
sweep 'no memory' mmap ENOMEM
sweep 'no more memory from there on' mmap ENOMEM +
sweep 'no memory' malloc ENOMEM '' 1 1000
run 0 "$faulty" FAULT='mmap:1+:ENOMEM' -- "$parts/vmm"
says 'no memory for a container: its requests go to the kernel as they come, over holes too (ENOMEM)'
for pages in 0 1 2 3 4 6 8 12 16 24 32 48; do
    run 0 "$shimmed" -- "$parts/vmm" memory $pages
    run 0 "$shimmed" IOVASHIM_LOG="$work/log" -- "$parts/vmm" memory $pages
    grep -qx "across the policy's: mapped and guarded" out || [ -n "$(news)" ] || fail "RLIMIT_AS, $pages pages: nobody is told"
done
gets "across the policy's: mapped and guarded"
ok 'a VMM under RLIMIT_AS'
sweep 'memory cannot be protected' mprotect ENOMEM
sweep 'memory cannot be given back' madvise EINVAL
run 1 "$faulty" FAULT='mprotect:2+:ENOMEM' -- "$parts/vmm"
says 'memory that was guarded could not be opened again: the VMM may not use it any more (ENOMEM)'
ok 'memory stays protected'
run 0 "$(preload "$library" "$parts/roomy.so" "$model")" IOVASHIM_LOG="$work/log" -- "$parts/vmm" stack
same 'a stack of 16 KiB'
ok "a stack of 16 KiB: $(sed -n 's/^stack: //p' err)"

# Descriptors, files.
sweep 'no descriptor' open EMFILE '' 1 1
run 0 "$shimmed" -- "$parts/vmm" descriptors
gets 'far from holes: mapped'
gets 'across the window: EINVAL'
says '(EMFILE)'
ok 'descriptors exhausted'
sweep 'a file that cannot be read' read EIO '' 5 1
run 0 "$faulty" FAULT='open:1+:ENOENT:/proc readlink:1+:ENOENT:/proc' -- "$parts/vmm"
gets 'far from holes: mapped'
gets 'across the window: EINVAL'
says '(ENOENT)'
ok '/proc is not mounted, to the shim' # the model needs it

# sysfs. The window is known all the same: from VFIO_IOMMU_GET_INFO.
regions=/sys/kernel/iommu_groups
run 0 "$faulty" FAULT="open:1+:ENOENT:/sys opendir:1+:ENOENT readlink:1+:ENOENT:/sys" -- "$parts/vmm"
same 'sysfs is not there'
says "cannot read a group's reserved_regions; its holes may be missed (ENOENT)"
ok 'sysfs is not there'
: >empty
printf '0x1 0x2' >cut
head -c 5000 /dev/zero | tr '\0' x >long
head -c 3000 "$parts/vmm" >junk
yes '0x00000000fee00000 0x00000000feefffff' | head -n 4000 >typeless
for file in empty cut long junk typeless; do
    run 0 "$faulty" FAULT="instead:$regions:$work/$file" -- "$parts/vmm"
    same "sysfs has $file"
done
ok 'sysfs is garbled'
seq -f '%.0f' 1 100 | awk '{ printf "0x%x 0x%x reserved\n", $1 * 2^40, $1 * 2^40 + 4095 }' >many
run 0 "$faulty" FAULT="instead:$regions:$work/many" -- "$parts/vmm"
says 'a group has more reserved regions than are looked at (E2BIG)'
ok 'sysfs has more than anyone'
sweep 'a group vanishes' opendir ENOENT
sweep 'a group vanishes' readlink ENOENT
run 0 "$faulty" FAULT='read:3+:ENODEV' -- "$parts/vmm"
says "cannot read a group's reserved_regions; its holes may be missed (ENODEV)"
ok 'a group vanishes while it is read'

# The log and standard error.
run 0 "$shimmed" IOVASHIM_LOG=/dev/full -- "$parts/vmm"
same 'log disk full'
says "the log's descriptor is gone (closed or replaced by the VMM, or the disk is full): nothing more is logged"
ok 'the disk of the log is full'
mkfifo fifo
run 0 "$shimmed" IOVASHIM_LOG="$work/fifo" -- "$parts/vmm"
same 'a FIFO without reader'
says "IOVASHIM_LOG: cannot open $work/fifo (ENXIO): going on without a log"
ok 'the log is a FIFO without reader'
head -c 100 fifo >/dev/null &
run 0 "$shimmed" IOVASHIM_LOG="$work/fifo" -- "$parts/vmm"
kill $! 2>/dev/null || :
wait
same "a FIFO whose reader leaves"
ok 'the reader of the log leaves'
status=0
env IOVAMODEL_HOST="$host" IOVASHIM_CONF="$work/holes.conf" "$shimmed" "$parts/vmm" 2>&1 >out | true || status=$?
[ "$status" = 0 ] || fail "standard error is a pipe without reader: status $status"
same 'standard error is a pipe without reader'
run 0 "$shimmed" IOVASHIM_LOG="$work/log" -- "$parts/vmm" closed
same 'standard error is closed'
run 0 "$faulty" FAULT='write:1+:ENOSPC' -- "$parts/vmm"
same 'nothing can be written'
ok 'nobody listens'

# The environment and the policy.
run 0 -- env -i "$shimmed" IOVAMODEL_HOST="$host" "$parts/vmm"
gets 'across the window: mapped and guarded'
gets "across the policy's: mapped"
ok 'no environment'
run 125 "$faulty" FAULT="open:1+:EACCES:$work/holes.conf" -- "$parts/vmm"
says "^iovashim: $work/holes.conf:1:1: cannot be read: "
[ ! -s out ] || fail "it starts without its policy: $(cat out)"
run 125 "$shimmed" IOVASHIM_CONF="$work" -- "$parts/vmm"
says "^iovashim: $work:1:1: cannot be read: "
ok 'the policy cannot be read'
if [ "$(id -u)" = 0 ] && ! findmnt -nT . -o OPTIONS | grep -qw nosuid; then
    cp "$library" "$model" .
    cc -D_GNU_SOURCE -o secure "$here/vmm.c" -Wl,--no-as-needed -L. -l:libiovashim.so -l:libiovamodel.so "-Wl,-rpath,$work"
    cat "$host" >amd.host
    mkdir folder
    chmod 777 folder
    secure() {
        run 0 IOVAMODEL_HOST="$work/amd.host" IOVASHIM_CONF="$work/absent" IOVASHIM_LOG="$work/folder/log" \
            IOVASHIM_MODE=nonsense IOVASHIM_GUARD=nonsense IOVASHIM_DISABLE="$1" IOVASHIM_QUIET=1 -- \
            setpriv --reuid 65533 --regid 65533 --clear-groups ./secure
    }
    # As a program of its own it does as it is told.
    secure 1
    [ ! -s err ] || fail "it is to be disabled, and says: $(cat err)"
    gets 'across the window: EINVAL'
    chown 65534 secure
    chmod u+s secure
    secure 1
    says '^iovashim: guest RAM at .* crosses .*, the MSI window'
    [ -z "$(ls -A folder)" ] || fail 'it wrote a log where it was told to'
    ok 'a hostile environment under set-user-ID'
else
    echo 'ok faults: a hostile environment under set-user-ID # skipped: not root, or mounted nosuid'
fi

# Other libraries.
run 0 "$(preload "$library" "$library" "$model")" -- "$parts/vmm"
same 'LD_PRELOAD twice'
mkdir again
cp "$library" again
run 0 "$(preload "$work/again/libiovashim.so" "$library" "$model")" -- "$parts/vmm"
same 'two copies'
ok 'in LD_PRELOAD twice, and as two copies'
for order in before after; do
    chain="$library $parts/other-preload.so"
    [ $order = after ] || chain="$parts/other-preload.so $library"
    run 0 "$(preload "$chain" "$model")" MAPS_SEEN="$work/$order" -- "$parts/vmm"
    same "another preload $order it"
done
[ "$(cat before)" -gt 0 ] || fail 'the one before it saw no mapping'
[ "$(cat after)" -gt "$(cat before)" ] || fail 'the one after it did not see the pieces'
ok "chained with another preload: $(cat before) mappings before it, $(cat after) after it"
run 0 "$(preload "$library" "$parts/other-constructor.so" "$model")" -- "$parts/vmm"
gets 'constructor: mapped'
sed -i /^constructor:/d out
same 'a constructor that maps'
run 0 "$(preload "$library" "$parts/other-first.so" "$model")" -- "$parts/vmm"
gets 'constructor: ENOTTY' # the kernel's answer: ours is not there yet, nor is the model
sed -i /^constructor:/d out
same 'a constructor before ours'
ok 'a constructor maps, after ours and before it'
run 0 "$shimmed" -- "$parts/other-host" 2 "$parts/other-plugin.so" # RTLD_NOW
gets 'plugin: mapped'
run 0 "$shimmed" -- "$parts/other-host" 10 "$parts/other-plugin.so" # and RTLD_DEEPBIND
gets 'plugin: ENOTTY' # past the preload, and past the model's
run 0 -- "$build/iovashim" check "$parts/other-host"
grep -q 'loaded by dlmopen, or by dlopen with RTLD_DEEPBIND' out || fail "check does not say it: $(cat out)"
run 0 -- "$build/iovashim" check "$parts/vmm"
! grep -q RTLD_DEEPBIND out || fail "check says it of a program that loads nothing: $(cat out)"
ok 'RTLD_DEEPBIND'
musl-gcc -o musl "$here/../cli/program.c"
run 1 -- "$build/iovashim" check ./musl
grep -q 'its libc is musl' out || fail "check of a musl program: $(cat out)"
run 0 -- "$build/iovashim" run ./musl
gets 'not preloaded'
says 'by seccomp: its libc is musl'
ok 'a musl program'
echo "ok faults: $rows rows"
