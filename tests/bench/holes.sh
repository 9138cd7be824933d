#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A policy with COUNT holes of a page, 64 KiB apart: those that rows_vfio.c maps across.
# usage: holes.sh COUNT
exec awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) {
    first = 536870912 + i * 65536 # 0x20000000
    printf "hole 0x%x-0x%x name=h%d\n", first, first + 4095, i
} }'
