#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Stands for QEMU: in a rehearsal it is QEMU; else it says $SAYS at the ROM's port, and ends.
[ -z "${IOVAMODEL_REHEARSAL-}" ] || exec qemu-system-x86_64 "$@"
[[ "$*" =~ socket,id=iovashim-report,fd=([0-9]+) ]] || exit 9
printf "$SAYS" >&"${BASH_REMATCH[1]}"
