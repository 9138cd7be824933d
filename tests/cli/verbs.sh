#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iovashim itself: finds verbs, lists them, complains of what it does not know.
#
# usage: verbs.sh BUILD
set -eu
iovashim=$1/iovashim
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"

expect 0 "$iovashim" version
has_line '^iovashim [0-9]'
expect 0 "$iovashim" --version
has_line '^iovashim [0-9]'
expect 0 "$iovashim" help
has_line '^  version '
expect 125 "$iovashim" nonsense
has_line '^iovashim: no such verb: nonsense$'
expect 125 "$iovashim"
has_line '^usage: iovashim VERB'
expect 125 "$iovashim" version now
has_line '^usage: iovashim version$'
for word in --help -h; do
    expect 0 "$iovashim" version $word
    has_line '^usage: iovashim version$'
    has_line '; see iovashim\(1\)$'
done
for verb in check holes plan report run; do
    expect 125 "$iovashim" $verb --nonsense
    has_line "^iovashim $verb: unrecognized option '--nonsense'$"
    has_line "^usage: iovashim $verb "
    for word in --help -h; do
        expect 0 "$iovashim" $verb $word
        has_line "see iovashim-$verb\(1\)$"
    done
done
"$iovashim" version 2>"$work/err" >/dev/full && fail "a full disk goes unnoticed"
grep -q 'iovashim version: cannot write the output: No space left on device' "$work/err" || fail "$(cat "$work/err")"
done_ verbs
