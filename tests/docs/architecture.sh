#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/architecture.md and the sources: each file is in one room of its folder, and what is named is there.
#
# usage: architecture.sh BUILD
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/cli/lib.bash
. "$here/../cli/lib.bash"
cd "$here/../.."
page=docs/architecture.md

# FOLDER ROW PATTERN of each room: first column of the tables below "### FOLDER".
awk -F '|' '/^##/ { folder = /^### / ? $0 : "## "; sub(/^##+ /, "", folder) }
    folder && /^\| `/ { n = split($2, names, "`"); for (i = 2; i <= n; i += 2) print folder, NR, names[i] }' \
    "$page" >"$work/rooms"
[ "$(wc -l <"$work/rooms")" -gt 50 ] || fail "no rooms found in $page"
while read -r folder row pattern; do
    for f in $folder$pattern; do # a pattern stands for the header of the same name too
        [ -e "$f" ] || fail "$page:$row: there is no $folder$pattern"
        echo "$f $row"
        case $f in *.c) [ ! -e "${f%.c}.h" ] || echo "${f%.c}.h $row" ;; esac
    done
    case $pattern in *'*.c') for f in $folder${pattern%c}h; do [ ! -e "$f" ] || echo "$f $row"; done ;; esac
    checks=$((checks + 1))
done <"$work/rooms" | LC_ALL=C sort -u >"$work/placed"
for folder in $(awk '{ print $1 }' "$work/rooms" | sort -u); do
    for f in "$folder"*.[chS] "$folder"*.map; do
        [ -e "$f" ] || continue
        [ "$(grep -c "^$f " "$work/placed")" = 1 ] ||
            fail "$page: $f is in $(grep -c "^$f " "$work/placed") rooms of $folder: rows $(sed -n "s|^$f ||p" "$work/placed" | tr '\n' ' ')"
        checks=$((checks + 1))
    done
done
# The folders of sources and tests have a room, and so has every other one.
for folder in $(git ls-files 2>/dev/null | sed -n 's|^\(tests/[^/]*/\).*|\1|p; s|^\(src/[^/]*/\).*|\1|p; s|^\([^/.]*/\).*|\1|p' | sort -u); do
    grep -q "^### $folder\|\`$folder" "$page" || [ "$folder" = tests/ ] || [ "$folder" = conf/ ] || fail "$page: no room for $folder"
    checks=$((checks + 1))
done
# Links and files named in the text.
for f in $(grep -oE '\]\([^)#]+' "$page" | sed 's/](//'); do
    [ -e "docs/$f" ] || fail "$page: links to $f, which is not there"
    checks=$((checks + 1))
done
for f in $(sed '/^|/d' "$page" | grep -oE '[a-z_0-9]+\.(c|h|map)\b' | sort -u); do
    find src rom /usr/include/linux -name "$f" | grep -q . || [ "$f" = vfio_iommu_type1.c ] || fail "$page: names $f, which is not there"
    checks=$((checks + 1))
done
# Functions that documents name.
for f in $(grep -ohE '`[a-z_]+\(\)`' README.md CONTRIBUTING.md SECURITY.md docs/*.md rom/README.md tests/*/README.md | tr -d '`()' | sort -u); do
    grep -rqE "\b$f\(" --include='*.[ch]' --include='*.sh' src rom tests || man -w 2 "$f" >/dev/null 2>&1 || fail "a document names $f(), which is not there"
    checks=$((checks + 1))
done
done_ architecture
