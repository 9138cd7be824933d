#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For other programs: metrics, Node Feature Discovery's file, the journal. With a real journald of
# our own in a mount namespace; metrics are read by promtool where it is (tools/deps --places).
#
# usage: fleet.sh BUILD
set -eu
build=$(cd "$1" && pwd)
iovashim=$build/iovashim
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/cli/lib.bash
. "$top/tests/cli/lib.bash"
cd "$top/tests/cli/logs"
umask 077

# host NAME KERNEL IOMMU-NAME REGIONS: a host's saved sysfs, $work/NAME, with one group.
host() {
    local group=$work/$1/kernel/iommu_groups/7
    mkdir -p "$group/devices/0000:00:05.0"
    printf '%s\n' "$4" >"$group/reserved_regions"
    echo "$1" >"$work/$1/hostname"
    echo "$2" >"$work/$1/osrelease"
    echo "$3" >"$work/$1/cmdline"
    printf 'vendor_id\t: AuthenticAMD\n' >"$work/$1/cpuinfo"
    mkdir -p "$work/$1/class/iommu/ivhd0/devices/0000:00:05.0" "$work/$1/class/iommu/ivhd0/amd-iommu"
    echo 0x1022 >"$work/$1/class/iommu/ivhd0/devices/0000:00:05.0/vendor"
}
MSI="0x00000000fee00000 0x00000000feefffff msi"
HT="0x000000fd00000000 0x000000ffffffffff reserved"
host amd 6.12.1 quiet "$MSI
$HT"
host plain 5.3.0 quiet "$MSI"
# A kernel's name with all that has to be escaped in a label, and that Kubernetes takes in none.
host odd '6.1"2\5 x' quiet "$MSI"

# metrics FILE: holds it to the format.
metrics() {
    local line='(# (HELP|TYPE) iovashim_[a-z0-9_]+ .+|iovashim_[a-z0-9_]+(\{[a-z_]+="([^"\\]|\\.)*"(,[a-z_]+="([^"\\]|\\.)*")*\})? [0-9.e+]+)'
    ! grep -vxE "$line" "$1" || fail "no line of metrics"
    [ -z "$(grep -v '^#' "$1" | sed 's/ [^ ]*$//' | sort | uniq -d)" ] || fail "a sample is there twice"
    if command -v promtool >/dev/null; then
        promtool check metrics <"$1" >"$work/promtool" 2>&1 || fail "promtool: $(cat "$work/promtool")"
        [ ! -s "$work/promtool" ] || fail "promtool: $(cat "$work/promtool")"
    fi
    checks=$((checks + 1))
}
sample() { # FILE LINE
    grep -qxF -- "$2" "$1" || fail "no line $2 in $1: $(cat "$1")"
    checks=$((checks + 1))
}

# What is left in a directory, also after a failure.
only() { # DIRECTORY NAMES
    [ "$(ls -A "$1" | tr '\n' ' ')" = "$2" ] || fail "in $1: $(ls -A "$1")"
    checks=$((checks + 1))
}

# --- a host's metrics ---
mkdir "$work/d"
file=$work/d/iovashim.prom
expect 0 "$iovashim" holes --sysfs "$work/amd" --prometheus "$file"
[ ! -s "$work/out" ] || fail "prints: $(cat "$work/out")"
only "$work/d" "iovashim.prom "
[ "$(stat -c %a "$file")" = 644 ] || fail "mode of the file"
metrics "$file"
sample "$file" 'iovashim_hole_bytes{first="0x000000fd00000000",last="0x000000ffffffffff",type="reserved"} 12884901888'
sample "$file" 'iovashim_hole_groups{first="0x00000000fee00000",last="0x00000000feefffff",type="msi"} 1'
sample "$file" 'iovashim_host_info{kernel="6.12.1",cpu_vendor="AuthenticAMD",iommu="AMD-Vi"} 1'
sample "$file" 'iovashim_above_4g_bytes 1082331758592'
sample "$file" 'iovashim_refuses_reserved 1'
sample "$file" 'iovashim_vfio_loaded 1'
sample "$file" 'iovashim_groups_without_width 0'
sample "$file" 'iovashim_usable_address_width 64'
sample "$file" "iovashim_build_info{version=\"$("$iovashim" version | cut -d' ' -f2)\"} 1"
expect 0 "$iovashim" holes --sysfs "$work/plain" --prometheus "$file"
metrics "$file"
sample "$file" 'iovashim_above_4g_bytes 1.8446744069414584e+19'
sample "$file" 'iovashim_refuses_reserved 0'
expect 0 "$iovashim" holes --sysfs "$work/odd" --prometheus "$file"
metrics "$file"
sample "$file" 'iovashim_host_info{kernel="6.1\"2\\5 x",cpu_vendor="AuthenticAMD",iommu="AMD-Vi"} 1'
# With another form, both.
expect 0 "$iovashim" holes --sysfs "$work/amd" --prometheus "$file" --json
jq -e '.format == "iovashim-holes"' "$work/out" >/dev/null || fail "--json besides"

