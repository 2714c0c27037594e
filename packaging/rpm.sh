#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the RPM package of a program that is built, with Debian's rpm: DIRECTORY/aggbootstrap-VERSION-1.MACHINE.rpm
# Usage: rpm.sh AGGBOOTSTRAP DIRECTORY
#   MAINTAINER   who answers for the package: NAME <ADDRESS>
set -euo pipefail
umask 022
export LC_ALL=C
here=$(dirname "$(realpath "$0")")
program=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
SOURCE_DATE_EPOCH=$("$here/epoch.sh")
export SOURCE_DATE_EPOCH
version=$("$program" --version)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$here/stage.sh" "$program" "$work/usr" zsh-site
mkdir -p "$work/usr/share/licenses/aggbootstrap"
cp "$here/../CHANGELOG.md" "$here/copyright" "$work/usr/share/doc/aggbootstrap/"
cp "$here/../LICENSE" "$work/usr/share/licenses/aggbootstrap/"
find "$work/usr" -type f ! -path '*/bin/*' -exec chmod 644 {} +
find "$work/usr" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

# What strips, compresses or notes the machine would only make other bytes of what was checked.
rpmbuild -bb --quiet --define "_topdir $work/rpm" --define "VERSION $version" --define "STAGED $work/usr" \
    --define "MAINTAINER ${MAINTAINER:-aggbootstrap contributors <aggbootstrap@example.com>}" \
    --define '_build_id_links none' --define 'debug_package %{nil}' --define '__os_install_post %{nil}' \
    --define '_buildhost reproducible' --define 'use_source_date_epoch_as_buildtime 1' \
    --define 'clamp_mtime_to_source_date_epoch 1' --define '_binary_payload w9.gzdio' \
    "$here/aggbootstrap.spec" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
package=$(find "$work/rpm/RPMS" -name '*.rpm')
mv "$package" "$out/"
echo "$out/$(basename "$package")"
