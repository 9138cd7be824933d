#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Fetch packages of Debian's and unpack each into DIRECTORY/PACKAGE. Nothing is installed.
#
# usage: fetch.sh DIRECTORY PACKAGE…; what is there already is kept.
set -eu
directory=$1
shift
mkdir -p "$directory"
cd "$directory"
for package; do
    [ ! -e "$package" ] || continue
    echo "fetching $package"
    rm -rf "$package.new"
    mkdir "$package.new"
    (cd "$package.new" && apt-get -qq download "$package" 2>log) || {
        cat "$package.new/log" >&2
        echo "fetch.sh: could not download $package (try: apt-get update)" >&2
        exit 1
    }
    dpkg-deb -x "$package.new"/*.deb "$package.new"
    rm "$package.new"/*.deb "$package.new/log"
    mv "$package.new" "$package"
done
