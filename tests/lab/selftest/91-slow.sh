# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What make lab-selftest runs beside the others, in a host of its own: a case that takes its time.
# hosts: amd
# kernels: 6.12
# needs: kvm
# limit: 120

case_is_slow() {
    say "it has said something"
    sleep 75
    note "as it should"
}
