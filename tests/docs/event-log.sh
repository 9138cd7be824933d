#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/event-log.md and the log say the same: examples and live lines have the fields, types and
# values that the page names, and the page names none that no live line has.
#
# usage: event-log.sh BUILD     where libiovashim.so and libiovamodel.so are; QEMU's part is skipped
#                               where it is not installed
#
# Prints a line a test, "ok" or "not ok"; the exit status is 1 if one failed.
# shellcheck disable=SC2016,SC2317 # programs for jq; functions that clean() runs
set -u

build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
page=$here/../../docs/event-log.md
hosts=$here/../../src/model/hosts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

result() { # STATUS NAME
    if [ "$1" -eq 0 ]; then echo "ok $2"; else echo "not ok $2"; failed=1; fi
}

# Runs a test that prints what is wrong, and nothing if all is well.
clean() { # NAME COMMAND…
    local name=$1
    shift
    "$@" >"$work/wrong" 2>&1 && [ ! -s "$work/wrong" ]
    result $? "$name"
    cut -c 1-200 "$work/wrong" | sed 's/^/  /' | head -n 20
}

# The page's tables, one object a field: what the event is called, its field, type, condition.
# What stands before the first event's heading counts for every event; holes are those of both
# events that have them.
tables() {
    awk -F ' *[|] *' '
        /^## / { event = "" }
        /^## Every event/ { event = "*" }
        /^## Event `/ { split($0, word, "`"); event = word[2] }
        event && /^\| `/ {
            field = $2; gsub(/`/, "", field)
            type = $3; gsub(/"/, "\\\"", type)
            printf "{\"event\":\"%s\",\"field\":\"%s\",\"type\":\"%s\",\"always\":%s}\n", event, field, type, ($4 == "yes" ? "true" : "false")
        }' "$page" | jq -c '., (select(.event == "container" and (.field | startswith("holes["))) | .event = "map")' |
        jq -s .
}

examples() { sed -n '/^```json$/,/^```$/ { /^```/d; p; }' "$page"; }

# For each line of a log: what the tables do not allow.
check='
def words: [match("`\"([^\"]*)\"`"; "g").captures[0].string];
def range_of: test("^0x[0-9a-f]{16}-0x[0-9a-f]{16}$");
def errno_of: test("^E[A-Z0-9]+$|^errno [0-9]+$");
def fits($wanted):
    if $wanted == "integer" then type == "number" and floor == . and . >= 0
    elif $wanted == "seconds" then type == "number"
    elif $wanted == "boolean" then type == "boolean"
    elif $wanted == "list" then type == "array"
    elif $wanted == "text" then type == "string"
    elif $wanted == "range" then type == "string" and range_of
    elif $wanted == "address" then type == "string" and test("^0x(0|[1-9a-f][0-9a-f]*)$")
    elif $wanted == "errno" then type == "string" and errno_of
    elif $wanted == "outcome" then type == "string" and (. == "ok" or errno_of)
    elif ($wanted | words | length) > 0 then . as $value | $wanted | words | index($value) != null
    else error("the page has a type that is not known: " + $wanted) end;
# "holes[].range" for ["holes", 0, "range"]
def name: map(if type == "number" then "[]" else "." + . end) | join("") | ltrimstr(".");
def counts: [["groups", "n_groups"], ["holes", "n_holes"], ["pieces", "n_pieces"], ["gaps", "n_gaps"]][];

