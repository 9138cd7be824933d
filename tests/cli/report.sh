#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iovashim report: real logs (logs/record.sh) against what they shall look like, logs that are cut,
# foreign or hostile, and the page in a real browser.
#
# shellcheck disable=SC2016,SC1112,SC2020
#
# usage: report.sh BUILD          UPDATE=1: write logs/*.txt anew, to be looked at
set -eu
build=$(cd "$1" && pwd)
iovashim=$build/iovashim
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/cli/lib.bash
. "$here/lib.bash"
export TZ=UTC LC_ALL=C.UTF-8
unset COLUMNS NO_COLOR
cd "$here/logs"

# golden NAME COMMAND…: prints what logs/NAME.txt has. Advice apart: its words are those of
# advice.c and of the tables that it has.
golden() {
    local name=$1
    shift
    "$@" >"$work/all" 2>&1 </dev/null || fail "$*: $(cat "$work/all")"
    sed '/^What to change:/,/^$/d' "$work/all" >"$work/golden"
    [ -z "${UPDATE-}" ] || cp "$work/golden" "$name.txt"
    diff -u "$name.txt" "$work/golden" >&2 || fail "$name.txt is not what is printed"
    checks=$((checks + 1))
}

# json FILTER LOG…: the filter, for jq, is true of the report.
json() {
    local filter=$1 status=0
    shift
    "$iovashim" report --json "$@" >"$work/json" 2>"$work/err" || status=$?
    [ "$status" -le 1 ] || fail "--json $*: $(cat "$work/err")"
    jq -e "$filter" "$work/json" >/dev/null || fail "--json $*: not so: $filter"
    checks=$((checks + 1))
}

on_terminal() { # COLUMNS COMMAND
    TERM=xterm script -qec "stty cols $1; $2" /dev/null </dev/null | tr -d '\r'
}

# The printed report, on files and on terminals.
for log in lab-guard model-1100g model-client model-failures model-many; do
    golden "$log" "$iovashim" report "$log.jsonl"
    LC_ALL=C grep -q '[^ -~]' "$log.txt" && fail "$log.txt is not ASCII"
done
golden lab-guard-terminal on_terminal 100 "$iovashim report lab-guard.jsonl"
grep -q $'\033\[0;1;31m' lab-guard-terminal.txt || fail "no colour on a terminal"
grep -q ┌ lab-guard-terminal.txt || fail "no boxes on a terminal"
on_terminal 80 "NO_COLOR=1 $iovashim report lab-guard.jsonl" >"$work/out"
has_line '┌──'
has_no_line $'\033'
on_terminal 80 "NO_COLOR=1 LC_ALL=C $iovashim report lab-guard.jsonl" >"$work/out"
sed -i '/^What to change:/,/^$/d' "$work/out"
diff lab-guard.txt "$work/out" >&2 || fail "on a terminal without UTF-8"
for columns in 1 40 57 120 500; do
    COLUMNS=$columns "$iovashim" report model-client.jsonl >"$work/out"
    at_most=$((columns < 40 ? 40 : columns > 160 ? 160 : columns))
    # What is to be pasted is not broken.
    sed '/^What to change:/,/^$/d' "$work/out" | awk -v most="$at_most" 'length > most' >"$work/long"
    [ ! -s "$work/long" ] || fail "with $columns columns: $(cat "$work/long")"
done

# The digest.
json '.report == 1 and .problems == [] and (.processes | length) == 1 and (.timeline | length) == 7
    and (.processes[0] | .pid == 1014 and .started and .ended and .totals.splits == 1
        and .totals.guard_hits == 1 and .verdicts[0].severity == "bad"
        and .memmap == "memmap=256M$0x110000000" and (.advice[0] | contains("memmap=256M$0x110000000")))
    and (.processes[0].containers[0] | .mappings == [.mappings[0]] and .mappings[0].live
        and (.mappings[0].pieces | length) == 2 and .guards_in_force == .mappings[0].gaps
        and [.holes[].brief] == ["MSI window", "test", "HyperTransport"]
        and [.holes[].by_host] == [true, false, true])' lab-guard.jsonl
