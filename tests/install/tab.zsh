# SPDX-License-Identifier: GPL-2.0-or-later
# tab.zsh SHELL TEXT: what an interactive shell prints when TEXT, a tab and Return are typed into it.
zmodload zsh/zpty
export TERM=dumb
case $1 in
  bash) zpty shell bash --norc -i
    zpty -w shell 'PS1=; . /usr/share/bash-completion/bash_completion; echo REA""DY' ;;
  zsh) zpty shell zsh -f -i
    zpty -w shell 'PS1= PROMPT_EOL_MARK=; autoload -Uz compinit; compinit -u -D; echo REA""DY' ;;
esac
zpty -r -m shell text '*READY*'
zpty -w -n shell $2$'\t\n'
zpty -w shell 'echo E""ND'
zpty -r -m shell text '*END*'
print -r -- ${text//$'\r'/}
