# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest of a VMM under the supervisor is told by --reserve, too, and keeps off the hole.
# hosts: amd
# kernels: 6.12 6.1
# needs: kvm
# via: seccomp
# limit: 500
# when: all

# shellcheck source=tests/lab/scenarios/reserved.sh
. /lab/scenarios/reserved.sh

case_elf() { by elf before; }
