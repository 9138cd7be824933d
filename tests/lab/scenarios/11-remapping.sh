# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Firmware and resets make QEMU map and unmap RAM again and again: the log of guards stays true.
# hosts: amd
# kernels: 6.12 6.1
# limit: 240

# A guest of firmware alone, which says on port 0x402 when it is through.
firmware_guest() {
    vmm qemu-system-x86_64 -M q35 -accel tcg -cpu qemu64,phys-bits=44 -m 3G \
        -action reboot=reset -device "vfio-pci,host=$DISK" \
        -chardev "file,id=debug,path=$W/seabios" -device isa-debugcon,iobase=0x402,chardev=debug
    vmm_answers 40
}

# The firmware has come to its end $1 times.
through() {
    ! vmm_ended || fail "the VMM ended: $(tail -n 3 "$W/stderr")"
    [ "$(grep -c 'No bootable device' "$W/seabios")" -ge "$1" ]
}

case_with() {
    with_shim
    policy 'hole 0x110000000-0x11fffffff name=test'
    firmware_guest
    for n in 1 2 3; do
        wait_for 60 "the firmware to come through $n times" through $n
        vmm_must_run
        must_match_guards 200
        must_equal "guards in force" 1 "$(logged_guards | wc -l)"
        qmp '{"execute":"system_reset"}'
    done
    wait_for 60 "the firmware to come through 4 times" through 4
    must_match_guards 200
    sets=$(events 'select(.event == "guard" and .set == true)' | wc -l)
    lifts=$(events 'select(.event == "guard" and .set == false)' | wc -l)
    must_equal "guards set, less guards lifted" 1 $((sets - lifts))
    note "three resets: $sets guards set, $lifts lifted, and one is in force"
    vmm_quit
}