# --- a failure changes nothing ---
cp "$file" "$work/before"
expect 125 "$iovashim" holes --sysfs "$work/none" --prometheus "$file"
expect 125 "$iovashim" holes --sysfs "$work/amd" --group 3 --prometheus "$file"
(ulimit -f 0 && trap '' XFSZ && exec "$iovashim" holes --sysfs "$work/amd" --prometheus "$file") 2>&1 | cat >"$work/out"
[ "${PIPESTATUS[0]}" = 125 ] || fail "a file that cannot grow goes unnoticed"
has_line "^iovashim holes: cannot write $file: File too large$"
cmp "$file" "$work/before" || fail "the old file is gone"
only "$work/d" "iovashim.prom "
expect 125 "$iovashim" holes --sysfs "$work/amd" --prometheus "$work/nowhere/x.prom"
has_line "^iovashim holes: cannot write $work/nowhere/x.prom: No such file or directory$"
expect 125 "$iovashim" holes --sysfs "$work/amd" --prometheus /dev/full
has_line '^iovashim holes: cannot write /dev/full: No space left on device$'
expect 125 "$iovashim" holes --sysfs "$work/amd" --nfd "$work/d"
has_line "^iovashim holes: cannot write $work/d: Is a directory$"
expect 125 "$iovashim" holes --merge /dev/null --prometheus "$file"
has_line 'of one host: write them there'
# A link stays one: /dev/stdout is.
ln -s "$work/linked" "$work/link"
expect 0 "$iovashim" holes --sysfs "$work/amd" --prometheus "$work/link"
[ -L "$work/link" ] && metrics "$work/linked"

# --- Node Feature Discovery ---
nfd() { # FILE: the rules of its source/local/local.go, and of Kubernetes for labels
    local part='[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?'
    ! grep -vxE "feature\.node\.kubernetes\.io/$part=$part" "$1" || fail "no line of NFD's"
    [ -z "$(cut -d= -f1 "$1" | sort | uniq -d)" ] || fail "a label is there twice"
    [ "$(stat -c %s "$1")" -le 65536 ] || fail "longer than NFD reads"
    checks=$((checks + 1))
}
file=$work/d/iovashim
expect 0 "$iovashim" holes --sysfs "$work/amd" --nfd "$file"
nfd "$file"
only "$work/d" "iovashim iovashim.prom "
[ "$(stat -c %a "$file")" = 644 ] || fail "mode of the file"
for label in above-4g-gib=1008 address-bits=64 width-known=true refuses-reserved=true vfio=true iommu=AMD-Vi \
    hole.000000fd00000000-000000ffffffffff=reserved hole.00000000fee00000-00000000feefffff=msi; do
    sample "$file" "feature.node.kubernetes.io/iovashim-$label"
done
expect 0 "$iovashim" holes --sysfs "$work/plain" --nfd "$file"
nfd "$file"
sample "$file" feature.node.kubernetes.io/iovashim-above-4g-gib=17179869180
for model in amd intel39 intel48; do
    expect 0 env LD_PRELOAD="$build/libiovamodel.so" IOVAMODEL_HOST="$top/src/model/hosts/$model.host" \
        "$iovashim" holes --nfd "$file" --prometheus "$work/d/iovashim.prom"
    nfd "$file"
    metrics "$work/d/iovashim.prom"
done
# The same range, of two types; and more ranges than NFD reads.
host many 6.12.1 quiet "$MSI
${MSI% msi} direct"
for ((i = 0; i < 20; i++)); do
    mkdir -p "$work/many/kernel/iommu_groups/$((100 + i))/devices"
    for ((k = 0; k < 40; k++)); do
        printf '0x%016x 0x%016x direct\n' $(((i * 40 + k) << 24)) $((((i * 40 + k) << 24) + 4095))
    done >"$work/many/kernel/iommu_groups/$((100 + i))/reserved_regions"
