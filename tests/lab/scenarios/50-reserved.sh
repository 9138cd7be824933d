# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that nothing but `iovashim run --reserve` tells of the hole keeps off it, and loses nothing; 51 has all ways to boot.
# hosts: amd
# kernels: 6.12
# needs: kvm
# limit: 500

# shellcheck source=tests/lab/scenarios/reserved.sh
. /lab/scenarios/reserved.sh

case_elf() { by elf before; }
