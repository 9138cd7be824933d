# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What becomes of the VMM's own reads of guarded memory: dumps and saves of guest memory.
# hosts: amd
# kernels: 6.12 6.1
# limit: 90
# via: preload seccomp

guest() {
    with_shim
    dimm_guest 0xfcf8000000 256M
    vmm_answers 40
    vmm_must_run
}

# write(2) from guarded pages is EFAULT: an error for the operator, and the VMM lives.
case_dump() {
    guest
    qmp '{"execute":"dump-guest-memory","arguments":{"paging":false,"protocol":"file:/dev/shm/dump"}}' 60
    rm -f /dev/shm/dump
    case $REPLY in *'"error"'*) ;; *) fail "a dump of guarded memory went through: $REPLY" ;; esac
    note "dump-guest-memory: $(echo "$REPLY" | jq -r .error.desc)"
    vmm_must_run
    vmm_quit
}

pmemsave() { # ADDRESS
    echo "{\"execute\":\"pmemsave\",\"arguments\":{\"val\":$(($1)),\"size\":4096,\"filename\":\"$W/saved\"}}"
}

# What is not guarded can be saved.
case_save_beside() {
    guest
    qmp "$(pmemsave 0xfcf8000000)" 30
    must_equal "bytes saved" 4096 "$(wc -c <"$W/saved")"
    rm "$W/saved"
    vmm_quit
    note "pmemsave of what is mapped: done"
}

# The other way to read: QEMU itself touches the guarded page.
case_save_guarded() {
    guest
    pmemsave 0xfd00000000 >&4
    vmm_ends 30
    note "pmemsave of what is guarded ends the VMM with status $REPLY: $(tail -n 1 "$W/stderr")"
    [ "$REPLY" -ge 128 ] || fail "expected death by a signal, found status $REPLY"
}