done
cp "$file" "$work/before"
expect 125 "$iovashim" holes --sysfs "$work/many" --nfd "$file"
has_line 'more ranges than NFD reads: choose groups with --group'
cmp "$file" "$work/before"
expect 0 "$iovashim" holes --sysfs "$work/many" --group 7 --group 107 --nfd "$file" --prometheus "$work/d/iovashim.prom"
nfd "$file"
metrics "$work/d/iovashim.prom"

# --- what logs add up to ---
file=$work/d/log.prom
expect 0 "$iovashim" report --prometheus "$file" model-client.jsonl lab-guard.jsonl model-failures.jsonl
metrics "$file"
# As another reader counts them.
cat model-client.jsonl lab-guard.jsonl model-failures.jsonl | jq -rs '
    def count(f): map(select(f)) | length;
    (map(select(.event == "map")) | group_by([.kind, .action, .result])[]
        | "iovashim_mappings_total{kind=\"\(.[0].kind)\",action=\"\(.[0].action)\",result=\"\(.[0].result)\"} \(length)"),
    (map(select(.event == "map" and .result != "ok")) | group_by(.cause)[]
        | "iovashim_mapping_failure_causes_total{cause=\"\(.[0].cause)\"} \(length)"),
    (. as $all | ("harmless", "lost", "fatal", "unknown") as $effect
        | "iovashim_mapping_failures_total{effect=\"\($effect)\"} \($all | count(.effect == $effect))"),
    (. as $all | ("guest", "vmm") as $by
        | "iovashim_guard_hits_total{by=\"\($by)\"} \($all | count(.event == "guard-hit" and .by == $by))"),
    "iovashim_vmm_starts_total \(count(.event == "start"))",
    "iovashim_faults_total \(count(.event == "fault"))",
    "iovashim_guards_set_total \(count(.event == "guard" and .set))",
    "iovashim_guards_lifted_total \(count(.event == "guard" and (.set | not)))",
    "iovashim_unguarded_mappings_total \(count(.event == "map" and .result == "ok" and .kind != "bar"
        and .unreachable > 0 and (.guarded | not)))",
    "iovashim_log_unread_lines_total 0"' | sort >"$work/wanted"
grep -v '^#\|^iovashim_log_last' "$file" | sort | diff "$work/wanted" - >&2 || fail "counts"
[ "$(wc -l <"$work/wanted")" -gt 20 ] || fail "the logs have too little in them"
# A log of a host where nothing has happened yet: all is zero, so that an increase shows.
expect 0 "$iovashim" report --prometheus "$file" /dev/null
metrics "$file"
sample "$file" 'iovashim_guard_hits_total{by="guest"} 0'
sample "$file" 'iovashim_unguarded_mappings_total 0'
# What no log of iovashim has: counted; no label of it.
{
    cat lab-guard.jsonl
    echo 'no JSON'
    jq -c 'select(.event == "map") | .kind = "k\"}\n" | .action = "a" | .result = "EVIL" | .effect = "e" | .cause = "c"' lab-guard.jsonl
    head -c 2000000 /dev/zero | tr '\0' x
} >"$work/hostile.jsonl"
expect 1 "$iovashim" report --prometheus "$file" "$work/hostile.jsonl"
has_line "^iovashim report: $work/hostile.jsonl:$(($(wc -l <lab-guard.jsonl) + 1)): not JSON: "
has_line 'longer than any line of an event log$'
metrics "$file"
sample "$file" 'iovashim_mappings_total{kind="other",action="other",result="other"} 1'
sample "$file" 'iovashim_mapping_failures_total{effect="unknown"} 1'
sample "$file" 'iovashim_log_unread_lines_total 2'
cp "$file" "$work/before"
expect 125 "$iovashim" report --prometheus "$file" "$work/nothing.jsonl"
has_line "^iovashim report: cannot open $work/nothing.jsonl: No such file or directory$"
cmp "$file" "$work/before"
expect 125 "$iovashim" report --prometheus "$file" --svg "$work/x.svg" lab-guard.jsonl
has_line 'make no report: ask for it by itself$'
only "$work/d" "iovashim iovashim.prom log.prom "

# --- the journal ---
# In a mount namespace of its own; without root, in a user namespace too.
in_namespace() { # COMMAND…
    if [ "$(id -u)" = 0 ]; then
        unshare -m --propagation private "$@"
    else
        unshare -Urm --propagation private "$@"
    fi
}
in_namespace true || { echo "ok fleet: $checks checks (no journal: no mount namespace here)" && exit 0; }

