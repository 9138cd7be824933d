# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What deb.sh does as root in a machine that is thrown away: /tmp holds the package and tab.zsh.
set -eu
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/tmp
unset LD_PRELOAD MANPATH MAKEFLAGS IOVASHIM_CONF IOVASHIM_MODE IOVASHIM_LOG IOVASHIM_GUARD IOVASHIM_DISABLE
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
cd /tmp

fail() {
    echo "failed: $*" >&2
    exit 1
}
files() { find /bin/ /etc /lib/ /opt /sbin/ /usr /var/lib -xdev \
    \( -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/man-db \) -prune -o -print | sort; }
apt_() { apt-get -qq -y -o APT::Sandbox::User=root -o DPkg::Use-Pty=0 "$@"; }

dpkg --purge iovashim 2>/dev/null || :
# Not the index of manual pages, which is rebuilt after each package.
apt_ install --no-install-recommends man-db >/dev/null
ldconfig
files >before
apt_ install --no-install-recommends ./iovashim_*.deb
[ "$(dpkg-query -W -f '${db:Status-Abbrev}' iovashim)" = 'ii ' ] || fail 'not installed'

# The command; the library by its name alone, also for a VMM; the model; the policy.
iovashim check /usr/bin/qemu-system-x86_64 | tee check
grep -q '^/usr/bin/qemu-system-x86_64: preload: ' check || fail 'check does not see QEMU'
LD_PRELOAD=libiovashim.so qemu-system-x86_64 --version 2>&1 | tee preload
! grep -q 'ld.so' preload || fail 'the loader does not find libiovashim.so by its name'
iovashim run -- qemu-system-x86_64 --version | grep -q '^QEMU emulator' || fail 'run does not start QEMU'
iovashim run -- cat /proc/self/maps | grep -q '/usr/lib/.*/libiovashim.so$' || fail 'the library is not in the program'
iovashim plan --host amd -- qemu-system-x86_64 -M pc-q35-7.0 -m 2G -device vfio-pci,host=0000:41:00.0 >plan ||
    fail "plan: $(cat plan)"
grep -q '^verdict ' plan || fail "plan: $(cat plan)"
echo nonsense >>/etc/iovashim/holes.conf
! iovashim run -- true 2>policy || fail 'the policy is not read'
grep -q '^iovashim run: /etc/iovashim/holes.conf:[0-9]*:1: ' policy || fail "policy: $(cat policy)"

# Its manual.
for page in iovashim iovashim-check iovashim-run libiovashim holes.conf; do
    MANWIDTH=80 man "$page" >page 2>&1 || fail "man $page: $(cat page)"
    grep -q "^ *$page - " page || fail "man $page: $(head page)"
done

# A tab in each shell, and what comes of the line.
for shell in bash zsh; do
    zsh -f tab.zsh "$shell" 'iovashim ver' >tab || fail "$shell: $(cat tab)"
    grep -q '^iovashim [0-9]' tab || fail "$shell does not complete: $(cat tab)"
done

# Removed: the policy stays, since it may have been changed. Purged: nothing does.
apt_ remove iovashim
files | comm -13 before - >left
[ "$(tr '\n' ' ' <left)" = '/etc/iovashim /etc/iovashim/holes.conf ' ] || fail "left after its removal: $(cat left)"
apt_ purge iovashim
files | comm -3 before - >left
[ ! -s left ] || fail "left after its purge: $(cat left)"
! dpkg-query -W iovashim 2>/dev/null || fail 'dpkg knows it still'
! ldconfig -p | grep -q iovashim || fail 'the loader knows it still'
echo 'ok in the machine'
