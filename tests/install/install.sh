#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install and uninstall: staged in DESTDIR, moved to where it belongs as a package is, run from
# there, gone again.
#
# usage: install.sh BUILD
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
source=$here/../..
# shellcheck source=tests/cli/lib.bash
. "$here/../cli/lib.bash"
unset LD_PRELOAD IOVASHIM_CONF IOVASHIM_MODE IOVASHIM_LOG IOVASHIM_GUARD IOVASHIM_DISABLE
unset DESTDIR PREFIX BINDIR LIBDIR DATADIR MANDIR DOCDIR SYSCONFDIR BASHCOMPDIR ZSHCOMPDIR MAKEFLAGS

# What is built is taken as it is; only what knows where things are installed is built again.
mkdir "$work/build"
(cd "$build" && cp -a ./*.[oa] ./*.so ./*.c ./*.rom iovashim cli supervisor model man rom "$work/build/")
stage=$work/stage
prefix=$work/prefix
make_() {
    make -s -C "$source" BUILD="$work/build" PREFIX="$prefix" LIBDIR="$prefix/lib/somewhere" \
        SYSCONFDIR="$prefix/etc" "$@"
}
files() { (cd "$1" && find . ! -type d | LC_ALL=C sort); }

expect 0 make_ install DESTDIR="$stage"
[ ! -e "$prefix" ] || fail 'DESTDIR is not put before every place'
[ "$(cd "$stage" && find . ! -type d ! -path ".$prefix/*")" = '' ] || fail 'something is installed outside of PREFIX'
mv "$stage$prefix" "$prefix"
for f in bin/iovashim lib/somewhere/libiovashim.so lib/somewhere/iovashim/libiovamodel.so etc/iovashim/holes.conf \
    share/iovashim/iovashim-reserve.rom share/man/man1/iovashim.1 share/man/man5/holes.conf.5 \
    share/man/man7/libiovashim.7 share/doc/iovashim/docs/operator-guide.md \
    share/bash-completion/completions/iovashim share/zsh/site-functions/_iovashim; do
    [ -f "$prefix/$f" ] || fail "not installed: $f, but $(files "$prefix")"
done
[ -z "$(cd "$prefix" && find . -type f -perm /111 ! -name iovashim)" ] || fail 'a file that is no program can be executed'

# The command, and what it finds: its library, the model, the policy, its manual.
iovashim=$prefix/bin/iovashim
cat >"$work/maps.c" <<'END'
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
int main(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096];
    while (fgets(line, sizeof(line), maps))
        if (strstr(line, "iova"))
            fputs(line, stdout);
    return ioctl(0, 0x3b71, 0) > 0;
}
END
cc -o "$work/maps" "$work/maps.c"
expect 0 "$iovashim" version
expect 0 "$iovashim" run -- "$work/maps"
has_line " $prefix/lib/somewhere/libiovashim.so\$"
expect 0 env LD_PRELOAD=libiovashim.so LD_LIBRARY_PATH="$prefix/lib/somewhere" "$work/maps"
has_line " $prefix/lib/somewhere/libiovashim.so\$"
expect 1 "$iovashim" plan --host amd -- "$build/plan_client" 0xfcff800000
has_line '^iovashim   starts, split: 8 MiB'
if command -v qemu-system-x86_64 >/dev/null; then
    expect 0 env LD_PRELOAD="$prefix/lib/somewhere/iovashim/libiovamodel.so" IOVAMODEL_HOST="$source/src/model/hosts/amd.host" \
        "$iovashim" run --reserve --print -- qemu-system-x86_64 -M pc-q35-7.0 -cpu qemu64,phys-bits=44 -nodefaults \
        -display none -m 1100G -device vfio-pci,host=0000:00:05.0
    has_line ",romfile=$prefix/share/iovashim/iovashim-reserve.rom "
fi
expect 0 env MANPATH="$prefix/share/man" man -w iovashim iovashim-run libiovashim 5 holes.conf

# A policy that was changed is read, kept by the next install and by uninstall, and said to be.
conf=$prefix/etc/iovashim/holes.conf
echo 'hole nonsense' >>"$conf"
expect 125 "$iovashim" run -- "$work/maps"
has_line "^iovashim run: $conf:[0-9]+:6: "
cp "$conf" "$work/changed.conf"
expect 0 make_ install
has_line "^kept as it is: $conf"
cmp -s "$conf" "$work/changed.conf" || fail 'a changed policy is overwritten'
expect 0 make_ uninstall
has_line "^kept, since it was changed: $conf"
[ "$(files "$prefix")" = ./etc/iovashim/holes.conf ] || fail "left: $(files "$prefix")"

# And one that was not goes; nothing is left of ours.
cp "$source/conf/holes.conf" "$conf"
expect 0 make_ install
has_no_line .
[ "$(files "$prefix" | wc -l)" -gt 10 ] || fail 'not installed a second time'
expect 0 make_ uninstall
[ -z "$(find "$prefix" ! -type d -o -name iovashim)" ] || fail "left: $(find "$prefix")"
done_ install
