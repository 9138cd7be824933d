#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Fetch one of Debian's kernels and lay out, in build/lab/kernel-V, what the lab needs of it.
#
# usage: kernel.sh 6.12|6.1
#
# Nothing is installed: the package is downloaded and unpacked. A kernel that
# is already there is kept, whatever the archive has since come out with.
set -eu

version=$1
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$top/build/lab/kernel-$version

# The modules to load, in order; what they depend on is found by itself.
modules="virtio_pci 9pnet_virtio 9p vfio vfio_iommu_type1 vfio-pci kvm-amd nvme"

die() { echo "kernel.sh: $*" >&2; exit 1; }

# The newest real package behind Debian's metapackage for this series.
package_name() {
    case $version in
    6.12) meta="linux-image-6.12-amd64 linux-image-amd64" ;;
    *) meta="linux-image-amd64 linux-image-$version-amd64" ;;
    esac
    for m in $meta; do
        apt-cache depends "$m" 2>/dev/null |
            sed -n "s/^ *Depends: \(linux-image-$version\.[^ ]*\)$/\1/p"
    done | head -n 1
}

unpack() { # the boot image and the module directories that matter, as far as it has them
    dpkg-deb --fsys-tarfile "$1" | tar -x -C "$dir.tmp" --wildcards --no-anchored \
        'boot/vmlinuz-*' '*/kernel/drivers/vfio/*' '*/kernel/drivers/nvme/*' \
        '*/kernel/drivers/virtio/*' '*/kernel/drivers/crypto/ccp/*' \
        '*/kernel/arch/x86/kvm/*' '*/kernel/virt/*' '*/kernel/fs/9p/*' \
        '*/kernel/fs/netfs/*' '*/kernel/fs/fscache/*' '*/kernel/net/9p/*' \
        '*/kernel/lib/*' '*/kernel/crypto/*' '*/kernel/arch/x86/crypto/*' \
        '*/kernel/block/*' '*/modules.builtin' \
        2>"$dir.tmp/tar.log" || :
    ls "$dir.tmp"/boot/vmlinuz-* >/dev/null 2>&1 || {
        cat "$dir.tmp/tar.log" >&2
        die "could not unpack $package"
    }
}

# Decompress module $1 and, before it, what it depends on; append to the load order.
add_module() {
    grep -qx "$1" "$dir.tmp/order" && return
    file=$(find "$dir.tmp/lib" "$dir.tmp/usr" -name "$1.ko*" 2>/dev/null | head -n 1)
    [ -n "$file" ] || file=$(find "$dir.tmp/lib" "$dir.tmp/usr" \
        -name "$(echo "$1" | tr _ -).ko*" 2>/dev/null | head -n 1)
    if [ -z "$file" ]; then
        find "$dir.tmp" -name modules.builtin -exec cat {} + | tr _ - |
            grep -q "/$(echo "$1" | tr _ -)\.ko$" || die "no module $1 in $package"
        return 0
    fi
    case $file in
    *.xz) xz -dc "$file" ;;
    *.zst) zstd -dcq "$file" ;;
    *) cat "$file" ;;
    esac >"$dir.tmp/modules/$1.ko"
    for dep in $(tr '\0' '\n' <"$dir.tmp/modules/$1.ko" |
        sed -n 's/^depends=//p' | head -n 1 | tr , ' '); do
        add_module "$dep"
    done
    echo "$1" >>"$dir.tmp/order"
}

u32() { od -An -tu4 -j "$2" -N 4 "$1" | tr -d ' '; } # FILE OFFSET

# The ELF kernel inside a bzImage (Documentation/arch/x86/boot.rst: setup_sects,
# payload_offset, payload_length). Booted by its PVH entry, it saves an emulated
# guest half a minute of decompressing.
uncompress_kernel() { # BZIMAGE VMLINUX
    setup_sects=$(od -An -tu1 -j 497 -N 1 "$1" | tr -d ' ')
    start=$(((setup_sects + 1) * 512 + $(u32 "$1" 584)))
    # A piped decompressor stops at the end of its stream; what follows is the size, four bytes.
    tail -c "+$((start + 1))" "$1" | head -c "$(($(u32 "$1" 588) - 4))" >"$2.z"
    case $(od -An -tx1 -N 4 "$2.z" | tr -d ' ') in
    28b52ffd) zstd -dcq "$2.z" >"$2" ;;
    fd377a58) xz -dc "$2.z" >"$2" ;;
    1f8b*) gzip -dc "$2.z" >"$2" ;;
    *) die "cannot tell how $package's kernel is compressed" ;;
    esac
    rm "$2.z"
}

[ ! -e "$dir/order" ] || exit 0

package=$(package_name)
[ -n "$package" ] || die "apt knows no Linux $version package (try: apt-get update)"
echo "fetching $package"
rm -rf "$dir.tmp"
mkdir -p "$dir.tmp/modules"
(cd "$dir.tmp" && apt-get -qq download "$package" 2>download.log) || {
    cat "$dir.tmp/download.log" >&2
    die "could not download $package"
}
unpack "$dir.tmp"/*.deb
: >"$dir.tmp/order"
# kvm-amd's modinfo says ccp only where it was built that way: name it, it must come first.
for m in ccp $modules; do add_module "$m"; done
mv "$dir.tmp"/boot/vmlinuz-* "$dir.tmp/vmlinuz"
uncompress_kernel "$dir.tmp/vmlinuz" "$dir.tmp/vmlinux"
echo "$package" >"$dir.tmp/package"
rm -rf "$dir.tmp"/*.deb "$dir.tmp/boot" "$dir.tmp/lib" "$dir.tmp/usr" "$dir.tmp"/*.log
rm -rf "$dir"
mv "$dir.tmp" "$dir"
