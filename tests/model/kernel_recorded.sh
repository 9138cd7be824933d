#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hold the model to transcripts that the player wrote on real kernels.
#
# usage: kernel_recorded.sh PLAYER
#
# recorded/NAME.host describes a host; recorded/NAME.md5 has a line "MD5 SEED COUNT" for each
# sequence played there with "kernel_player --vfio". A change of the player's choices means
# that they have to be played again (by the lab); a change of the model never does.
set -u

player=$1
dir=$(cd "$(dirname "$0")" && pwd)/recorded
failed=0

for sums in "$dir"/*.md5; do
    host=${sums%.md5}.host
    same=0 all=0
    while read -r want seed count; do
        got=$("$player" --host "$host" --group 1 --seed "$seed" --count "$count" | md5sum)
        all=$((all + 1))
        if [ "${got%% *}" = "$want" ]; then same=$((same + 1)); else failed=1; fi
    done <"$sums"
    [ "$same" -eq "$all" ] || printf 'not '
    echo "ok $(basename "$sums" .md5): $same of $all sequences answered as the kernel answered them"
done
exit $failed
