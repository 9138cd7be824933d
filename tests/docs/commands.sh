#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every command that the documents show is one of commands.txt, which says how it is known to work:
#
#   run WORD=WORD…     here, with these words in place of the document's; it has to succeed
#   by FILE TEXT       by that test, which has TEXT in it
#   target NAME        a target of the Makefile, alone too long for here
#   needs WHAT         nothing here can: it takes a host's hardware, a guest, another system
#
# usage: commands.sh BUILD
set -euo pipefail
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/cli/lib.bash
. "$here/../cli/lib.bash"
unset LD_PRELOAD IOVASHIM_CONF IOVASHIM_MODE IOVASHIM_LOG IOVASHIM_GUARD IOVASHIM_DISABLE MAKEFLAGS
cd "$here/../.."
documents='README.md CONTRIBUTING.md SECURITY.md docs/operator-guide.md docs/integration.md tests/lab/README.md rom/README.md'
export PATH="$build:$PATH" LD_LIBRARY_PATH="$build"

# Lines of blocks that are indented or fenced, without what explains them behind; lines that go on are
# joined. What a program prints begins with its name and a colon, markup with <: such blocks are none.
blocks() { # FILE
    awk '/^```/ { fenced = !fenced; first = 1; next }
        !fenced && !/^    / { first = 1; held = ""; next }
        { line = fenced ? $0 : substr($0, 5)
          if (first) output = line ~ /^ *(<|[^ ]+:( |$)|iovashim [a-z]+: )/
          first = 0
          if (output || !held && line ~ /^( |$)/) next
          sub(/^ +/, "", line)
          line = held line; held = ""
          if (sub(/\\$/, "", line)) { held = line; next }
          sub(/ (#| +[^ ]).*/, "", line); sub(/ +$/, "", line)
          print line }' "$1"
}
is_command() { # LINE
    local rest=$1
    while [[ $rest =~ ^[A-Za-z_]+=(\"[^\"]*\"|[^\ \"\(]*)\ +(.*)$ ]]; do rest=${BASH_REMATCH[2]}; done
    [[ $rest =~ ^[a-z_]+=\$\([a-z] ]] && return
    rest=${rest%% *}
    case $rest in
        done | fi | *=*) return 1 ;;
        bcdedit | virsh | kubectl | systemctl | journalctl | dpkg-divert) return 0 ;;
    esac
    command -v -- "$rest" >/dev/null
}

declare -A how=() seen=()
while IFS= read -r line; do
    case $line in
        '#'* | '') ;;
        $'\t'*) how[$command]=${line#$'\t'} ;;
        *) command=$line ;;
    esac
done <"$here/commands.txt"

cp "$here"/../cli/logs/*.jsonl "$work"
verify() { # COMMAND
    local kind=${how[$1]%% *} rest=${how[$1]#* } text=$1 word words
    case $kind in
        run)
            eval "words=(${how[$1]#run})"
            for word in "${words[@]}"; do text=${text//"${word%%=*}"/"${word#*=}"}; done
            (cd "$work" && bash -euo pipefail -c "$text") >"$work/out" 2>&1 </dev/null ||
                fail "'$1' ($text) ends with $?: $(head -c 1000 "$work/out")"
            [ -s "$work/out" ] || fail "'$1' ($text) says nothing"
            ;;
        by)
            [ -f "${rest%% *}" ] || fail "'$1': there is no test ${rest%% *}"
            grep -qF -- "${rest#* }" "${rest%% *}" || fail "'$1': ${rest%% *} has no '${rest#* }'"
            ;;
        target) grep -qx -- "$rest" "$work/targets" || fail "'$1': make has no target $rest" ;;
        needs) [ "$rest" != needs ] || fail "'$1': needs what?" ;;
        *) fail "commands.txt: '$1': what is '$kind'?" ;;
    esac
    checks=$((checks + 1))
}

{ make -pnRr version-of-nothing 2>/dev/null || :; } | sed -n 's/^\([a-z][-a-z]*\):.*/\1/p' | sort -u >"$work/targets"
for document in $documents; do
    blocks "$document" >"$work/lines"
    while IFS= read -r line; do
        is_command "$line" || continue
        [ -n "${how[$line]-}" ] || fail "$document: '$line' is not in tests/docs/commands.txt: is it run by a test, or what does it need?"
        [ -n "${seen[$line]-}" ] || verify "$line"
        seen[$line]=yes
    done <"$work/lines"
done
for line in "${!how[@]}"; do
    [ -n "${seen[$line]-}" ] || fail "commands.txt: no document has '$line'"
done

# In running text: verbs and options that there are, and targets.
for document in $documents CHANGELOG.md docs/*.md; do
    tr '\n' ' ' <"$document" | grep -oE '`[^`]+`' | tr -d '`' | sort -u >"$work/inline" || :
    while read -r verb options; do
        "$build/iovashim" help | grep -q "^  $verb " || fail "$document: there is no 'iovashim $verb'"
        for option in $(grep -oE -- '--[a-z][-a-z]*' <<<"${options%% -- *}" || :); do
            "$build/iovashim" "$verb" --help | grep -qE -- "$option\b" || fail "$document: iovashim $verb has no $option"
            checks=$((checks + 1))
        done
    done < <(sed -nE 's/^iovashim ([a-z]+)( .*)?$/\1 \2/p' "$work/inline")
    while read -r target; do
        grep -qx -- "$target" "$work/targets" || fail "$document: make has no target $target"
        checks=$((checks + 1))
    done < <(sed -nE 's/^make ([a-z][-a-z]*)( .*)?$/\1/p' "$work/inline")
done
done_ commands
