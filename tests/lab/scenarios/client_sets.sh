# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the scenarios of the client's builds share. No scenario itself.

# run_set PROGRAM bare|shim|skip SET: its TAP in $W/SET.tap, what it says in $W/SET.err, its exit status in $client_status.
run_set() {
    shimmed "/lab/$1" ${runner:+--supervised} "$2" "$DISK" "$(group "$DISK")" "$NIC" "$(group "$NIC")" "$3" \
        >"$W/$3.tap" 2>"$W/$3.err"
    # shellcheck disable=SC2034 # used by the scenarios
    client_status=$?
}

# run_sets PROGRAM bare|shim|skip SET…: fails the case with all that is not ok in any of them.
run_sets() {
    c_program=$1 c_mode=$2
    shift 2
    for c_set; do
        run_set "$c_program" "$c_mode" "$c_set"
        sed -n "s/^not ok [0-9]* /$c_set: /p" "$W/$c_set.tap" >>"$W/why"
        grep -q '^1\.\.' "$W/$c_set.tap" ||
            echo "$c_set: ended early (status $client_status): $(tail -n 1 "$W/$c_set.tap")" >>"$W/why"
    done
    note "$(cat "$W"/*.tap | grep -c '^ok') checks$(sed -n 's/^ok .*# skip /; skipped: /p' "$W"/*.tap | sort -u | tr -d '\n')"
    [ ! -s "$W/why" ] || exit 1
    rm -f "$W/why"
}

huge_pages() { echo "$1" >/proc/sys/vm/nr_hugepages; }
