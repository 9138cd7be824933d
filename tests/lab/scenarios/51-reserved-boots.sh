# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each way in which a BIOS boots a guest: --reserve keeps it off the hole, over a reboot too, and without that the guard stops it.
# hosts: amd
# kernels: 6.12 6.1
# needs: kvm
# limit: 900
# when: all

# shellcheck source=tests/lab/scenarios/reserved.sh
. /lab/scenarios/reserved.sh

case_elf() { by elf; }
case_bzimage() { by bzimage; }
case_disk() { by disk; }
case_disk_not_told() { without disk; }
