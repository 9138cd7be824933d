#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel that the guest's Linux starts in its own place keeps off the hole too, and what is saved of
# one that crashed leaves it out.
#
# usage: kexec.sh BUILD
set -eu
# shellcheck source=tests/rom/lib.bash
. "$(dirname "$0")/lib.bash"
make_initrd
mkdir "$work/inner"
mv "$work/initrd" "$work/inner/initrd"
make_initrd /usr/sbin/kexec "$kernel/vmlinuz" "$work/inner/initrd"

for f in bios uefi; do
    for way in kexec-syscall kexec-file; do
        linux vmlinuz "do=$way"
        machine $f q35 '^guest up again' "${device[@]}" "${holes[@]}" "${boot[@]}"
        shows '^guest up again'
        [ "$(grep -ca '^110000000-11fffffff : Reserved' "$work/serial.text")" = 2 ] ||
            fail "not kept by $way"
        linux_is_told
    done

    linux vmlinuz "do=kdump crashkernel=256M"
    machine $f q35 '^guest up again' "${device[@]}" "${holes[@]}" "${boot[@]}"
    shows '^guest up again'
    # Around the hole, not in it.
    word='[0-9a-f]{8} '
    shows "^segment ($word){6}00000000 00000001 ($word){2}10000000 00000000 "
    shows "^segment ($word){6}20000000 00000001 ($word){2}20000000 00000000 "
    shows_not "^segment ($word){6}1.{7} 00000001 "
done
done_ kexec