json '.processes[0].containers[0].mappings[0] | .size == 1178968522752 and .unreachable == 12884901888' model-1100g.jsonl
json '(.processes | length) == 5 and [.processes[].started] == [true, false, true, true, true]
    and any(.processes[].verdicts[]; .text | contains("SIGSEGV"))' model-client.jsonl
# Why a mapping failed, what that means, what to change: as the log says it, the worst first.
json '.processes[0] | .verdicts[0].severity == "bad" and any(.verdicts[]; .severity == "note"
        and (.text | startswith("BAR 0 of 0000:00:05.0 at ") and contains("needs 40 address bits") and contains("harmless")))
    and any(.verdicts[]; .severity == "bad" and (.text | contains("RLIMIT_MEMLOCK is 64 KiB")))
    and (.advice | any(startswith("  host:  ulimit -l 4096")))
    and ([.containers[0].mappings[].cause] | sort) == ["entries", "memlock", "misaligned", "overlap", "unmapped", "width"]' model-failures.jsonl
json '.processes[0].containers[0] | .holes_missing == 8 and all(.holes[]; .now)' model-many.jsonl
json '(.processes | length) == 7 and ([.timeline[].time] | . == sort)' model-client.jsonl lab-guard.jsonl model-1100g.jsonl
"$iovashim" report - lab-guard.jsonl <model-1100g.jsonl >"$work/out" || fail "standard input"
has_line '^1  qemu-system-x86_64'
has_line '^2  qemu-system-x86_64'
has_line '  pid 1014;'

# A log that was rotated is of one process, in whatever order it comes.
head -n 4 lab-guard.jsonl >"$work/old"
tail -n +5 lab-guard.jsonl >"$work/new"
json '(.processes | length) == 1 and .processes[0].ended and .processes[0].containers[0].mappings[0].live' \
    "$work/new" "$work/old"
json '.processes[0].verdicts | any(.[]; .text | contains("the log is not whole"))' <(grep -v '"event":"map"' lab-guard.jsonl)

# What is unmapped, and what went with its container; what is still there.
life() { # EVENTS: a life up to its mapping, then what ends it, of these: guard unmap
    jq -c 'select(.event | IN("start", "container", "guard", "map"))' lab-guard.jsonl
    jq -c --arg events "$1" '($events | split(" ")) as $wanted
        | select(.event == "guard" or .event == "map")
        | if .event == "guard" then .set = false | del(.given_back) | .time += 5
          else .event = "unmap" | .flags = 0 | .kernel_size = 805306368 | .time += 4.3 end
        | select(.event as $event | $wanted | index($event))' lab-guard.jsonl
}
json '.processes[0].containers[0].mappings[0] | .live and (has("until") | not)' <(life "")
json '.processes[0].containers[0] | (.mappings[0] | .live == false and .how_gone == "unmapped")
    and .guards_in_force == []' <(life "guard unmap")
json '.processes[0].containers[0].mappings[0] | .live == false and .how_gone == "gone with its container"' <(life guard)
life "guard unmap" >"$work/gone.jsonl"
expect 0 "$iovashim" report "$work/gone.jsonl"
has_line 'unmapped at \+'

# An unmap for live update takes nothing away.
json '.processes[0].containers[0].mappings[0].live' <(life unmap | jq -c 'if .event == "unmap" then .flags = 4 else . end')
# What is there hides what was; what was stays to be seen beside it.
jq -c -n '[inputs] | .[:3][], (.[4] | .iova = "0x0000000100000000-0x00000001ffffffff" | .pieces[1].iova = "0x0000000120000000-0x00000001ffffffff"),
    (.[4] | .event = "unmap" | .iova = "0x0000000100000000-0x00000001ffffffff" | .flags = 0), .[3:][]' lab-guard.jsonl >"$work/was.jsonl"
expect 0 "$iovashim" report "$work/was.jsonl"
has_line '\| R1 RAM +\| \| mapped, piece 1 of 2 \|'
has_line '\| R2 RAM +\| \| unmapped +\|'

# Repeats are folded, one by one and in runs.
jq -c -n '[inputs] | .[:3][], (range(500) as $i | .[3:5][] | .time += $i)' lab-guard.jsonl >"$work/again.jsonl"
json '(.timeline | length) == 5 and [.timeline[].count] == [1, 1, 1, 500, 500]
    and (.timeline[4] | .last - .time | . > 498.9 and . < 499.1)
    and .processes[0].containers[0].mappings[0].times == 500' "$work/again.jsonl"
