#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iovashim check: the verdict on every kind of program, held against what a preload really does.
#
# usage: check.sh BUILD
# shellcheck disable=SC2016 # $ORIGIN is the loader's
set -eu
build=$(cd "$1" && pwd)
iovashim=$build/iovashim
library=$build/libiovashim.so
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/cli/lib.bash
. "$here/lib.bash"
umask 022
unset LD_LIBRARY_PATH LD_PRELOAD
chmod 755 "$work"
cd "$work"
cp "$library" "$iovashim" . # where every user may read them
library=$work/libiovashim.so

# program NAME COMPILER-AND-FLAGS…: program.c as a program.
program() {
    local name=$1
    shift
    "$1" -o "$name" "$here/program.c" "${@:2}" || fail "cannot build $name"
}

# verdict STATUS PROGRAM REASON [REALLY]: what check says of it; and, if REALLY is given, what it
# says itself when it is run with the library in LD_PRELOAD. $as is what to run both by.
as=()
verdict() {
    local words=(preload seccomp neither) really
    expect "$1" "${as[@]}" "$work/iovashim" check "$2"
    has_line "^$2: ${words[$1]}: $3"
    expect "$1" "${as[@]}" "$work/iovashim" check --json "$2"
    jq -e --arg verdict "${words[$1]}" '.verdict == $verdict' out >json || fail "$2: $(cat out)"
    [ $# -lt 4 ] && return
    really=$("${as[@]}" env LD_PRELOAD="$library" "$2" 2>/dev/null </dev/null) || really=dies
    [ "$really" = "$4" ] || fail "$2 with the library in LD_PRELOAD: $really, not $4"
    checks=$((checks + 1))
}

# json PROGRAM FILTER: it holds for what check --json says of the program.
json() {
    "$iovashim" check --json "$1" >out || :
    jq -e "$2" out >json || fail "$1: not $2: $(cat out)"
    checks=$((checks + 1))
}

skipped() { echo "ok check: $1 # skipped: $2"; }

# Dynamic programs.
program dynamic cc
program fixed cc -no-pie
program sysv cc -Wl,--hash-style=sysv
for name in dynamic fixed sysv; do
    verdict 0 ./$name "it calls libc's ioctl$" preloaded
done
json ./dynamic '.kind == "dynamic" and .machine != null and .bits == 64 and .imports == ["ioctl"]'
json ./dynamic '.libraries[0].name == "libc.so.6" and (.libraries[0].path | test("^/"))'
program silent cc -DNO_CALL
verdict 1 ./silent 'neither it nor a library that it needs calls'
program own cc -DOWN_FUNCTION -rdynamic
verdict 1 ./own 'it has an ioctl function of its own'
program by-syscall cc -DBY_SYSCALL
verdict 1 ./by-syscall "it calls libc's syscall"
if [ "$(uname -m)" = x86_64 ]; then
    for level in 0 2; do
        program by-both$level cc -O$level -DBY_BOTH
        verdict 1 ./by-both$level 'it makes ioctl system calls itself'
        program by-instruction$level cc -O$level -DBY_INSTRUCTION
        verdict 1 ./by-instruction$level 'it makes ioctl system calls itself'
        json ./by-instruction$level .own_ioctl
    done
    cc -DLIBRARY -DBY_INSTRUCTION -shared -fPIC -o libown.so "$here/program.c"
    program by-library cc -DBY_LIBRARY ./libown.so
    verdict 1 ./by-library './libown.so makes ioctl system calls itself'
else
    skipped 'system calls in the code' 'looked for on x86-64 only'
fi
expect 0 "$iovashim" check env
has_line '^/.*/env: preload: what it executes inherits LD_PRELOAD'

# Libraries, found where the loader finds them.
mkdir 'lib s' deep
cc -DLIBRARY -shared -fPIC -Wl,-soname,libcall.so -o 'lib s/libcall.so' "$here/program.c"
program runpath cc -DBY_LIBRARY -L'lib s' -lcall '-Wl,-rpath,$ORIGIN/lib s' -Wl,--enable-new-dtags
program rpath cc -DBY_LIBRARY -L'lib s' -lcall '-Wl,-rpath,/absent:${ORIGIN}/lib s' -Wl,--disable-new-dtags
program nopath cc -DBY_LIBRARY -L'lib s' -lcall
verdict 0 ./runpath "libcall.so, which it needs, calls libc's ioctl$" preloaded
verdict 0 ./rpath "libcall.so, which it needs, calls libc's ioctl$" preloaded
verdict 2 ./nopath 'it cannot start: libcall.so, which it needs, is not found$' dies
json ./nopath '.libraries[0] == {"name": "libcall.so", "path": null, "imports": [], "own_ioctl": false}'
as=(env LD_LIBRARY_PATH="/absent:$work/lib s")
verdict 0 ./nopath 'libcall.so, which it needs, calls' preloaded
as=()
# A library's own needs: DT_RPATH of the program counts for them, DT_RUNPATH does not.
cc -shared -fPIC -Wl,--no-as-needed -x c -o deep/libdeep.so - -L'lib s' -lcall <<<'int deep;'
program deep-rpath cc -DNO_CALL -Wl,--no-as-needed -Ldeep -ldeep "-Wl,-rpath,$work/deep:$work/lib s" \
    -Wl,--disable-new-dtags -Wl,-rpath-link,'lib s'
program deep-runpath cc -DNO_CALL -Wl,--no-as-needed -Ldeep -ldeep "-Wl,-rpath,$work/deep:$work/lib s" \
    -Wl,--enable-new-dtags -Wl,-rpath-link,'lib s'
verdict 0 ./deep-rpath 'libcall.so, which it needs, calls' preloaded
verdict 2 ./deep-runpath 'it cannot start: libcall.so' dies
# Of another machine, a library is passed over.
mkdir foreign
cc -shared -fPIC -x c -o foreign/libcall.so - <<<'int foreign;'
printf '\xff\xff' | dd of=foreign/libcall.so bs=1 seek=18 conv=notrunc status=none # e_machine
as=(env LD_LIBRARY_PATH="$work/foreign:$work/lib s")
verdict 0 ./nopath 'libcall.so, which it needs, calls' preloaded
as=()

# No loader, another loader, another tool chain.
program static cc -static
program static-pie cc -static-pie
verdict 1 ./static 'a static program: ' 'not preloaded'
verdict 1 ./static-pie 'a static program: ' 'not preloaded'
json ./static '.kind == "static" and .loader == null'
json ./static-pie '.kind == "static-pie" and .loader == null'
program musl musl-gcc
program musl-static musl-gcc -static
verdict 1 ./musl 'its libc is musl' dies
verdict 1 ./musl-static 'a static program: ' 'not preloaded'
json ./musl '.kind == "dynamic" and .libraries == [{"name": "libc.so", "path": .loader, "imports": [], "own_ioctl": false}]'
cc -DLIBRARY -shared -fPIC -Wl,-soname,libcall.so -nostdlib -o deep/libcall.so "$here/program.c"
program musl-library musl-gcc -DBY_LIBRARY -Ldeep -lcall '-Wl,-rpath,$ORIGIN/deep'
json ./musl-library ".libraries[0].path == \"$work/deep/libcall.so\" and .imports == []"
program other-loader cc -Wl,--dynamic-linker=/bin/true
verdict 1 ./other-loader "its loader /bin/true is not glibc's"
program no-loader cc -Wl,--dynamic-linker=/absent/ld-linux.so
verdict 2 ./no-loader 'it cannot start: its loader /absent/ld-linux.so: No such file or directory$' dies

cat >go.go <<'END'
package main

func main() { println("not preloaded") }
END
go=(env GOTOOLCHAIN=local GO111MODULE=off GOFLAGS= GOCACHE="$build/go-cache" CGO_ENABLED=0 go)
"${go[@]}" build -buildmode=pie -o go-dynamic go.go
"${go[@]}" build -o go-static go.go
verdict 1 ./go-dynamic 'a Go program: '
verdict 1 ./go-static 'a static program, by Go: '
json ./go-dynamic '.go and .kind == "dynamic"'
json ./go-static '.go and .kind == "static"'

# Privilege: LD_PRELOAD is dropped for who gains some by it.
for name in user group caps permitted; do cp dynamic $name; done
if [ "$(id -u)" = 0 ] && ! findmnt -nT . -o OPTIONS | grep -qw nosuid && chown 65534 user && chmod u+s user && chgrp 65534 group && chmod g+s group &&
    setcap cap_net_admin+ep caps && setcap cap_net_admin+p permitted; then
    verdict 1 ./user 'it has the set-user-ID bit' 'not preloaded'
    verdict 1 ./group 'it has the set-group-ID bit' 'not preloaded'
    verdict 0 ./caps "it calls libc's ioctl$" preloaded # to root they give nothing
    json ./user .set_user_id
    json ./group .set_group_id
    json ./caps .file_capabilities
    as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    verdict 0 ./user "it calls libc's ioctl$" preloaded # it is that user already
    verdict 0 ./group "it calls libc's ioctl$" preloaded
    verdict 1 ./caps 'it has file capabilities' 'not preloaded'
    verdict 1 ./permitted 'it has file capabilities' 'not preloaded'
    as+=(--no-new-privs)
    verdict 1 ./caps 'it has file capabilities' 'not preloaded' # though it gains none
    verdict 0 ./permitted "it calls libc's ioctl$" preloaded
    as=(setpriv --reuid 65533 --regid 65533 --clear-groups)
    verdict 1 ./user 'it has the set-user-ID bit' 'not preloaded'
    as+=(--no-new-privs)
    verdict 0 ./user "it calls libc's ioctl$" preloaded
    as=()
else
    skipped 'set-user-ID, set-group-ID, file capabilities' 'not root, or mounted nosuid'
fi

# Scripts.
printf '#!/bin/sh\nexec ./dynamic\n' >script
printf '#! ./script\t-x\n' >script-of-script
printf '#!/absent/interpreter\n' >script-lost
printf '#!\n' >script-empty
printf '#!%s\n' "$work/static" >script-static
printf '#!/bin/sh' >script-short
for ((i = 0; i < 7; i++)); do printf '#!./script%d\n' $((i + 1)) >script$i; done
printf '#!/bin/sh\n' >script7
chmod +x script*
verdict 0 ./script 'a script for /bin/sh: what it executes inherits' preloaded
verdict 0 ./script-of-script 'a script for /bin/sh: what it executes inherits' preloaded
verdict 0 ./script-short 'a script for /bin/sh: '
json ./script-of-script '.script_for == ["./script", "/bin/sh"]'
verdict 2 ./script-lost 'a script for /absent/interpreter: No such file or directory$' dies
verdict 2 ./script-empty 'a script whose #! line names no interpreter$'
verdict 1 ./script-static "a script for $work/static: a static program"
verdict 2 ./script0 'a script for ./script5: too many scripts' dies

# What cannot run at all.
clang --target=aarch64-linux-gnu -fuse-ld=lld -nostdlib -static -x c -o arm - <<<'void _start(void) { for (;;); }'
clang --target=arm-linux-gnueabi -march=armv7-a -fuse-ld=lld -nostdlib -static -x c -o arm32 - <<<'void _start(void) { for (;;); }'
if [ "$(uname -m)" != aarch64 ]; then
    verdict 2 ./arm 'a program for another machine \(AArch64, 64 bits\)$' dies
fi
verdict 2 ./arm32 'a program for another machine \(Arm, 32 bits\)$' dies
cc -c -x c -o object - <<<'int object;'
cc -shared -x c -o shared - <<<'int object;'
chmod +x object
verdict 2 ./object 'an ELF file, but not a program$' dies
verdict 2 ./shared 'a shared library, not a program$' dies
size=$(stat -c %s dynamic)
for bytes in 4 40 63 64 200 1000 $((size / 2)); do
    head -c "$bytes" dynamic >truncated
    chmod +x truncated
    verdict 2 ./truncated 'is truncated: ' dies
done
head -c $((size - 100)) static >truncated
verdict 2 ./truncated 'is truncated: its segments reach'
: >empty && chmod +x empty
verdict 2 ./empty 'an empty file$'
echo words >text && chmod +x text
verdict 2 ./text 'neither an ELF program nor a script'
verdict 2 ./json 'not executable$' dies
verdict 2 ./deep 'a directory$' dies
verdict 2 ./absent 'no such file$' dies
verdict 2 ./dynamic/inside 'Not a directory$' dies
ln -s loop loop
verdict 2 ./loop 'Too many levels of symbolic links$' dies
cp dynamic unreadable && chmod 111 unreadable
if [ "$(id -u)" = 0 ]; then
    as=(setpriv --reuid 65534 --clear-groups)
    verdict 2 ./unreadable 'cannot be read, so nothing is known of it: Permission denied$' preloaded
    as=()
fi

# PATH, as execvp(3).
mkdir p1 p2 p1/thing
printf 'not executable' >p1/tool
cp dynamic p2/tool && cp dynamic p2/thing
as=(env PATH="$work/p1:$work/p2:$PATH")
expect 0 "${as[@]}" "$iovashim" check tool
has_line "^$work/p2/tool: preload: "
expect 0 "${as[@]}" "$iovashim" check thing
expect 2 env PATH="$work/p1" "$iovashim" check tool
has_line "^$work/p1/tool: neither: not executable$"
expect 0 env PATH=":/absent" "$iovashim" check dynamic
has_line '^dynamic: preload: '
expect 2 env PATH="/absent" "$iovashim" check dynamic
has_line '^dynamic: neither: no such file$'
expect 2 "$iovashim" check ''
expect 0 env -u PATH "$iovashim" check sh

# QEMU; its libraries are those that the loader itself finds.
qemu=$(command -v qemu-system-x86_64) || qemu=
if [ -n "$qemu" ]; then
    expect 0 "$iovashim" check qemu-system-x86_64
    has_line "^$qemu: preload: it calls libc's ioctl$"
    has_line '^  calls dlopen: .*libgmodule'
    "$iovashim" check --json "$qemu" | jq -r '.libraries[].path' | xargs realpath | sort -u >ours
    ldd "$qemu" | sed -n 's/.* => \(.*\) (.*/\1/p; s/^\t\(\/[^ ]*\) (.*/\1/p' | xargs realpath | sort -u >theirs
    cmp -s ours theirs || fail "QEMU's libraries: $(diff ours theirs)"
else
    skipped QEMU 'not installed'
fi

# The command line.
expect 125 "$iovashim" check
has_line '^usage: iovashim check '
expect 125 "$iovashim" check ./dynamic ./static
expect 125 "$iovashim" check --nonsense ./dynamic
expect 0 "$iovashim" check --help
"$iovashim" check ./dynamic 2>err >/dev/full && fail 'a full disk goes unnoticed'
grep -q 'cannot write the output' err || fail "a full disk: $(cat err)"
done_ check
