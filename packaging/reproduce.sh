#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the packages of the last commit in two directories of different length and compares them, byte for byte.
# Usage: reproduce.sh DIRECTORY      which must not exist yet, and is removed if all is the same
#   BEFORE   a command that each build is run with, such as `nice`
set -euo pipefail
export LC_ALL=C
project=$(dirname "$(dirname "$(realpath "$0")")")
mkdir "$1"
work=$(realpath "$1")
read -ra before <<<"${BEFORE:-}"

for place in "$work/one" "$work/another/place/with-a-longer-name"; do
    git clone -q --no-hardlinks "$project" "$place"
    "${before[@]}" make -C "$place" packages >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 1; }
    rm -rf "$place/.build"
done
cd "$work/one/dist"
if ! sha256sum --check SHA256SUMS --strict >/dev/null || ! (cd "$work/another/place/with-a-longer-name/dist" && sha256sum --check --strict) <SHA256SUMS; then
    echo "error: two builds of one commit differ; both are in $work" >&2
    exit 1
fi
cat SHA256SUMS
echo "the same in both"
rm -rf "$work"