COLUMNS=140 expect 0 "$iovashim" report "$work/again.jsonl"
has_line "guard 0x110000000-0x11fffffff \(256 MiB\) \[500 times, last \+499.841 s\]"

# Fields and events that are not known are shown as they stand.
jq -c 'if .event == "map" then .verdict = "a verdict" | .news = {"a": 1} | .list = ["one", "two"] else . end,
    (select(.event == "map") | .event = "novelty")' lab-guard.jsonl >"$work/newer.jsonl"
expect 0 "$iovashim" report "$work/newer.jsonl"
has_line '^ +verdict: a verdict$'
has_line '^ +news: \{"a":1\}$'
has_line '^ +list: two$'
has_line ' novelty$'

# Logs that are cut, foreign, or not there.
head -c 2000 lab-guard.jsonl >"$work/cut.jsonl"
expect 1 "$iovashim" report "$work/cut.jsonl"
has_line "^iovashim report: $work/cut.jsonl:5: cut short: the file ends within the line$"
has_line '^What could not be read$'
has_line 'H2   0x110000000-0x11fffffff'
cp "$iovashim" "$work/foreign"
expect 125 "$iovashim" report "$work/foreign"
has_line "^iovashim report: $work/foreign:1: not JSON"
has_line "^iovashim report: $work/foreign: [0-9]+ more lines that could not be read$"
has_line '^iovashim report: no event of iovashim in it$'
expect 1 "$iovashim" report lab-guard.jsonl "$work/foreign" "$work/missing" "$work"
has_line "missing: cannot open: No such file or directory$"
has_line "$work: cannot read: Is a directory$"
has_line '^qemu-system-x86_64$'
printf '%s\n' '[]' '{"event":"map"}' '{"v":2,"time":1,"pid":1,"event":"map"}' \
    '{"v":1,"time":1,"pid":1,"event":"map","iova":"0x5-0x1"}' '' '{"v":1,"time":-1,"pid":1,"event":"x"}' \
    '{"v":1,"time":1,"pid":1,"event":"late"}' >"$work/strange"
expect 1 "$iovashim" report "$work/strange"
has_line 'strange:1: JSON, but no event$'
has_line 'strange:2: no event of iovashim: it needs "event", "pid" and "time"$'
has_line 'strange:3: an event of another schema than version 1$'
has_line 'strange:4: a map whose "iova" is missing or no range$'
has_line 'strange:6: no event of iovashim'
has_no_line 'strange:[57]:'
expect 125 "$iovashim" report /dev/null
has_line '^iovashim report: /dev/null: empty: '
expect 125 "$iovashim" report
has_line '^iovashim report: which log\?'
expect 125 "$iovashim" report --nonsense lab-guard.jsonl
expect 0 "$iovashim" report --help

# Text from a log is text, wherever it is shown.
hostile='"\u001b]0;owned\u0007\u001b[2J<script>alert(1)</script><img src=x onerror=alert(1)>&amp;]]>\u202e\u009b31m\n\u0000\"'"'"'"'
jq -c --argjson hostile "${hostile/\\u0000/}" '
    if .event == "start" then .vmm = $hostile | .policy = $hostile | .cpu = $hostile | .kernel = $hostile
    elif .event == "container" then .groups[0].devices = $hostile | .holes[1].name = $hostile | .holes[1].file = $hostile
    elif .event == "map" then .reason = $hostile | .result = $hostile | .[$hostile] = $hostile else . end' \
    lab-guard.jsonl >"$work/hostile.jsonl"
