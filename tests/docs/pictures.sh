#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Pictures of reports in the documents are what iovashim report draws. To draw them anew:
# TZ=UTC build/iovashim report --svg docs/guest-1100g.svg tests/cli/logs/model-1100g.jsonl
#
# usage: pictures.sh BUILD
set -euo pipefail
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/cli/lib.bash
. "$here/../cli/lib.bash"
cd "$here/../.."
export TZ=UTC LC_ALL=C COLUMNS=80

log=tests/cli/logs/model-1100g.jsonl
expect 0 "$build/iovashim" report --svg "$work/guest.svg" $log
cmp -s "$work/guest.svg" docs/guest-1100g.svg || fail "docs/guest-1100g.svg is not what report draws now; see the top of $0"
expect 0 "$build/iovashim" report $log
awk '/^ *address /,/^$/' "$work/out" | sed '/^$/d; s/^/    /' >"$work/picture"
[ "$(wc -l <"$work/picture")" -gt 10 ] || fail 'report draws no picture'
awk '/^ *address  guest/,/^$/' docs/operator-guide.md | sed '/^$/d' >"$work/shown"
cmp -s "$work/picture" "$work/shown" || fail "docs/operator-guide.md shows another picture: $(diff "$work/picture" "$work/shown")"
checks=$((checks + 2))
done_ pictures
