# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The model kernel answers random requests as the real one does, on a host read from its sysfs.
# hosts: amd intel39
# kernels: 6.12 6.1
# limit: 180

player=/lab/kernel_player

# same_transcripts DEVICE SEED COUNT
same_transcripts() {
    st_group=$(basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")")
    $player --vfio --group "$st_group" --seed "$2" --count "$3" >"$W/kernel" 2>"$W/stderr" ||
        fail "seed $2 on the kernel: $(tail -n 1 "$W/stderr")"
    $player --sysfs /sys --group "$st_group" --seed "$2" --count "$3" >"$W/model" 2>"$W/stderr" ||
        fail "seed $2 on the model: $(tail -n 1 "$W/stderr")"
    must_equal "seed $2: lines of the transcript" "$3" "$(wc -l <"$W/kernel")"
    if ! cmp -s "$W/kernel" "$W/model"; then
        diff "$W/kernel" "$W/model" >"$W/differences"
        fail "seed $2: $(grep -c '^<' "$W/differences") answers differ, first: $(sed -n '2p;/^>/{p;q}' "$W/differences")"
    fi
    rm "$W/kernel" "$W/model"
}

case_same_answers() {
    [ -e $player ] || skip "no kernel_player was built"
    ms_begun=$(uptime_s)
    for ms_seed in 1 2 3; do same_transcripts "$DISK" $ms_seed 5000; done
    for ms_seed in 4 5; do same_transcripts "$NIC" $ms_seed 5000; done
    note "25000 requests, both ways in $(($(uptime_s) - ms_begun)) s"
}