jq -c --argjson hostile "${hostile/\\u0000/}" '.event = $hostile' lab-guard.jsonl | head -n 1 >>"$work/hostile.jsonl"
printf '\033]0;owned\007 not a line\n' >>"$work/hostile.jsonl"
mv "$work/hostile.jsonl" "$work/"$'\033[31m<b>name.jsonl'
hostile_log=$work/$'\033[31m<b>name.jsonl'
"$iovashim" report "$hostile_log" >"$work/out" 2>&1 && fail "hostile: status 0"
LC_ALL=C grep -n '[^ -~]' "$work/out" && fail "hostile: not ASCII"
has_line '\\x1b\]0;owned\\x07\\x1b\[2J<script>'
on_terminal 90 "NO_COLOR=1 $iovashim report '$hostile_log' || true" >"$work/out"
LC_ALL=C grep -n $'[\001-\011\013-\037\177]' "$work/out" && fail "hostile: controls on a terminal"
grep -nP '[\x{80}-\x{9f}\x{202e}]' "$work/out" && fail "hostile: C1 or bidirectional controls"
has_line '┌──'
# A name that is not ASCII comes back as it was.
jq -c 'if .event == "start" then .vmm = "/opt/caf\u00c3\u00a9/vmm\u00e2\u0080\u0099s" else . end' lab-guard.jsonl >"$work/name.jsonl"
json '.processes[0].name == "vmm’s" and .processes[0].vmm == "/opt/café/vmm’s"' "$work/name.jsonl"

# SVG and HTML: written as a whole, well formed.
names=$(ls -A "$work")
umask 022
expect 0 "$iovashim" report --svg "$work/a.svg" --html "$work/a.html" lab-guard.jsonl model-client.jsonl
[ ! -s "$work/out" ] || fail "prints, too: $(cat "$work/out")"
[ "$(stat -c %a "$work/a.svg")" = 644 ] || fail "mode of the file"
[ "$(ls -A "$work")" = "$(printf '%s\n' "$names" a.svg a.html | sort)" ] || fail "files left over: $(ls -A "$work")"
xmllint --noout "$work/a.svg" || fail "SVG"
expect 1 "$iovashim" report --svg "$work/hostile.svg" "$hostile_log"
xmllint --noout "$work/hostile.svg" || fail "SVG of a hostile log"
[ "$(xmllint --xpath 'count(//*[local-name()="script" or local-name()="img"])' "$work/hostile.svg")" = 0 ] || fail "markup in SVG"
expect 125 "$iovashim" report --svg /dev/full lab-guard.jsonl
has_line '^iovashim report: cannot write /dev/full: No space left on device$'
expect 125 "$iovashim" report --html "$work/none/a.html" lab-guard.jsonl
has_line '^iovashim report: cannot write .*/none/a.html: No such file or directory$'
"$iovashim" report lab-guard.jsonl >/dev/full 2>"$work/out" && fail "a full disk goes unnoticed"
has_line 'cannot write the output: No space left on device'

# No box of a picture lies upon another, with 1 range or with 100.
range() { # COUNT: a log with so many mappings in its one container
    jq -c -n --argjson n "$1" '
        def hex: [range(16)] as $places | . as $x | reduce $places[] as $i ({x: $x, s: ""};
            .s = ("0123456789abcdef"[(.x % 16):(.x % 16) + 1] + .s) | .x = (.x / 16 | floor)) | .s;
        def span($a; $b): "0x\($a | hex)-0x\($b | hex)";
        [inputs] | .[0], .[2], (.[4] as $map | range($n) as $i | ($i * 1073741824) as $at
            | $map | .iova = span($at; $at + 65535) | .size = 65536 | .unreachable = 4096
            | .region = "memory-backend-with-quite-a-long-name-\($i)"
            | .gaps = [span($at + 4096; $at + 8191)] | .holes = [{range: .gaps[0], from: "policy", name: "n\($i)", file: "f", line: 1}]
            | .pieces = [{iova: span($at; $at + 4095), result: "ok"}, {iova: span($at + 8192; $at + 65535), result: "ok"}])' lab-guard.jsonl
}
for n in 1 100; do
    range $n >"$work/range.jsonl"
    expect 0 "$iovashim" report --svg "$work/range.svg" "$work/range.jsonl"
    sed -n 's/^<svg x="\([0-9]*\)" y="\([0-9.]*\)" width="[0-9]*" height="\([0-9.]*\)" class="item">.*/\1 \2 \3/p' "$work/range.svg" |
        sort -n -k1,1 -k2,2 >"$work/boxes"
    [ "$(wc -l <"$work/boxes")" -ge $((4 * n)) ] || fail "$n ranges: $(wc -l <"$work/boxes") boxes"
    awk '$1 == lane && $2 < end || $3 < 10 { print; bad = 1 } { lane = $1; end = $2 + $3 } END { exit bad }' "$work/boxes" ||
        fail "$n ranges: boxes overlap"
    expect 0 "$iovashim" report "$work/range.jsonl"
    has_line "  R$n +0x"
