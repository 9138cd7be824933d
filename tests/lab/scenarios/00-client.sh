# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A small VFIO client checks results, errno, structs, rollback and the guard against the real kernel.
# hosts: amd
# kernels: 6.12 6.1
# limit: 90

client() { # bare|shim|skip
    echo 8 >/proc/sys/vm/nr_hugepages
    shimmed /lab/client "$1" $DISK "$(group $DISK)" $NIC "$(group $NIC)" \
        >"$W/client.tap" 2>"$W/stderr"
    client_status=$?
    echo 0 >/proc/sys/vm/nr_hugepages
    grep -q '^1\.\.' "$W/client.tap" || fail "the client ended early (status $client_status): $(tail -n 1 "$W/client.tap")"
    if [ $client_status -ne 0 ]; then
        grep '^not ok' "$W/client.tap" >"$W/why"
        exit 1
    fi
    note "$(grep -c '^ok' "$W/client.tap") checks"
}

case_without() {
    without_shim
    client bare
}

case_with() {
    with_shim
    client shim
    must_log '.event == "map" and .kind == "bar" and (.iova | startswith("0x00000000fedff000-"))'
    must_log '.event == "map" and .action == "refuse" and (.reason | length) > 0'
}

case_inside_skip() {
    with_shim
    policy 'inside skip'
    client skip
}

# Disabled, it changes nothing and says nothing.
case_disabled() {
    with_shim DISABLE=1
    client bare
    [ ! -s "$W/events.jsonl" ] || fail "a disabled shim wrote to its log"
    must_not_have "$W/stderr" iovashim
}