. as $line
| [$schema[] | select(.event == "*" or .event == $line.event)] as $fields
| def field($name): first($fields[] | select(.field == $name)) // null;
  def say($what): "\($line.event): \($what) in \($line | tojson)";
  (if [$schema[] | select(.event == $line.event)] == [] then say("event not on the page") else empty end),
  ($line | paths as $path | ($path | name) as $name | getpath($path) as $value
    | select(($value | type) != "object")
    | field($name) as $field
    | if $field == null then say("\($name) is not on the page")
      elif ($value | fits($field.type) | not) then say("\($name) is not \($field.type)")
      else empty end),
  # What is always there: in the line, or in each item of a list that is.
  ($fields[] | select(.always) | (.field | split("[].")) as $parts
    | if ($parts | length) == 1 then
        if .field | endswith("[]") then empty
        elif $line | has($parts[0]) then empty else say("\(.field) is missing") end
      else
        ($line[$parts[0]] // [])[] | select(has($parts[1]) | not) | say("\($parts | join("[].")) is missing")
      end),
  (counts as [$list, $count] | select($line[$list] | type == "array")
    | if ($line | has($count) | not) then say("\($count) is missing")
      elif ($line[$list] | length) > $line[$count] then say("\($count) is too small")
      else empty end)
'

check_lines() { # FILE: what is wrong with its lines
    [ -s "$1" ] || { echo "no lines"; return 1; }
    jq -r --argjson schema "$(tables)" "$check" "$1"
}

# Fields, and values of the fields that have a choice, that the page names and no line in FILE has.
unused() { # FILE
    jq -r -n --argjson schema "$(tables)" '
        def words: [match("`\"([^\"]*)\"`"; "g").captures[0].string];
        def name: map(if type == "number" then "[]" else "." + . end) | join("") | ltrimstr(".");
        reduce (inputs | . as $line | paths as $path | [$line.event, ($path | name), ($line | getpath($path))]) as [$event, $name, $value]
            ({}; .["\($event) \($name)"] = true | .["* \($name)"] = true
                | if ($value | type) == "string" then .["\($event) \($name)=\($value)"] = true else . end)
        | . as $seen | $schema[]
        | select(.event != "map" or (.field | startswith("holes[") | not)) # those of container will do
        | "\(.event) \(.field)" as $key
        | (select($seen[$key] | not) | "\($key): in no live line"),
          (.type | words[] | "\($key)=\(.)" | select($seen[.] | not) | "\(.): in no live line")' "$1"
}

on_model() { # HOST LOG COMMAND…
    local host=$1 log=$2
    shift 2
    env IOVAMODEL_HOST="$host" IOVASHIM_CONF="$work/holes.conf" IOVASHIM_LOG="$log" \
        LD_PRELOAD="$build/libiovashim.so $build/libiovamodel.so" "$@"
}

cat >"$work/holes.conf" <<'END'
hole 0x100010000-0x10001ffff name=docs
hole 0x180000000-0x18fffffff inside=skip
END
sed 's/^entries.*/entries 1/' "$hosts/amd.host" >"$work/full.host"
# A direct region too, so that every type is seen.
sed 's/^group 3$/&\n  reserved 0x00000000fd000000-0x00000000fd0fffff direct/' "$hosts/amd.host" >"$work/direct.host"
"${CC:-cc}" -O1 -o "$work/client" "$here/event-log.c" || exit 1
cp "$work/client" "$work/qemu-system-x86_64" # to be told from other VMMs by its name

live=$work/live.jsonl
clean "a client's life" on_model "$work/direct.host" "$live" env IOVASHIM_QUIET=1 "$work/client"
clean "a full container" on_model "$work/full.host" "$live" env IOVASHIM_QUIET=1 "$work/client" full
clean "holes that cannot be read" on_model "$hosts/amd.host" "$live" env IOVASHIM_QUIET=1 "$work/client" unread
clean "behind a vIOMMU" on_model "$hosts/amd.host" "$live" \
    env IOVASHIM_QUIET=1 IOVASHIM_MODE=refuse "$work/qemu-system-x86_64" viommu
clean "observing" on_model "$hosts/amd.host" "$live" \
    env IOVASHIM_QUIET=1 IOVASHIM_MODE=observe "$work/client" observe

sed 's/^entries.*/entries 1/; s/^memlock.*/memlock 64K\nfail map 3 EFAULT/' "$hosts/intel39.host" >"$work/tight.host"
clean "failures that are no matter of holes" on_model "$work/tight.host" "$live" env IOVASHIM_QUIET=1 "$work/client" explain
clean "failures of QEMU's" on_model "$work/tight.host" "$live" env IOVASHIM_QUIET=1 "$work/qemu-system-x86_64" explain
clean "overlap" on_model "$hosts/amd.host" "$live" env IOVASHIM_QUIET=1 "$work/client" overlap

# A line that outgrows its buffer: every other page is a hole.
for ((i = 0; i < 32; i++)); do
    printf 'hole 4K@0x%x name=many\n' $((0x100000000 + 8192 * i))
done >"$work/many.conf"
clean "many holes" on_model "$hosts/amd.host" "$work/many.jsonl" \
    env IOVASHIM_QUIET=1 IOVASHIM_CONF="$work/many.conf" IOVASHIM_GUARD=off "$work/client" split
clean "many holes: the lists are cut, the counts are not" jq -n '[inputs | select(.event == "map")
    | (.holes | length) < .n_holes and (.gaps | length) < .n_gaps and .n_holes == 32 and .n_gaps == 32]
    | select(. != [true])' "$work/many.jsonl"