done

# Colours: WCAG's contrast, 7 for text on its colour, 3 for lines on both colour and paper.
"$iovashim" report --svg "$work/a.svg" lab-guard.jsonl
tr ';{' '\n\n' <"$work/a.svg" | awk '
    function channel(text, at,   v) {
        v = (index("0123456789abcdef", substr(text, at, 1)) - 1) * 16 + index("0123456789abcdef", substr(text, at + 1, 1)) - 1
        v /= 255
        return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ^ 2.4
    }
    function light(text) { return 0.2126 * channel(text, 2) + 0.7152 * channel(text, 4) + 0.0722 * channel(text, 6) }
    function contrast(a, b,   x, y) { x = light(a); y = light(b); return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05) }
    function need(a, b, least) {
        n++
        if (contrast(colour[a], colour[b]) < least) { print a " on " b ": " contrast(colour[a], colour[b]); bad = 1 }
    }
    function measure(   name) {
        need("ink", "paper", 7); need("dim", "paper", 4.5); need("dim", "panel", 4.5); need("link", "paper", 4.5)
        for (name in names) {
            need(name "-ink", name "-fill", 7); need(name "-ink", name "-hatch", 4.5)
            need(name "-line", name "-fill", 3); need(name "-line", "paper", 3)
        }
    }
    { sub(/^[ \n]+/, "") }
    /^--paper:/ && n++ { measure() }
    match($0, /^--[a-z-]+:#/) {
        name = substr($0, 3, RLENGTH - 4); colour[name] = substr($0, RLENGTH)
        if (sub(/-fill$/, "", name)) names[name] = 1
    }
    END { measure(); if (n < 60) { print "too few colours: " n; bad = 1 } exit bad }' >"$work/out" || fail "contrast: $(cat "$work/out")"
checks=$((checks + 1))

# The page in a browser: what it has when it has been read, and that it draws something.
"$iovashim" report --html "$work/a.html" lab-guard.jsonl model-client.jsonl "$hostile_log" 2>/dev/null || [ $? = 1 ] || fail "--html"
grep -qiE '(src|href)="?(https?:|//|file:)|@import|url\(["'"'"']?[^#)]' "$work/a.html" && fail "the page needs something from elsewhere"
HOME=$work timeout 60 chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars --window-size=1100,1800 \
    --screenshot="$work/a.png" --dump-dom "file://$work/a.html" >"$work/dom.html" 2>"$work/err" || fail "chromium: $(tail -n 5 "$work/err")"
dom() { # XPATH EXPECTED
    local got
    got=$(xmllint --html --xpath "$1" "$work/dom.html" 2>/dev/null) || fail "DOM: $1"
    [ "$got" = "$2" ] || fail "DOM: $1 is $got, not $2"
    checks=$((checks + 1))
}
dom 'count(//script) + count(//img) + count(//b[contains(., "name.jsonl")])' 0
dom 'count(//section[starts-with(@id, "process-")])' 7
dom 'string(//section[@id="process-1"]/h2)' '1 qemu-system-x86_64'
dom 'count(//svg[@role="img"][title][desc])' 6
dom 'count(//section[@id="timeline"]//tbody/tr[td]) > 40' true
dom 'contains(string(//section[@id="process-1"]//pre), "memmap=256M$0x110000000")' true
dom 'contains(string(//section[@id="unread"]), "not JSON")' true
dom 'count(//*[@tabindex="0"][not(@aria-label)])' 0
dom 'count(//th[not(@scope)])' 0
[ "$(head -c 4 "$work/a.png" | tail -c 3)" = PNG ] || fail "no screenshot"
[ "$(stat -c %s "$work/a.png")" -gt 50000 ] || fail "the screenshot is all but empty"
[ -z "${SCREENSHOT-}" ] || cp "$work/a.png" "$SCREENSHOT"
done_ report
