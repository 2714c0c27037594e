#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes all that is released of a program that is built: Debian package, RPM package, tarball, SBOM, sums, signature.
# Usage: all.sh AGGBOOTSTRAP DIRECTORY [KEY]      packages that the directory has already are removed
set -euo pipefail
umask 022
here=$(dirname "$(realpath "$0")")
program=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
rm -f "$out"/*.deb "$out"/*.rpm "$out"/*.tar.gz "$out"/*.spdx.json
"$here/deb.sh" "$program" "$out"
"$here/tarball.sh" "$program" "$out"
"$here/rpm.sh" "$program" "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
archive=$(ls "$out"/aggbootstrap-*.tar.gz)
tar -xzf "$archive" -C "$work" --strip-components=1
"$here/sbom.py" "$program" "$work/bin/aggbootstrap" "$here/../Package.resolved" "$("$here/epoch.sh")" >"$work/sbom"
mv "$work/sbom" "${archive%.tar.gz}.spdx.json"
chmod 644 "${archive%.tar.gz}.spdx.json"
echo "${archive%.tar.gz}.spdx.json"
"$here/sums.sh" "$out" "${3:-}"
