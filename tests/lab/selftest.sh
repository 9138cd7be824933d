#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make lab-selftest: hosts that die are a strike for one case, and no matter to the others;
# a few cases that fail are run once more.
set -u
lab=$(cd "$(dirname "$0")" && pwd)
said=$(mktemp)
trap 'rm -f "$said"' EXIT
wrong=0

lab_must_fail() { # DIRECTORY
    LAB_SCENARIOS=$1 LAB_PATIENCE=1 "$lab/run.sh" | tee "$said"
    local status=${PIPESTATUS[0]}
    [ "$status" = 1 ] || { echo "selftest: exit status $status"; wrong=1; }
}

must_say() { # HOW-OFTEN REGULAR-EXPRESSION
    [ "$(grep -cE "$2" "$said")" = "$1" ] || { echo "selftest: not said $1 times: $2"; wrong=1; }
}

lab_must_fail "$lab/selftest"
must_say 1 '^ok 90\.passes planted \(6\.12, amd\), [0-9]+ s: as it should$'
must_say 1 '^ok 90\.panics-once planted \(6\.12, amd\), [0-9]+ s, second host: as it should$'
must_say 1 '^not ok 90\.fails planted \(6\.12, amd\): as it should \[.*/results/90-planted\.fails\]$'
must_say 1 '^ok 90\.hangs-once planted \(6\.12, amd\), [0-9]+ s, second host: '
must_say 1 '^not ok 90\.panics-always planted \(6\.12, amd\): 3 hosts ended under it \['
must_say 1 '^not ok 90\.overruns planted \(6\.12, amd\): still running after 30 s'
must_say 1 '^ok 90\.passes-too planted \(6\.12, amd\), [0-9]+ s: as it should$'
must_say 4 'died after [0-9]+ s: it ended early'
must_say 1 'died after [0-9]+ s: no sign of life for 45 s'
must_say 5 '^# .*sysrq: Trigger a crash'
must_say 1 '^ok 91\.is-slow slow \(6\.12, amd\), [0-9]+ s: as it should$'
must_say 3 '^# not ok 90\.(fails|panics-always|overruns) planted '
must_say 1 '^#   log \| what it saw last$'
must_say 1 '^# took .*; 7 hosts, of which 5 died$'
must_say 1 '^5 passed, 3 failed$'
must_say 0 'once more'

lab_must_fail "$lab/selftest/again"
must_say 1 '^# 2 failed: once more, with nothing beside it$'
must_say 1 '^not ok 92\.fails again \(6\.12, amd\): as it should'
must_say 1 '^not ok 92\.fails again \(6\.12, amd\), run again: as it should'
must_say 1 '^ok 92\.fails-once again \(6\.12, amd\), [0-9]+ s, run again: as it should'
must_say 1 '^# not ok 92\.fails-once again \(6\.12, amd\): as it should'
must_say 1 '^1 passed, 1 failed$'
[ $wrong = 0 ] && echo "the lab's selftest passed: all of this was as it should be"
exit $wrong