# Binary-safe: text with newlines and quotes; a name that is none; a field of 300 kB, which does not
# fit a datagram.
head -c 300000 /dev/zero | tr '\0' y >"$work/long"
jq -c --rawfile long "$work/long" 'select(.event == "fault" or .event == "map")
    | .what = "two\nlines = \"\u0001\u001b" | .["a-b"] = true | .["=x"] = 1 | .["\u00e4"] = 2 | .long = $long' \
    model-client.jsonl | head -n 1 >"$work/binary.jsonl"
cat >"$work/journal.sh" <<'E2'
set -eu
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal "$work/none"
mount --bind "$work/none" /var/log
status=0
"$iovashim" report --journal lab-guard.jsonl 2>"$work/no-journal" || status=$?
[ "$status" = 125 ] || { echo "without a journal it ends with $status"; exit 1; }
/lib/systemd/systemd-journald >"$work/journald" 2>&1 &
journald=$!
trap 'kill $journald; wait $journald || :' EXIT
tries=0
until [ -S /run/systemd/journal/socket ] && journalctl --sync 2>/dev/null; do
    kill -0 $journald && [ $((tries += 1)) -lt 1200 ] || { cat "$work/journald"; exit 1; }
    sleep 0.05
done
"$iovashim" report --journal lab-guard.jsonl model-failures.jsonl
# As it comes: what was written is there before the pipe ends.
mkfifo "$work/pipe"
"$iovashim" report --journal - <"$work/pipe" &
reader=$!
exec 3>"$work/pipe"
cat "$work/binary.jsonl" >&3
tries=0
until journalctl --sync && journalctl -D /run/log/journal -q IOVASHIM_A_B=true | grep -q .; do
    kill -0 $reader && [ $((tries += 1)) -lt 300 ] || { echo "nothing came as long as the pipe was open"; exit 1; }
    sleep 0.2
done
exec 3>&-
wait $reader
journalctl --sync
journalctl -D /run/log/journal -q -t iovashim -o json --all >"$work/journal.json"
E2
export work iovashim
in_namespace bash "$work/journal.sh" >"$work/out" 2>&1 || fail "journal: $(cat "$work/out")"
grep -q '^iovashim report: no journal to write to: /run/systemd/journal/socket: No such file or directory; is systemd-journald running?$' \
    "$work/no-journal" || fail "$(cat "$work/no-journal")"
journal() { # FILTER: true of all entries together
    jq -es "$1" "$work/journal.json" >/dev/null || fail "not so in the journal: $1: $(head -c 3000 "$work/journal.json")"
    checks=$((checks + 1))
}
logged=$(cat lab-guard.jsonl model-failures.jsonl "$work/binary.jsonl" | wc -l)
journal "length == $logged and all(.[]; .SYSLOG_IDENTIFIER == \"iovashim\" and .MESSAGE and .PRIORITY and ._TRANSPORT == \"journal\")"
# Fields as in the log, whatever it has.
cat lab-guard.jsonl model-failures.jsonl | jq -c 'to_entries | map({key: ("IOVASHIM_" + (.key | ascii_upcase)),
    value: (.value | if type == "string" then . else tojson end)}) | from_entries' >"$work/wanted.json"
jq -c --slurpfile wanted "$work/wanted.json" -s '[.[] | select(has("IOVASHIM_A_B") | not)] as $got | range($wanted | length) as $i
    | $wanted[$i] | to_entries[] | select(.key != "IOVASHIM_TIME" and $got[$i][.key] != .value) | [$i, ., $got[$i][.key]]' \
    "$work/journal.json" >"$work/differ"
[ ! -s "$work/differ" ] || fail "fields differ: $(head -c 2000 "$work/differ")"
journal 'map(select(.IOVASHIM_EVENT == "guard-hit")) | length == 1 and .[0].PRIORITY == "3"
    and (.[0].MESSAGE | startswith("the guest used guarded memory")) and .[0].IOVASHIM_PID == "1014"'
journal 'map(select(.IOVASHIM_EFFECT == "fatal")) | length == 1 and .[0].PRIORITY == "3" and (.[0].IOVASHIM_ADVICE | fromjson | length) == 2'
journal 'map(select(.IOVASHIM_EFFECT == "harmless")) | length == 1 and .[0].PRIORITY == "5"'
journal 'map(select(.IOVASHIM_A_B == "true")) | length == 1 and (.[0].IOVASHIM_LONG | length) == 300000
    and (.[0] | [keys[] | select(test("=|ä|X$"))] == [])
    and (.[0].IOVASHIM_WHAT | if type == "array" then implode else . end | startswith("two\nlines = \""))'
done_ fleet