clean "many holes: no line of more than 4096 bytes" awk 'length($0) + 1 > 4096' "$work/many.jsonl"

# reserving SAYS: a guest that is to be told of a hole, and what its ROM says ("R " before each line).
reserving() {
    env LD_PRELOAD="$build/libiovamodel.so" IOVAMODEL_HOST="$hosts/amd.host" IOVASHIM_QUIET=1 \
        SAYS="${1//R /iovashim-rom: }" "$build/iovashim" run --via preload --reserve --policy "$work/reserve.conf" \
        --log "$live" -- "$work/qemu-kvm" -M q35 -cpu qemu64 -m 3G -nodefaults -device vfio-pci,host=0000:00:05.0
}
# Their readers write after the VMMs have ended.
all_read() { [ "$(grep -cE '"event":"rom(-silent)?"' "$live")" = 5 ]; }
if command -v qemu-system-x86_64 >/dev/null; then
    echo 'hole 0x110000000-0x11fffffff' >"$work/reserve.conf"
    cp "$here/../cli/reserve_vmm.bash" "$work/qemu-kvm"
    hole='R hole 0x0000000110000000-0x000000011fffffff'
    clean "a guest that is told" reserving "R version 1 bios\n$hole reserved\nR done 1 of 1\n"
    clean "guests that are not" reserving "R version 1 uefi\n$hole not-reserved why\nR done 0 of 1\nR \
version 1 bios\nR hole 0x0-0xfff empty\nR done 1 of 1\nR version 1 bios\nR error why\nR done 0 of 0\n"
    clean "a guest that says nothing" reserving ''
    for ((i = 0; i < 100; i++)); do all_read && break; sleep 0.1; done
    {
        sleep 3
        echo '{"execute":"qmp_capabilities"}{"execute":"quit"}'
    } | IOVASHIM_QUIET=1 on_model "$hosts/amd.host" "$work/qemu.jsonl" timeout 60 qemu-system-x86_64 \
        -M pc-q35-7.0 -cpu qemu64,phys-bits=42 -display none -nodefaults -qmp stdio -m 1100G \
        -object memory-backend-ram,id=pm,size=1100G,reserve=off -machine memory-backend=pm \
        -device vfio-pci,host=0000:00:05.0 >/dev/null
    clean "QEMU's lines are as the page says" check_lines "$work/qemu.jsonl"
else
    echo "ok QEMU's lines are as the page says # skipped: not installed"
fi

examples >"$work/examples.jsonl"
clean "the page's examples are as the page says" check_lines "$work/examples.jsonl"
clean "the page has an example of each event" jq -r -n --argjson schema "$(tables)" \
    '[inputs.event] as $shown | [$schema[].event] | unique | map(select(. != "*" and (. as $e | $shown | index($e) | not))) | .[]' "$work/examples.jsonl"
clean "the client's lines are as the page says" check_lines "$live"
clean "the lines with many holes are as the page says" check_lines "$work/many.jsonl"
unused_here() { # without QEMU, there are no guests to tell
    if command -v qemu-system-x86_64 >/dev/null; then unused "$1"; else unused "$1" | grep -vE '^(reserve|rom)'; fi
}
clean "all that the page names is in some line" unused_here "$live"
exit $failed
