#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libvirt starts a guest of 1100 GiB with a passed-through device, in each of the ways that
# docs/integration.md has, over the model kernel: libvirt and QEMU as they are, no device, no memory
# pinned. And it cannot without iovashim.
#
# usage: libvirt.sh BUILD
set -eu
# shellcheck source=tests/places/installed.bash
. "$(dirname "$0")/installed.bash" "$@"

# shellcheck source=tests/places/libvirt.bash
. "$top/tests/places/libvirt.bash"

domain=$contrib/libvirt/domain.xml
expect 0 virt-xml-validate "$domain" domain
runs "$domain"
logged

# The emulator wrapper.
install -m 755 "$contrib/libvirt/qemu-iovashim" /usr/local/bin/qemu-iovashim
sed 's|<emulator>.*<|<emulator>/usr/local/bin/qemu-iovashim<|; /<qemu:env/d' "$domain" >"$work/wrapper.xml"
runs "$work/wrapper.xml"
logged

# The whole host: libvirt's own environment.
sed '/<qemu:env/d' "$domain" >"$work/plain.xml"
runs "$work/plain.xml" "$(sed -n 's/^Environment=LD_PRELOAD=//p' "$contrib/libvirt/libvirtd-iovashim.conf")"

# KubeVirt's hook, on XML like what KubeVirt makes: with the namespace, with or without a command line.
mkdir -p /var/run/iovashim
cp /usr/local/lib/libiovashim.so /etc/iovashim/holes.conf /var/run/iovashim/
for xml in "$work/plain.xml" "$work/wrapper.xml" "$domain"; do
    sed 's|<emulator>.*<|<emulator>/usr/bin/qemu-system-x86_64<|; /LD_PRELOAD/d' "$xml" >"$work/given.xml"
    "$contrib/kubernetes/onDefineDomain" --vmi '{}' --domain "$(cat "$work/given.xml")" >"$work/hooked.xml"
    expect 0 virt-xml-validate "$work/hooked.xml" domain
done
runs "$work/hooked.xml"
logged

# Without it: the kernel's EINVAL, and no guest.
start "$work/plain.xml" ""
stop
has_line 'cannot start VM: .*VFIO_MAP_DMA failed: Invalid argument'
has_no_line 'guest running'
done_ libvirt
