# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What make lab-selftest runs by itself: few enough failures to be run once more.
# hosts: amd
# kernels: 6.12
# limit: 30

case_fails() { fail "as it should"; }

# /results outlives the host.
case_fails_once() {
    [ ! -e /results/failed_once ] || { note "as it should" && return; }
    : >/results/failed_once
    sync
    fail "as it should"
}
