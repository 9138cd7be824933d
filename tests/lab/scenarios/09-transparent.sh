# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Where nothing crosses a hole, the kernel sees the same requests with the shim as without it.
# hosts: amd
# kernels: 6.12 6.1
# limit: 120

# A guest whose processors never start, so that two runs do the same.
traced_guest() { # TRACE [STRACE-ARGS…]
    trace=$1
    shift
    tracer="strace -f -y -e trace=ioctl,openat,open -e signal=none -o $trace $*"
    vmm qemu-system-x86_64 -S -M q35 -accel tcg -cpu qemu64 -m 512M -device "vfio-pci,host=$DISK"
    vmm_answers 60
    vmm_quit
}

# The VFIO requests in a trace, in order: what on, which, and with what result.
requests() {
    grep -E 'ioctl\([0-9]+<(/dev/vfio/|anon_inode:\[vfio|/dev/iommu)' "$1" |
        sed -E 's/^[0-9]+ +//; s/ioctl\([0-9]+</ioctl(</; s/0x[0-9a-f]+/PTR/g; /GET_DEVICE_FD/s/= [0-9]+/= FD/; s/[0-9]+<(anon_inode|\/)/<\1/g'
}

opened() { sed -n 's/^.*open\(at\)\{0,1\}(.*"\([^"]*\)".*) = [0-9].*/\2/p' "$1"; }

case_same() {
    without_shim
    traced_guest "$W/trace.without"
    with_shim
    library=$preload preload=
    traced_guest "$W/trace.with" -E "LD_PRELOAD=$library"
    must_have "$W/trace.with" "$library"

    requests "$W/trace.without" >"$W/requests.without"
    requests "$W/trace.with" >"$W/requests.with"
    [ "$(grep -c MAP_DMA "$W/requests.without")" -ge 3 ] || fail "no mappings in the trace"
    # The shim may ask once for the container's IOVA ranges. All else is as it was, in its order.
    diff -U0 "$W/requests.without" "$W/requests.with" | sed '1,2d; /^@@/d' >"$W/requests.diff"
    grep -v '^+.*VFIO_IOMMU_GET_INFO' "$W/requests.diff" >"$W/requests.wrong" &&
        fail "the requests differ: $(head -n 2 "$W/requests.wrong")"
    asked=$(grep -c . "$W/requests.diff")
    [ "$asked" -le 2 ] || fail "GET_INFO asked $asked times"

    # What it opens: itself, its policy, its log, and read-only accounts of the host and of itself.
    opened "$W/trace.without" | sort -u >"$W/opened.without"
    opened "$W/trace.with" | sort -u >"$W/opened.with"
    grep -vxF -f "$W/opened.without" "$W/opened.with" >"$W/opened.more"
    grep -vE "^($library|$W/.*|.*/holes\.conf|/proc/(self/|thread-self/|[0-9]+/|misc|version|cpuinfo|sys/).*|/proc/(misc|version|cpuinfo)|/sys/(kernel/iommu_groups|bus/pci|class)/.*)$" \
        "$W/opened.more" >"$W/opened.wrong" && fail "the shim opened $(head -n 3 "$W/opened.wrong" | tr '\n' ' ')"
    must_not_log '.event == "map" or .event == "guard"'
    must_not_have "$W/stderr" iovashim
    note "$(grep -c . "$W/requests.with") requests, the same but for $asked GET_INFO; more opened: $(tr '\n' ' ' <"$W/opened.more")"
}
