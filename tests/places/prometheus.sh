#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The alarms of contrib/prometheus, by promtool; and metrics through a real node_exporter.
#
# usage: prometheus.sh BUILD
set -eu
build=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/cli/lib.bash
. "$top/tests/cli/lib.bash"

cp "$top/contrib/prometheus/iovashim.rules.yml" "$top/tests/places/iovashim.rules.test.yml" "$work"
expect 0 promtool check rules "$work/iovashim.rules.yml"
expect 0 promtool test rules "$work/iovashim.rules.test.yml"
# Without what is for counters that are new, one of them goes unnoticed.
sed -i 's/unless iovashim_guard_hits_total offset 15m/and iovashim_guard_hits_total < 0/' "$work/iovashim.rules.yml"
expect 1 promtool test rules "$work/iovashim.rules.test.yml"
# Every metric that an alarm is on is one that is written.
mkdir "$work/textfiles"
export IOVAMODEL_HOST=$top/src/model/hosts/amd.host
expect 0 env LD_PRELOAD="$build/libiovamodel.so" "$build/iovashim" holes --prometheus "$work/textfiles/iovashim.prom"
expect 0 "$build/iovashim" report --prometheus "$work/textfiles/iovashim-log.prom" "$top/tests/cli/logs/model-client.jsonl"
grep -oE '\biovashim_[a-z_]+' "$top/contrib/prometheus/iovashim.rules.yml" | sort -u | while read -r metric; do
    grep -q "^$metric[{ ]" "$work"/textfiles/*.prom || echo "$metric"
done >"$work/missing"
[ ! -s "$work/missing" ] || fail "alarms on what is not written: $(cat "$work/missing")"

prometheus-node-exporter --collector.disable-defaults --collector.textfile \
    --collector.textfile.directory="$work/textfiles" --web.listen-address=127.0.0.1:0 >"$work/exporter" 2>&1 &
exporter=$!
trap 'kill $exporter; rm -rf "$work"' EXIT
until address=$(sed -n 's/.*msg="Listening on" address=//p' "$work/exporter") && [ -n "$address" ]; do
    kill -0 $exporter 2>/dev/null || fail "node_exporter: $(cat "$work/exporter")"
    sleep 0.1
done
exec 3<>"/dev/tcp/${address%:*}/${address#*:}"
printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
cat <&3 >"$work/out"
has_line '^node_textfile_scrape_error 0'
for file in "$work"/textfiles/*.prom; do
    has_line "^node_textfile_mtime_seconds\{file=\"$file\"\}"
    grep -v '^#' "$file" | sed 's/ [^ ]*$//' | while read -r sample; do
        grep -qF -- "${sample%%\{*}" "$work/out" || echo "$sample"
    done >"$work/missing"
    [ ! -s "$work/missing" ] || fail "node_exporter leaves out $(cat "$work/missing")"
done
has_line '^iovashim_guard_hits_total\{by="vmm"\} 1'
done_ prometheus
