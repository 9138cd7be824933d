#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/integration.md and contrib/ have the same files, and each of these is taken by a test.
#
# usage: integration.sh BUILD
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"

wrong() { echo "not ok docs/integration.md: $*" >&2; exit 1; }
temporary=$(mktemp)
trap 'rm -f "$temporary"' EXIT
grep -oE '\]\(\.\./contrib/[^)]+' docs/integration.md | sed 's/.*(\.\.\///' | sort -u >"$temporary"
git ls-files contrib | sort | diff "$temporary" - >&2 || wrong "links to other files than contrib/ has"
# Of systemd/ all are.
grep -v ^contrib/systemd/ "$temporary" | while read -r file; do
    grep -q "$file" <(tr -d '"' <<<"$(cat tests/places/*.sh)") || wrong "no test takes $file"
done
# Links into the guide.
grep -oE 'operator-guide\.md#[^)]+' docs/integration.md | cut -d'#' -f2 | sort -u | while read -r anchor; do
    sed -n 's/^#\+ //p' docs/operator-guide.md | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9\n-' | grep -qx -- "$anchor" ||
        wrong "no heading in operator-guide.md for #$anchor"
done
echo "ok integration: $(wc -l <"$temporary") files"
