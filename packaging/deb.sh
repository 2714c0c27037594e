#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the Debian package of a program that is built: DIRECTORY/aggbootstrap_VERSION-1_ARCHITECTURE.deb
# Usage: deb.sh AGGBOOTSTRAP DIRECTORY
#   MAINTAINER   who answers for the package: NAME <ADDRESS>
set -euo pipefail
umask 022
export LC_ALL=C
here=$(dirname "$(realpath "$0")")
program=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
maintainer=${MAINTAINER:-aggbootstrap contributors <aggbootstrap@example.com>}
SOURCE_DATE_EPOCH=$("$here/epoch.sh")
export SOURCE_DATE_EPOCH
version=$("$program" --version)-1
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
doc=$tree/usr/share/doc/aggbootstrap

# What the program's libraries are called and how old they may be, as their packages say; but of libc6 they do not know
# which one reads packed relocations. Debian 13 and Ubuntu 24.04 renamed libssl3 without changing it.
dependencies() {
    mkdir -p "$work/source/debian"
    printf 'Source: aggbootstrap\n\nPackage: aggbootstrap\nArchitecture: any\n' >"$work/source/debian/control"
    local found
    found=$(cd "$work/source" && dpkg-shlibdeps -O -e"$tree/usr/bin/aggbootstrap" | sed -n 's/^shlibs:Depends=//p')
    sed -E "s/libssl3(t64)?( \([^)]*\))?/libssl3t64\2 | libssl3\2/; s/libc6 \([^)]*\)/libc6 (>= $("$here/glibc.sh" "$program"))/" <<<"$found"
}

changelog() {
    printf 'aggbootstrap (%s) unstable; urgency=medium\n\n  * See changelog.gz for what is new in this version.\n\n -- %s  %s\n' \
        "$version" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.Debian.gz"
    gzip -9n <"$here/../CHANGELOG.md" >"$doc/changelog.gz"
}

# As dpkg-gencontrol counts: a file by its size, all else as 1 KiB.
size() { find "$tree" -mindepth 1 ! -path "$tree/DEBIAN*" -printf '%y %s\n' | awk '{ n += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print n }'; }

control() {
    cat <<CONTROL
Package: aggbootstrap
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(size)
Depends: $(dependencies)
Recommends: openssh-client
Suggests: bash-completion
Section: admin
Priority: optional
Description: Kubernetes' aggregation layer on control planes
 Turns on the aggregation layer of Kubernetes API servers that were set up by
 hand, by Ansible or from packages, and keeps its certificates alive: from a
 JSON spec it issues the requestheader CA and the proxy client certificates,
 writes the flags into systemd units, restarts one control plane at a time and
 proves the result. It rotates the certificates and the CA while requests
 continue.
 .
 It runs on the operator's machine or on a control plane, and reaches others
 over ssh. Nothing is installed there.
CONTROL
}

"$here/stage.sh" "$program" "$tree/usr" zsh-vendor
cp "$here/copyright" "$doc/copyright"
mkdir -p "$tree/usr/share/lintian/overrides"
cp "$here/lintian-overrides" "$tree/usr/share/lintian/overrides/aggbootstrap"
changelog
mkdir "$tree/DEBIAN"
control >"$tree/DEBIAN/control"
(cd "$tree" && find usr -type f -printf '%P\n' | sort | sed 's|^|usr/|' | xargs -d '\n' md5sum) >"$tree/DEBIAN/md5sums"
find "$tree" -type f ! -path "$tree/usr/bin/*" -exec chmod 644 {} +
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
package=$out/aggbootstrap_${version}_$architecture.deb
rm -f "$package"
# One thread: more of them cut the data elsewhere.
dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$tree" "$package" >/dev/null
echo "$package"
