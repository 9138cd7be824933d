#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What can be shown without a cluster of contrib/kubernetes: it is YAML, its annotation is JSON, the
# labels that it goes by are ones that `iovashim holes --nfd` writes. The hook itself is run by
# libvirt.sh.
#
# usage: kubernetes.sh BUILD
set -eu
build=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/cli/lib.bash
. "$top/tests/cli/lib.bash"

export IOVAMODEL_HOST=$top/src/model/hosts/amd.host
expect 0 env LD_PRELOAD="$build/libiovamodel.so" "$build/iovashim" holes --nfd "$work/labels"
python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' \
    <"$top/contrib/kubernetes/virtual-machine.yaml" >"$work/machine.json"
machine() {
    jq -e "$1" "$work/machine.json" >/dev/null || fail "virtual-machine.yaml: not so: $1"
    checks=$((checks + 1))
}
machine '.spec.template.metadata.annotations["hooks.kubevirt.io/hookSidecars"] | fromjson
    | .[0].configMap.hookPath == "/usr/bin/onDefineDomain"'
shared=$(jq -r '.spec.template.metadata.annotations["hooks.kubevirt.io/hookSidecars"] | fromjson | .[0].pvc.sharedComputePath' "$work/machine.json")
grep -q "^SHARED = \"$shared\"" "$top/contrib/kubernetes/onDefineDomain" || fail "the hook looks elsewhere than in $shared"
machine '[.spec.template.spec.affinity | .. | .matchExpressions? // empty] | flatten | length == 3'
jq -r '.spec.template.spec.affinity | .. | .matchExpressions? // empty | .[].key' "$work/machine.json" | while read -r key; do
    grep -q "^$key=" "$work/labels" || echo "$key"
done >"$work/missing"
[ ! -s "$work/missing" ] || fail "labels that are not written: $(cat "$work/missing")"
# Gt compares integers.
grep -qE '^feature.node.kubernetes.io/iovashim-above-4g-gib=[0-9]+$' "$work/labels" || fail "no number: $(cat "$work/labels")"
done_ kubernetes
