#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion in real shells: bash with bash-completion, zsh in a terminal of its own.
#
# usage: completion.sh BUILD
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
completions=$here/../../completions
# shellcheck source=tests/cli/lib.bash
. "$here/../cli/lib.bash"
unset MAKEFLAGS

# A folder with something to complete, and a VMM that completes its own options.
mkdir "$work/bin" "$work/in" "$work/in/folder"
ln -s "$build/iovashim" "$work/bin/"
ln -s /bin/true "$work/bin/own-vmm"
export PATH="$work/bin:$PATH"
touch "$work/in/host.json" "$work/in/vm-log.jsonl"
cd "$work/in"
verbs=$(iovashim help | awk '/^  [a-z]/ { print $1 }')

# completed WORD…: what bash offers for the last, sorted, one a line.
completed() {
    bash --norc -O extglob -c '
        . /usr/share/bash-completion/bash_completion
        . "$1/iovashim"
        shift
        compopt() { :; } # readline is not there
        _own() { COMPREPLY=($(compgen -W "-own-option -other" -- "$2")); }
        complete -F _own own-vmm
        for word; do # as readline breaks them
            while [[ $word =~ ^([^=:]*)([=:])(.*)$ ]]; do
                [ -z "${BASH_REMATCH[1]}" ] || COMP_WORDS+=("${BASH_REMATCH[1]}")
                COMP_WORDS+=("${BASH_REMATCH[2]}")
                word=${BASH_REMATCH[3]} part=yes
            done
            [ -z "$word" ] && [ -n "${part-}" ] || COMP_WORDS+=("$word")
            part=
        done
        COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_TYPE=9 COMP_KEY=9
        _iovashim "$1" "${@: -1}" "${@: -2:1}"
        printf "%s\n" "${COMPREPLY[@]}"' bash "$completions" "$@" | LC_ALL=C sort | sed '/^$/d'
}
# offers "WORDS" COMMAND…: exactly these. bash_has WORD COMMAND…: this among others.
offers() {
    local wanted=$1 got
    shift
    got=$(completed "$@" | tr '\n' ' ')
    [ "$got" = "${wanted:+$wanted }" ] || fail "bash, after '$*': '$got', not '$wanted'"
    checks=$((checks + 1))
}
bash_has() {
    local wanted=$1
    shift
    completed "$@" | grep -qxF -- "$wanted" || fail "bash, after '$*': no '$wanted' in: $(completed "$@" | head -20)"
    checks=$((checks + 1))
}
sorted() { tr ' ' '\n' | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//'; }

offers "$(echo help $verbs | sorted)" iovashim ''
offers 'check' iovashim ch
for verb in $verbs; do
    wanted=$(iovashim "$verb" --help 2>&1 | grep -oE -- '--[a-z][-a-z]*' | sort -u | tr '\n' ' ')
    offers "$(echo $wanted --help | sorted)" iovashim "$verb" --
done
offers 'auto preload seccomp' iovashim run --via ''
offers 'preload' iovashim run --via=pre
offers 'rom' iovashim run --reserve=ro
offers own-vmm iovashim run --reserve own-
offers 'observe refuse split' iovashim run --via preload --mode ''
offers 'host.json' iovashim run --policy h
offers 'folder' iovashim holes --sysfs ''
offers 'vm-log.jsonl' iovashim report vm
offers 'host.json' iovashim holes --merge host.json ho
bash_has amd iovashim plan --host ''
bash_has host.json iovashim plan --host ''
offers own-vmm iovashim check own-
offers own-vmm iovashim check --json own-
offers '' iovashim check own-vmm ''
offers own-vmm iovashim run --via preload -- own-
offers own-vmm iovashim run own-
offers '-other -own-option' iovashim run own-vmm -
offers '-other -own-option' iovashim run --via=preload --log=f -- own-vmm -
offers '-own-option' iovashim plan --host amd -- own-vmm -x --json -ow
offers '' iovashim nonsense ''

# zsh, in a terminal of its own: for each line typed, and a tab, what the command line is then.
cat >"$work/typed.zsh" <<'END'
zmodload zsh/zpty
export TERM=dumb
zpty shell zsh -f -i
zpty -w shell "PS1= PROMPT_EOL_MARK= ; stty -echo; setopt no_list_beep; fpath=(${(q)1} \$fpath)"
zpty -w shell 'autoload -Uz compinit; compinit -u -D; _own() { compadd -- -own-option -another }; compdef _own own-vmm'
zpty -w shell 'tell() { zle -I; print -r -- "[$BUFFER"]END; BUFFER= }; zle -N tell; bindkey "^T" tell; print READY'
zpty -r -m shell text '*READY*'
shift
for line; do
  zpty -w -n shell "$line"$'\t\C-t'
  zpty -r -m shell text '*\]END*'
  print -r -- ${${text%\]END*}##*\[}
done
END
typed=() wanted=()
# becomes LINE-BEFORE LINE-AFTER
becomes() { typed+=("$1") wanted+=("$2"); }
becomes 'iovashim hel' 'iovashim help '
for verb in $verbs; do
    becomes "iovashim ${verb%?}" "iovashim $verb "
    for option in $(iovashim "$verb" --help 2>/dev/null | grep -oE -- '--[a-z][-a-z]*'); do
        becomes "iovashim $verb ${option%?}" "iovashim $verb $option"
    done
done
becomes 'iovashim run --via p' 'iovashim run --via preload '
becomes 'iovashim run --via=p' 'iovashim run --via=preload '
becomes 'iovashim run --reserve=d' 'iovashim run --reserve=device '
becomes 'iovashim run --reserve own-' 'iovashim run --reserve own-vmm '
becomes 'iovashim run --policy h' 'iovashim run --policy host.json '
becomes 'iovashim holes --sysfs f' 'iovashim holes --sysfs folder/'
becomes 'iovashim plan --host am' 'iovashim plan --host amd '
becomes 'iovashim plan --host h' 'iovashim plan --host host.json '
becomes 'iovashim report v' 'iovashim report vm-log.jsonl '
becomes 'iovashim report host.json v' 'iovashim report host.json vm-log.jsonl '
becomes 'iovashim check own-' 'iovashim check own-vmm '
becomes 'iovashim run own-' 'iovashim run own-vmm '
becomes 'iovashim run own-vmm -ow' 'iovashim run own-vmm -own-option '
becomes 'iovashim run --via=preload --log f -- own-vmm -x -ow' 'iovashim run --via=preload --log f -- own-vmm -x -own-option '
becomes 'iovashim plan --host amd -- own-vmm --json -ow' 'iovashim plan --host amd -- own-vmm --json -own-option '
timeout 120 zsh -f "$work/typed.zsh" "$completions" "${typed[@]}" | tr -d '\r' >"$work/typed.out" || fail 'zsh does not answer'
mapfile -t got <"$work/typed.out"
[ ${#got[@]} = ${#typed[@]} ] || fail "zsh: ${#got[@]} answers to ${#typed[@]} lines: $(cat "$work/typed.out")"
for i in "${!typed[@]}"; do
    case ${got[i]} in "${wanted[i]}" | "${wanted[i]}"[\ =]) ;; *) fail "zsh: '${typed[i]}' becomes '${got[i]}', not '${wanted[i]}'" ;; esac
    checks=$((checks + 1))
done
done_ completion
