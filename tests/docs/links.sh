#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Links from one document to another file, or to a heading, find it: among the sources, and where the
# documents are installed.
#
# usage: links.sh BUILD            the sources, and what make install puts in place
#        links.sh --tree FOLDER    documents installed there
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/cli/lib.bash
. "$here/../cli/lib.bash"

# The headings of a page, as they are linked to.
anchors() {
    awk '/^(```|~~~)/ { code = !code } /^#+ / && !code { sub(/^#+ /, ""); print tolower($0) }' "$1" |
        tr ' ' '-' | tr -cd 'a-z0-9_\n-'
}

# links PAGE…: each link to a file or a heading.
links() {
    local page link file
    for page; do
        while read -r link; do
            file=${link%%#*}
            [ -z "$file" ] || file=$(dirname "$page")/$file
            [ -e "${file:-$page}" ] || fail "$page: links to $link, which is not there"
            [ "$link" = "${link%#*}" ] || anchors "${file:-$page}" | grep -qx -- "${link#*#}" ||
                fail "$page: links to $link: no such heading"
            checks=$((checks + 1))
        done < <(tr '\n' ' ' <"$page" | grep -oE '\]\([^)]+\)' | sed 's/^](//; s/)$//' | grep -v '^[a-z]*:')
    done
}

# The folder that documents are installed in.
tree() {
    local pages
    mapfile -t pages < <(find "$1" -name '*.md')
    [ ${#pages[@]} -gt 5 ] || fail "no documents in $1"
    links "${pages[@]}"
}

if [ "$1" = --tree ]; then
    tree "$2"
    exit 0
fi
build=$(cd "$1" && pwd)
cd "$here/../.."
mapfile -t pages < <(find . -name '*.md' ! -path "./${build##*/}/*" ! -path './.git/*')
links "${pages[@]}"
expect 0 make -s BUILD="$1" DESTDIR="$work/stage" PREFIX=/usr/local install
tree "$work/stage/usr/local/share/doc/iovashim"
done_ links
