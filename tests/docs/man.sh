#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual: without mistakes in its markup, and of the program that there is: verbs, options,
# variables and words of a policy, each documented is one that exists, and the reverse.
#
# usage: man.sh BUILD
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
source=$here/../..
# shellcheck source=tests/cli/lib.bash
. "$here/../cli/lib.bash"
iovashim=$build/iovashim
cd "$source"

# same WHAT COMMAND COMMAND: both print the same lines, in any order, and at least one.
same() {
    eval "$2" | LC_ALL=C sort -u >"$work/one"
    eval "$3" | LC_ALL=C sort -u >"$work/other"
    [ -s "$work/one" ] || fail "$1: nothing found by: $2"
    cmp -s "$work/one" "$work/other" || fail "$1: only one of both has: $(LC_ALL=C comm -3 "$work/one" "$work/other")"
    checks=$((checks + 1))
}
# section PAGE NAME: its text.
section() { awk -v name="# $2" '/^# / { on = $0 == name } on' "docs/$1.scd"; }
options() { grep -oE -- '--[a-z][-a-z]*' || :; }
# The entries of a list: lines at the margin that begin with a word in bold.
entries() { grep -E '^\*' | sed 's/\*//g; s/\\//g'; }

for page in docs/*.scd; do
    page=$build/man/$(basename "$page" .scd)
    # scdoc puts empty paragraphs everywhere.
    mandoc -T lint -W warning "$page" | grep -v 'skipping paragraph macro: PP' >"$work/lint" || :
    [ ! -s "$work/lint" ] || fail "$(cat "$work/lint")"
    LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "$page" >"$work/page" 2>"$work/lint" || fail "man does not show $page"
    [ ! -s "$work/lint" ] || fail "$page: $(cat "$work/lint")"
    [ "$(head -c 2000 "$work/page" | grep -c '^NAME')" = 1 ] || fail "$page: no NAME"
    checks=$((checks + 2))
done
# What refers to a page of ours finds one.
same 'pages referred to' "ls docs/*.scd | sed 's|docs/||; s|\.scd||' | sed '/\./!d; s/\.\([1-8]\)\$/(\1)/'" \
    "grep -hoE '\*(lib)?iovashim[-a-z]*\*\([1-8]\)|\*holes.conf\*\(5\)' docs/*.scd | tr -d '*'"

verbs=$("$iovashim" help | awk '/^  [a-z]/ { print $1 }')
same 'verbs of iovashim(1)' 'echo "$verbs"' "section iovashim.1 VERBS | entries | sed '/^help,/d; s/ .*//'"
for verb in $verbs; do
    [ "$verb" != version ] || continue
    page=iovashim-$verb.1
    [ -e "docs/$page.scd" ] || fail "$verb has no page"
    # The table for getopt_long, --help and the page.
    same "$verb: options and --help" \
        "cat src/cli/$verb*.c | grep -ohE '\{\"[a-z][-a-z]*\", (no|required|optional)_argument' | sed 's/{\"/--/; s/\".*//'" \
        "{ echo --help; $iovashim $verb --help | options; }"
    same "$verb: options and its page" "{ echo --help; $iovashim $verb --help | options; }" \
        "section $page OPTIONS | entries | options"
    same "$verb: options and the page's synopsis" "{ $iovashim $verb --help | options; echo --none; }" \
        "{ section $page SYNOPSIS | sed 's/\\\\//g' | options; echo --none; }"
done

# Variables: of the library; those that only iovashim's own processes tell each other are no interface.
same 'variables' "grep -hoE '\"IOVASHIM_[A-Z]+' src/settings.c src/ready.c src/outlet.c | tr -d '\"'" \
    "section libiovashim.7 ENVIRONMENT | entries"

# The words of a policy.
words() { sed -n "/ $1\[\] = {/,/};/p" src/policy.c | grep -oE '\{"[a-z]+' | sed 's/{"//'; }
policy() { section holes.conf.5 "$1"; }
same 'settings' 'words settings' "policy SETTINGS | entries | sed 's/ .*//'"
same 'attributes' 'words attributes' "policy HOLES | entries | grep -oE '[a-z]+=' | tr -d ="
same 'sources' 'words sources' "policy SETTINGS | entries | sed -n 's/^source \([a-z]*\) .*/\1/p'"
same 'conditions' 'words conditions' "policy HOLES | sed -n 's/^\t\*\([a-z]*\)[*<].*/\1/p'"
for setting in crossing inside bar; do
    same "answers of $setting" "words ${setting}s" \
        "policy SETTINGS | entries | sed -n 's/^$setting //p' | tr '|' '\n'"
done
done_ man
