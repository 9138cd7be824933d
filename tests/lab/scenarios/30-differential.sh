# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Random requests over holes with the shim, and over none without it: the real kernel answers the same.
# hosts: amd
# kernels: 6.12 6.1
# limit: 180
# via: preload seccomp

# differential ARGS…: what it says is in $W/differential; its exit status.
differential() {
    shimmed /lab/differential "$@" "$(group "$DISK")" "$(group "$NIC")" \
        >"$W/differential" 2>"$W/stderr"
}

case_random() {
    with_shim QUIET=1
    unset IOVASHIM_LOG # it would be longer than the test
    policy 'inside skip'
    ops=20000
    [ "$way" = preload ] || ops=4000 # a borrowed thread takes a hundred times as long, emulated
    differential --ops "$ops" --seed 1 ||
        fail "$(sed -n '/^not ok/,$ { s/^not ok: //; p }' "$W/differential")$(tail -n 3 "$W/stderr")"
    note "$(sed -n 's/^ok: //p' "$W/differential")"
}

# That it can tell a difference: without the shim there is one.
case_without() {
    without_shim
    ! differential --ops 200 || fail "no difference was found where there is one"
    must_have "$W/differential" "^not ok: seed 1: result -22, should be 0, after"
    note "$(grep '^not ok' "$W/differential")"
}
