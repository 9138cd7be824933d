#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Run one case of one scenario in L1, in a session of its own so that all of it can be ended.
#
# usage: l1-case.sh FILE CASE WAY WORK-DIRECTORY; leaves status, why (a failure's
# reason), note (a success's detail) there.
way=$3
W=$4
cd "$W" || exit 1
# shellcheck source=/dev/null
. /lab/env
# shellcheck source=tests/lab/l1-lib.sh
. /lab/l1-lib.sh
(
    # shellcheck source=/dev/null
    . "/lab/scenarios/$1"
    [ -z "${LAB_TRACE-}" ] || set -x
    "case_$2"
)
status=$?
case $status in
0 | 77) ;;
*) [ -s why ] || echo "the scenario's own script ended with status $status (see its log)" >why ;;
esac
vmm_kill
echo $status >status.new
mv status.new status
