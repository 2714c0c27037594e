#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes an archive of a program that is built, for any Linux with glibc 2.36 or newer, OpenSSL 3 and libsystemd:
# DIRECTORY/aggbootstrap-VERSION-linux-MACHINE.tar.gz
# Usage: tarball.sh AGGBOOTSTRAP DIRECTORY      fails if the program needs a newer glibc, or a library that is not listed here
set -euo pipefail
umask 022
export LC_ALL=C
NEWEST_GLIBC=2.36
LIBRARIES='ld-linux-aarch64.so.1 ld-linux-x86-64.so.2 libc.so.6 libcrypto.so.3 libgcc_s.so.1 libm.so.6 libssl.so.3 libstdc++.so.6 libsystemd.so.0'
here=$(dirname "$(realpath "$0")")
program=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
SOURCE_DATE_EPOCH=$("$here/epoch.sh")
export SOURCE_DATE_EPOCH
name=aggbootstrap-$("$program" --version)-linux-$(uname -m)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

needed=$("$here/glibc.sh" "$program")
[ "$(printf '%s\n' "$needed" $NEWEST_GLIBC | sort -V | tail -1)" = $NEWEST_GLIBC ] ||
    { echo "error: the program needs glibc $needed; build it on a system with glibc $NEWEST_GLIBC, such as Debian 12" >&2; exit 1; }
for library in $(readelf -d -W "$program" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p'); do
    [[ " $LIBRARIES " = *" $library "* ]] || { echo "error: the program needs $library, which not every Linux has" >&2; exit 1; }
done

"$here/stage.sh" "$program" "$work/$name" zsh-site
cp "$here/../CHANGELOG.md" "$here/../LICENSE" "$work/$name/share/doc/aggbootstrap/"
cp "$here/copyright" "$work/$name/share/doc/aggbootstrap/copyright"
find "$work/$name" -type f ! -path '*/bin/*' -exec chmod 644 {} +
tar --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$work" -cf - "$name" |
    gzip -9n >"$work/archive"
mv "$work/archive" "$out/$name.tar.gz"
echo "$out/$name.tar.gz (glibc $needed or newer)"
