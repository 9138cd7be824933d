#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian package: lintian, then in a copy of this machine that is thrown away: installed by apt,
# used as its users do, removed, purged, and nothing is left.
#
# usage: deb.sh BUILD
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/cli/lib.bash
. "$here/../cli/lib.bash"
package=$(echo "$build"/deb/iovashim_*.deb)
version=$(sed -n 's/^VERSION := //p' "$here/../../Makefile")

[ "$(dpkg-deb -f "$package" Version)" = "$version" ] || fail "debian/changelog and the Makefile's VERSION differ"
dpkg-deb -x "$package" "$work/unpacked"
expect 0 bash "$here/../docs/links.sh" --tree "$work/unpacked/usr/share/doc/iovashim"
expect 0 lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$build"/deb/iovashim_*.changes

# An overlay over /, in a mount namespace: what is done there is gone with it.
cat >"$work/machine.sh" <<'END'
set -eu
mount -t tmpfs none "$1/machine"
mkdir "$1/machine/upper" "$1/machine/work" "$1/machine/root"
mount -t overlay none -o "lowerdir=/,upperdir=$1/machine/upper,workdir=$1/machine/work" "$1/machine/root"
[ $# -gt 1 ] || exit 0
cd "$1/machine/root"
for d in proc dev sys; do mount --rbind /$d $d; done
mount -t tmpfs none tmp
cp "$2" "$3" "$4" tmp/
# Not chroot alone: who is in one may not make the namespaces that plan confines VMMs in.
pivot_root . mnt
exec chroot . /bin/sh -c 'umount -l /mnt && exec /bin/bash "$1"' sh "/tmp/${3##*/}"
END
mkdir "$work/machine"
namespace=(unshare --mount)
[ "$(id -u)" = 0 ] || namespace+=(--map-root-user)
if ! "${namespace[@]}" sh "$work/machine.sh" "$work" 2>"$work/why"; then
    echo "ok deb: $checks checks # the rest skipped: no overlay here: $(tail -n 1 "$work/why")"
    exit 0
fi
expect 0 "${namespace[@]}" sh "$work/machine.sh" "$work" "$package" "$here/deb_machine.bash" "$here/tab.zsh"
has_line '^ok in the machine'
done_ deb
