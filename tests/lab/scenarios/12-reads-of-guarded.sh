# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What becomes of the VMM's own reads of guarded memory: dumps and saves of guest memory.
# hosts: amd
# kernels: 6.12 6.1
# limit: 90

guest() {
    with_shim
    dimm_guest 0xfce0000000 1G
    vmm_answers 40
    vmm_must_run
}

# write(2) from guarded pages is EFAULT: an error for the operator, and the VMM lives.
case_dump() {
    guest
    qmp '{"execute":"dump-guest-memory","arguments":{"paging":false,"protocol":"file:/dev/null"}}' 60
    note "dump-guest-memory: $(echo "$REPLY" | jq -r '.error.desc // "done"')"
    vmm_must_run
    vmm_quit
}

# Of what is not guarded, a part can be saved.
case_save_beside() {
    guest
    hmp "pmemsave 0xfce0000000 4096 $W/saved" 30
    must_equal "bytes saved" 4096 "$(wc -c <"$W/saved")"
    rm "$W/saved"
    vmm_quit
    note "pmemsave of what is mapped: done"
}

case_save_guarded() {
    guest
    echo "{\"execute\":\"pmemsave\",\"arguments\":{\"val\":1086626729984,\"size\":4096,\"filename\":\"$W/saved\"}}" >&4
    vmm_ends 30
    note "pmemsave of what is guarded ends the VMM with status $REPLY: $(tail -n 1 "$W/stderr")"
    [ "$REPLY" -ge 128 ] || fail "expected death by a signal, found status $REPLY"
}
