# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each way in which UEFI boots a guest: --reserve keeps it off the hole, over a reboot too, and without that the guard stops it.
# hosts: amd
# kernels: 6.12
# needs: kvm
# limit: 1500
# when: all

# shellcheck source=tests/lab/scenarios/reserved.sh
. /lab/scenarios/reserved.sh
under_uefi

case_bzimage() { by bzimage; }
case_disk() { by disk; }
case_disk_not_told() { without disk; }
