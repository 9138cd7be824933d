# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A system with iovashim installed, as contrib/ takes it to be: what is written below /usr, /etc and
# /var stays in memory and is gone with the mount namespace.
#
# A test sources this with its arguments: BUILD is the first. It is then run again in the namespace,
# with $top, $build, $work (a place outside of the overlays) and lib.bash's words.

build=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/../.." && pwd)
contrib=$top/contrib

if [ -z "${IN_NAMESPACE-}" ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "ok ${0##*/} # skipped: it mounts, and needs root for that"
        exit 0
    fi
    exec env IN_NAMESPACE=1 unshare -m --propagation private bash "$0" "$@"
fi
# shellcheck source=tests/cli/lib.bash
. "$top/tests/cli/lib.bash"

layers=$work/layers
mkdir "$layers"
mount -t tmpfs tmpfs "$layers"
for place in usr etc var; do
    mkdir "$layers/$place" "$layers/$place.work"
    mount -t overlay overlay -o "lowerdir=/$place,upperdir=$layers/$place,workdir=$layers/$place.work" "/$place"
done
mount -t tmpfs tmpfs /run
trap 'umount "$layers" 2>/dev/null || umount -l "$layers"; rm -rf "$work"' EXIT

# /usr/local, as make install has it.
env -u MAKEFLAGS -u MAKELEVEL make -s -C "$top" BUILD="$build" install >"$work/out" 2>&1 || fail "make install: $(cat "$work/out")"
