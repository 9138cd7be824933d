#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The rules of contrib/apparmor and contrib/selinux, against the policies that Debian has: they
# compile, and they allow what they are for. That nothing else is missing is not shown: no kernel
# enforces them here.
#
# usage: confinement.sh BUILD
set -eu
build=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/../.." && pwd)
contrib=$top/contrib
# shellcheck source=tests/cli/lib.bash
. "$top/tests/cli/lib.bash"

# package NAME: unpacked, not installed: these policies are for systems that run under them.
package() {
    local into=$build/policies/$1
    if [ ! -d "$into" ]; then
        mkdir -p "$build/policies/download.$$"
        (cd "$build/policies/download.$$" && apt-get -qq download "$1" 2>"$work/apt") || fail "apt-get download $1: $(cat "$work/apt")"
        dpkg-deb -x "$build/policies/download.$$"/*.deb "$into.$$"
        mv "$into.$$" "$into"
        rm -r "$build/policies/download.$$"
    fi
    echo "$into"
}

# --- AppArmor: a domain's profile, as virt-aa-helper makes it, with the local addition ---
libvirt=$(package libvirt-daemon-system)
mkdir "$work/apparmor.d"
cp -r /etc/apparmor.d/abi /etc/apparmor.d/abstractions /etc/apparmor.d/tunables "$work/apparmor.d"
cp "$libvirt"/etc/apparmor.d/abstractions/* "$work/apparmor.d/abstractions"
mkdir -p "$work/apparmor.d/local/abstractions"
sed 's/LIBVIRT_TEMPLATE/libvirt-a86acf5d/' "$libvirt/etc/apparmor.d/libvirt/TEMPLATE.qemu" >"$work/apparmor.d/domain"
compile() { expect "$1" apparmor_parser --base "$work/apparmor.d" -I "$work/apparmor.d" -QTK -o "$work/$2" "$work/apparmor.d/domain"; }
: >"$work/apparmor.d/local/abstractions/libvirt-qemu"
compile 0 without
cp "$contrib/apparmor/libvirt-qemu" "$work/apparmor.d/local/abstractions/libvirt-qemu"
compile 0 with
! cmp -s "$work/without" "$work/with" || fail "libvirt's abstraction does not include the local one"
# A rule that is wrong would be seen.
echo '  /etc/iovashim/** z,' >>"$work/apparmor.d/local/abstractions/libvirt-qemu"
compile 1 wrong
# Rules are for what the library opens: each file that it names is in one.
{
    grep -ohE '"/(sys|proc)/[^"%]*' "$top"/src/*.c | tr -d '"'
    # Below /proc/self by name.
    sed -nE 's!.*(want_file\(proof, .*, |each_line\(survey, )"([a-z_]+)".*!/proc/self/\2!p; s!.*"%s/(maps|status|cmdline)".*!/proc/self/\1!p' \
        "$top"/src/*.c
} | sort -u >"$work/opened"
grep -qx /proc/self/mem "$work/opened" && grep -qx /proc/self/maps "$work/opened" || fail "looks for what is opened in the wrong way"
while read -r path; do
    case $path in
        /proc/self | /proc/thread-self | /proc/self/fd/ | /proc/self/exe) ;; # links: no rule is needed to read them
        /proc/self/*) grep -q "@{PROC}/@{pid}/.*[{,]${path##*/}[,}]" "$contrib/apparmor/libvirt-qemu" || echo "$path" ;;
        /proc/thread-self/*) grep -q "@{PROC}/@{pid}/task/@{tid}/${path##*/} r" "$contrib/apparmor/libvirt-qemu" || echo "$path" ;;
        /sys/bus/pci/devices/) ;; # links into /sys/devices
        *) grep -qF "  $path" "$contrib/apparmor/libvirt-qemu" || echo "$path" ;;
    esac
done <"$work/opened" >"$work/unruled"
[ ! -s "$work/unruled" ] || fail "no AppArmor rule for: $(cat "$work/unruled")"
checks=$((checks + 1))

# --- SELinux: linked with all of Debian's policy. That a permission is granted shows by a rule that
# forbids it and is found to be broken. ---
selinux=$(package selinux-policy-default)
if [ ! -d "$selinux/cil" ]; then
    mkdir -p "$selinux/cil.part"
    for module in "$selinux"/usr/share/selinux/default/*.pp.bz2; do
        name=$(basename "$module" .pp.bz2)
        bzcat "$module" >"$work/module.pp"
        /usr/libexec/selinux/hll/pp "$work/module.pp" "$selinux/cil.part/$name.cil"
    done
    mv "$selinux/cil.part" "$selinux/cil"
fi
cat >"$work/forbid.cil" <<'E2'
(neverallow virtd_t virt_domain (process (noatsecure)))
(neverallow virt_domain sysfs_t (file (open)))
E2
link_policy() { secilc -o "$work/policy" -f /dev/null "$selinux"/cil/*.cil "$contrib/selinux/iovashim.cil" "$@"; }
link_policy "$work/forbid.cil" >"$work/out" 2>&1 && fail "the rules grant nothing"
has_line '\(allow virtd_t virt_domain \(process \(noatsecure\)\)\)'
[ "$(grep -c 'allow at .*/iovashim.cil:' "$work/out")" = 2 ] || fail "not both are granted: $(tail -n 20 "$work/out")"
link_policy >"$work/out" 2>&1 || fail "$(tail -n 20 "$work/out")"
done_ confinement
