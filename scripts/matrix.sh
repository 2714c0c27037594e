#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Has the verifiers of others judge what the program issues, and writes docs/reference/verifiers.md.
# Usage: matrix.sh AGGBOOTSTRAP     what it downloads and builds lies below ~/.cache/aggbootstrap-matrix and .build-verifiers
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/aggbootstrap-matrix
tests=Tests/Verifiers
built=$PWD/.build-verifiers

mkdir -p "$cache"
if ! cmp -s "$tests/requirements.txt" "$cache/requirements.txt"; then
    rm -rf "$cache/venv" "$cache/requirements.txt"
    /usr/bin/python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install -q --disable-pip-version-check -r "$tests/requirements.txt"
    cp "$tests/requirements.txt" "$cache/requirements.txt"
fi
(cd "$tests/GoX509" && CGO_ENABLED=0 GOCACHE=$cache/go GO111MODULE=off "$cache/venv/bin/go" build -o "$cache/verify-go" main.go)
swift build --package-path "$tests/SwiftCertificates" --scratch-path "$built" >"$cache/swift.log" 2>&1 ||
    { tail -30 "$cache/swift.log"; exit 1; }
version=$(sed -nE 's/.*exact: "([^"]+)".*/\1/p' "$tests/SwiftCertificates/Package.swift")
PYTHONDONTWRITEBYTECODE=1 "$cache/venv/bin/python" "$tests/matrix.py" "$program" "$cache/verify-go" \
    "$built/debug/verify-swift" "$version" docs/reference/verifiers.md
